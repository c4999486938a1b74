/** Can zban ban here, do its rules stand where they must, and who else bans? */
import type { Config } from '../config/schema.ts';
import { type EnforcementBackend, EnforcementError } from '../enforce/backend.ts';
import { pickBackend } from '../enforce/pick.ts';
import type { Status } from '../model/status.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const CHECK = 'firewall';
/** Gives what a program prints, undefined when it fails or is missing. */
export type Ask = (...argv: readonly [string, ...string[]]) => Promise<string | undefined>;

export interface FirewallCheckOptions {
  readonly config: Config;
  /** Of the running daemon. */
  readonly status: Status | undefined;
  readonly ask: Ask;
  readonly commandPrefix?: readonly string[];
}

export async function checkFirewall(options: FirewallCheckOptions): Promise<Finding[]> {
  const { config, status } = options;
  const backend = await checkBackend(options);
  const standing = status?.mode === 'enforce' ? await checkRules(options, status.backend) : [];
  const open = config.firewall.protect_ports.includes(80) || config.firewall.protect_ports.includes(443);
  const ports = open
    ? [fail(CHECK, 'bans leave the web ports open', 'take 80 and 443 out of firewall.protect_ports')]
    : [];
  return [...backend, ...standing, ...ports, ...(await checkOthers(options))];
}

/** Measured with a million bans restored at a start, the peak included: what the daemon takes without bans, and for each. */
const IDLE_MIB = 120;
const BAN_MIB = 0.00048;
/** MemoryMax of systemd/zban.service. */
const UNIT_MIB = 1024;

async function checkBackend({ config, commandPrefix }: FirewallCheckOptions): Promise<Finding[]> {
  const { firewall, bans, mode } = config;
  try {
    const picked = await pickBackend({
      backend: firewall.backend,
      chain: firewall.chain,
      commandTimeoutMs: firewall.command_timeout,
      protectPorts: firewall.protect_ports,
      maxActive: bans.max_active,
      nginx: firewall.nginx,
      exec: firewall.exec,
      now: Date.now,
      log: () => {},
      ...(commandPrefix && { commandPrefix }),
    });
    const { name } = picked.backend;
    if (name === 'nginx' || name === 'exec') return await checkListing(picked.backend);
    const observing = mode === 'observe' ? '; in observe mode nothing is banned' : '';
    const memoryMiB = Math.ceil(IDLE_MIB + bans.max_active * BAN_MIB);
    const room = `room for ${bans.max_active} bans (bans.max_active), with which the daemon takes up to ${memoryMiB} MiB`;
    const message = `${name}: ${picked.reason}, ${room}${observing}`;
    if (memoryMiB <= UNIT_MIB) return [ok(CHECK, message)];
    const fix = `lower bans.max_active, or raise MemoryMax=1G of the service: systemctl edit zban`;
    return [warn(CHECK, `${message}, more than the service may have`, fix)];
  } catch (error) {
    if (!(error instanceof EnforcementError)) throw error;
    return [fail(CHECK, error.message, fixOf(error, firewall))];
  }
}

async function checkListing(backend: EnforcementBackend): Promise<Finding[]> {
  let bans = 0;
  await backend.list(() => bans++, { heldCount: 0, heldBans: () => [] });
  return [ok(CHECK, `${backend.name}: ${bans} bans are listed`)];
}

function fixOf({ code }: EnforcementError, { backend, nginx, exec }: Config['firewall']): string {
  if (backend === 'nginx') return `correct what it names until this succeeds: ${nginx.test.join(' ')}`;
  if (backend === 'exec') return `try it by hand: ${(exec.list ?? exec.apply ?? []).join(' ')}`;
  switch (code) {
    case 'missing_tool':
      return backend === 'nftables' ? 'apt-get install nftables' : 'apt-get install ipset iptables';
    case 'no_permission':
      return 'sudo zban doctor; the service has CAP_NET_ADMIN and CAP_NET_RAW from its unit';
    case 'kernel_refused':
      return 'modprobe -a ip_set ip_set_hash_net xt_set nf_tables; in a container, use firewall.backend: exec or ban on the host';
    default:
      return 'try the same command by hand';
  }
}

/** zban's rules must be the first that a packet meets, also on its way to a container. */
async function checkRules({ config, ask }: FirewallCheckOptions, backend: string): Promise<Finding[]> {
  const { chain } = config.firewall;
  if (backend === 'nftables') {
    const tables = await ask('nft', 'list', 'tables');
    const table = `table inet ${chain.toLowerCase()}`;
    if (tables === undefined) return [unseen('nft list tables')];
    return [tables.split('\n').includes(table) ? ok(CHECK, `${table} stands`) : missing(table)];
  }
  if (backend !== 'ipset' && backend !== 'iptables') return [];
  const rules = await ask('iptables', '-S');
  if (rules === undefined) return [unseen('iptables -S')];
  const hooks = ['INPUT', 'FORWARD', ...(/^-N DOCKER-USER$/m.test(rules) ? ['DOCKER-USER'] : [])];
  const wrong = hooks.filter(
    (hook) => new RegExp(`^-A ${hook} .*$`, 'm').exec(rules)?.[0] !== `-A ${hook} -j ${chain}`,
  );
  if (wrong.length === 0) return [ok(CHECK, `${chain} comes first in ${hooks.join(', ')}`)];
  return [missing(`${chain} at the top of ${wrong.join(', ')}`)];
}

function missing(what: string): Finding {
  return fail(
    CHECK,
    `${what} is missing`,
    'zban puts it back within firewall.reconcile; if it stays away, see journalctl -u zban',
  );
}

function unseen(command: string): Finding {
  return warn(CHECK, `its rules were not looked at: ${command} failed for this user`, 'sudo zban doctor');
}

/** Other tools that ban: told, because a client that they banned stays out when zban lifts its ban. */
async function checkOthers({ ask }: FirewallCheckOptions): Promise<Finding[]> {
  const rules = `${(await ask('iptables', '-S')) ?? ''}\n${(await ask('nft', 'list', 'tables')) ?? ''}`;
  const others = [
    { name: 'fail2ban', pattern: /^-N f2b-|table inet f2b-table/m, lift: 'fail2ban-client unban ADDRESS' },
    { name: 'CrowdSec', pattern: /crowdsec/i, lift: 'cscli decisions delete --ip ADDRESS' },
  ].filter(({ pattern }) => pattern.test(rules));
  return others.map(({ name, lift }) =>
    warn(CHECK, `${name} bans here as well: who is banned by both stays out when zban lifts its ban`, lift),
  );
}
