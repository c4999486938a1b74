/** Puts together who is never banned (configuration, operators, this host, CDNs), and who carries out what people order; each needs the other. */
import { Resolver } from 'node:dns/promises';
import { Allowlist } from '../../host/allowlist.ts';
import { findCdnProtection } from '../../host/cdn-ranges.ts';
import { findProtectedAddresses } from '../../host/protected.ts';
import { SshSessions } from '../../host/ssh-sessions.ts';
import type { InstanceParts } from '../instance-parts.ts';
import { Operator } from './operator.ts';
import { Protection, type ProtectionOptions } from './protection.ts';

/** Key of the trouble that the operator's list of CDNs cannot be used. */
export const CDN_KEY = 'bans.cdn_ranges';
/** Names, with the host name behind it, the trouble of one that cannot be looked up. */
export const ALLOWLIST_KIND = 'allowlist ';
/** Longest wait for a name of the allowlist. */
const RESOLVE_TIMEOUT_MS = 3000;
/** Age at which the addresses of an allowed host name are looked up again: what dynamic DNS commonly grants. */
const RESOLVE_MS = 300_000;

export function buildOperator(parts: InstanceParts): { operator: Operator; protection: Protection } {
  const { config, records, bans, lanes, now } = parts;
  const { pipeline } = parts.plane;
  const protection = buildProtection(parts, async (networks) => {
    await lanes.setAllowed(networks);
    await pipeline.send({ kind: 'never_banned', networks });
    await operator.liftProtected();
  });
  const operator: Operator = new Operator({
    ...{ config, bans, trail: records.trail, protection, pipeline, now },
    reconcile: (which) => parts.reconcile(which),
    onUnban: (request, absent) => parts.fleet?.noteUnban(request, absent),
  });
  return { operator, protection };
}

function buildProtection(
  { config, records, troubles, log, signal }: InstanceParts,
  onChange: ProtectionOptions['onChange'],
): Protection {
  const resolver = new Resolver({ timeout: RESOLVE_TIMEOUT_MS, tries: 2 });
  signal.addEventListener('abort', () => resolver.cancel(), { once: true });
  const allowlist = new Allowlist({
    entries: () => [...config.bans.allowlist, ...records.trail.allowed().map(({ entry }) => entry)],
    resolver,
    resolveMs: RESOLVE_MS,
    timeoutMs: RESOLVE_TIMEOUT_MS,
    now: () => performance.now(),
    onTrouble: (name, message) =>
      troubles.looked(ALLOWLIST_KIND + name, message && `${name} of the allowlist: ${message}`),
  });
  const sessions = new SshSessions(() => performance.now());
  return new Protection({
    scheme: config.detection,
    cdn: findCdnProtection(config.bans, {
      onTrouble: (message) => troubles.begin(CDN_KEY, `${message}; the list that comes with zban is in force`),
      onDoubt: (message) => log('warn', message),
    }),
    allowlist: () => allowlist.current(),
    host: () =>
      findProtectedAddresses({
        sshPorts: config.firewall.protect_ports,
        sessions,
        sshConnection: process.env['SSH_CONNECTION'],
      }),
    onTrouble: (message) =>
      troubles.looked(
        'protection',
        message && `who is protected on this host cannot be looked up (${message}): those found before stay protected`,
      ),
    onChange,
  });
}
