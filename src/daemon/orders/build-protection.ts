/** Puts together who is never banned: configuration, operators, this host, CDNs. */
import { Resolver } from 'node:dns/promises';
import type { Config } from '../../config/schema.ts';
import type { NeverBanned } from '../../decide/never-banned.ts';
import { Allowlist } from '../../host/allowlist.ts';
import { findCdnProtection } from '../../host/cdn-ranges.ts';
import { findProtectedAddresses } from '../../host/protected.ts';
import { SshSessions } from '../../host/ssh-sessions.ts';
import type { Troubles } from '../troubles.ts';
import { Protection } from './protection.ts';

/** Longest wait for a name of the allowlist. */
const RESOLVE_TIMEOUT_MS = 3000;
/** Age at which the addresses of an allowed host name are looked up again: what dynamic DNS commonly grants. */
const RESOLVE_MS = 300_000;

export interface BuildProtectionOptions {
  readonly config: Config;
  /** What operators allowed. */
  readonly allowed: () => readonly string[];
  readonly troubles: Troubles;
  /** Ends look-ups of names that are under way. */
  readonly signal: AbortSignal;
  readonly onChange: (networks: readonly NeverBanned[]) => Promise<void>;
}

export function buildProtection(options: BuildProtectionOptions): Protection {
  const { config, allowed, troubles, signal, onChange } = options;
  const resolver = new Resolver({ timeout: RESOLVE_TIMEOUT_MS, tries: 2 });
  signal.addEventListener('abort', () => resolver.cancel(), { once: true });
  const allowlist = new Allowlist({
    entries: () => [...config.bans.allowlist, ...allowed()],
    resolver,
    resolveMs: RESOLVE_MS,
    timeoutMs: RESOLVE_TIMEOUT_MS,
    now: () => performance.now(),
    onTrouble: (name, message) => {
      if (message !== undefined) troubles.begin(`allowlist ${name}`, `${name} of the allowlist: ${message}`);
      else troubles.end(`allowlist ${name}`);
    },
  });
  const sessions = new SshSessions(() => performance.now());
  return new Protection({
    scheme: config.detection,
    cdn: findCdnProtection(config.bans, (message) =>
      troubles.begin('bans.cdn_ranges', `${message}; the list that comes with zban is in force`),
    ),
    allowlist: () => allowlist.current(),
    host: () =>
      findProtectedAddresses({
        sshPorts: config.firewall.protect_ports,
        sessions,
        sshConnection: process.env['SSH_CONNECTION'],
      }),
    onTrouble: (message) => {
      if (message === undefined) troubles.end('protection');
      else
        troubles.begin(
          'protection',
          `who is protected on this host cannot be looked up (${message}): those found before stay protected`,
        );
    },
    onChange,
  });
}
