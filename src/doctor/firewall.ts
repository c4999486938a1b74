/** Can zban ban here, do its rules stand where they must, and who else bans? */
import type { Config } from '../config/schema.ts';
import { CHAIN_FIX, describeOwner, findRival } from '../control/chain-owner.ts';
import { type EnforcementBackend, EnforcementError } from '../enforce/backend.ts';
import type { Ask } from '../enforce/backend-kind.ts';
import { BACKENDS } from '../enforce/backends.ts';
import { pickBackend } from '../enforce/pick.ts';
import { countOf, formatCount } from '../english/number.ts';
import type { Status } from '../model/status.ts';
import { about, type Finding } from './finding.ts';

const { ok, warn, fail } = about('firewall');
export interface FirewallCheckOptions {
  readonly config: Config;
  /** Of the running daemon. */
  readonly status: Status | undefined;
  readonly ask: Ask;
}

export async function checkFirewall(options: FirewallCheckOptions): Promise<Finding[]> {
  const { config, status } = options;
  const backend = await checkBackend(options);
  const standing = status?.mode === 'enforce' ? await checkRules(options, status.backend) : [];
  const left = status?.mode === 'observe' ? await checkLeft(options) : [];
  const open = config.firewall.protect_ports.includes(80) || config.firewall.protect_ports.includes(443);
  const ports = open ? [fail('bans leave the web ports open', 'take 80 and 443 out of firewall.protect_ports')] : [];
  return [...backend, ...(await checkChain(config)), ...standing, ...left, ...ports, ...(await checkOthers(options))];
}

/** A second zban with this chain. */
async function checkChain(config: Config): Promise<Finding[]> {
  const owner = await findRival(config);
  return owner
    ? [fail(`${describeOwner(config.firewall.chain, owner)}: this one does not start beside it`, CHAIN_FIX)]
    : [];
}

/**
 * What the daemon takes at most without bans and clients, and for each: measured with a million bans restored at a start, and
 * with 100,000 and a million clients (docs/measurements.md).
 */
const IDLE_MIB = 120;
const BAN_MIB = 0.00048;
const CLIENT_MIB = 0.00037;
/** MemoryMax of systemd/zban.service. */
const UNIT_MIB = 1024;

async function checkBackend({ config }: FirewallCheckOptions): Promise<Finding[]> {
  const { firewall, bans, detection, mode } = config;
  try {
    const picked = await pickBackend({
      settings: firewall,
      maxActive: bans.max_active,
      now: Date.now,
      log: () => {},
    });
    const { name } = picked.backend;
    const kind = BACKENDS.get(name);
    if (kind && !kind.probe) return await checkListing(picked.backend);
    const observing = mode === 'observe' ? '; in observe mode nothing is banned' : '';
    const memoryMiB = Math.ceil(IDLE_MIB + bans.max_active * BAN_MIB + detection.clients_max * CLIENT_MIB);
    const clients = `${countOf(detection.clients_max, 'client')} (detection.clients_max)`;
    const room = `room for ${countOf(bans.max_active, 'ban')} (bans.max_active) and ${clients}, with which the daemon takes up to ${formatCount(memoryMiB)} MiB`;
    const message = `${name}: ${picked.reason}, ${room}${observing}`;
    if (memoryMiB <= UNIT_MIB) return [ok(message)];
    const fix =
      'lower bans.max_active or detection.clients_max, or raise MemoryMax=1G of the service: systemctl edit zban';
    return [warn(`${message}, more than the service may have`, fix)];
  } catch (error) {
    if (!(error instanceof EnforcementError)) throw error;
    return [fail(error.message, fixOf(error, firewall))];
  }
}

async function checkListing(backend: EnforcementBackend): Promise<Finding[]> {
  let bans = 0;
  await backend.list(() => bans++, { heldCount: 0, heldBans: () => [] });
  return [ok(`${backend.name}: ${bans} bans are listed`)];
}

function fixOf({ code }: EnforcementError, settings: Config['firewall']): string {
  const { fix, packages = 'ipset iptables' } = BACKENDS.get(settings.backend) ?? {};
  if (fix) return fix(settings);
  switch (code) {
    case 'missing_tool':
      return `apt-get install ${packages}`;
    case 'no_permission':
      return 'sudo zban doctor; the service has CAP_NET_ADMIN and CAP_NET_RAW from its unit';
    case 'kernel_refused':
      return 'modprobe -a ip_set ip_set_hash_net xt_set nf_tables; in a container, use firewall.backend: exec or ban on the host';
    default:
      return 'try the same command by hand';
  }
}

async function checkRules({ config, ask }: FirewallCheckOptions, backend: string): Promise<Finding[]> {
  const found = await BACKENDS.get(backend)?.look?.(ask, config.firewall);
  if (!found) return [];
  if ('stands' in found) return [ok(found.stands)];
  const again = 'zban puts it back within firewall.reconcile; if it stays away, see journalctl -u zban';
  if ('missing' in found) return [fail(`${found.missing} is missing`, again)];
  return [warn(`its rules were not looked at: ${found.unseen} failed for this user`, 'sudo zban doctor')];
}

/** Where database and audit log were taken away, nobody lifts what an earlier run had banned. */
async function checkLeft({ config, ask }: FirewallCheckOptions): Promise<Finding[]> {
  const looks = new Set([...BACKENDS.values()].flatMap(({ look }) => look ?? []));
  const found = await Promise.all([...looks].map((look) => look(ask, config.firewall)));
  return found.flatMap((standing) =>
    'stands' in standing
      ? warn(
          `${standing.stands} though zban only observes: an earlier run's bans, which no zban command lists, or another zban's`,
          'unless another zban wants it: stop zban, zban firewall flush, start it again',
        )
      : [],
  );
}

/** Other tools that ban: told, because a client that they banned stays out when zban lifts its ban. */
async function checkOthers({ ask }: FirewallCheckOptions): Promise<Finding[]> {
  const rules = `${(await ask('iptables', '-S')) ?? ''}\n${(await ask('nft', 'list', 'tables')) ?? ''}`;
  const others = [
    { name: 'fail2ban', pattern: /^-N f2b-|table inet f2b-table/m, lift: 'fail2ban-client unban ADDRESS' },
    { name: 'CrowdSec', pattern: /crowdsec/i, lift: 'cscli decisions delete --ip ADDRESS' },
  ].filter(({ pattern }) => pattern.test(rules));
  return others.map(({ name, lift }) =>
    warn(`${name} bans here as well: who is banned by both stays out when zban lifts its ban`, lift),
  );
}
