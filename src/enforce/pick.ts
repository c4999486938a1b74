/** Chooses the backend this host can work with, and says why. */
import { type EnforcementBackend, EnforcementError, type Log } from './backend.ts';
import { type CommandRunner, createCommandRunner } from './command.ts';
import { createDryRunBackend } from './dry-run.ts';
import { createExecBackend, type ExecOptions } from './exec.ts';
import { createFilter, type Filter } from './filter.ts';
import { createIpsetBackend } from './ipset.ts';
import { destroySets } from './ipset-commands.ts';
import { createIptablesBackend } from './iptables.ts';
import { createNftablesBackend, removeTable, tryTable } from './nftables.ts';
import { createNginxBackend, emptyNginxFile, type NginxOptions } from './nginx.ts';
import { NginxLanes } from './nginx-lanes.ts';

export interface FirewallOptions {
  /** `firewall.chain`. */
  readonly chain: string;
  /** `firewall.command_timeout`, milliseconds. */
  readonly commandTimeoutMs: number;
  readonly log: Log;
  /** `firewall.nginx`. */
  readonly nginx?: Omit<NginxOptions, 'run' | 'elapsedMs'> & { readonly lanes?: string | undefined };
  /** `firewall.exec`. */
  readonly exec?: { readonly apply?: ExecOptions['apply'] | undefined; readonly list?: ExecOptions['list'] };
  /** Put before every command, such as `ip netns exec NAME`. */
  readonly commandPrefix?: readonly string[];
  readonly variant?: '' | '-nft' | '-legacy';
  /** Search path of the tools; the process's own where not given. */
  readonly path?: string;
  /** Kills the command that runs, and refuses the next. */
  readonly signal?: AbortSignal;
}

type Name = EnforcementBackend['name'];
type KernelBackend = 'ipset' | 'nftables' | 'iptables';

export interface PickOptions extends FirewallOptions {
  /** `firewall.backend`. */
  readonly backend: 'auto' | Name;
  /** `firewall.protect_ports`. */
  readonly protectPorts: readonly number[];
  /** `bans.max_active`. */
  readonly maxActive: number;
  readonly now: () => number;
}

export interface Picked {
  readonly backend: EnforcementBackend;
  /** Why this one, in words for the log and for `zban doctor`. */
  readonly reason: string;
  /** Takes out what another backend put there under an earlier configuration; bans in it would never be lifted. */
  readonly leaveOthers: () => Promise<void>;
}

/**
 * What `auto` tries, the first that works is taken: ipset, which every Docker, ufw and firewalld host of today gets along
 * with; nftables, as fast, for hosts without iptables; one iptables rule a ban last, because every packet walks them.
 */
const CANDIDATES: readonly KernelBackend[] = ['ipset', 'nftables', 'iptables'];

/** What backends leave in the kernel, in the order in which it can be taken out, and who uses it. */
const LEAVINGS: readonly {
  readonly of: readonly Name[];
  readonly remove: (run: CommandRunner, filter: Filter) => Promise<void>;
}[] = [
  { of: ['ipset', 'iptables'], remove: (_run, filter) => filter.remove() },
  { of: ['ipset'], remove: (run, { chain }) => destroySets(run, chain) },
  { of: ['nftables'], remove: (run, { chain }) => removeTable(run, chain) },
];

/**
 * `auto` takes the first of its candidates that works. Rejects with EnforcementError: `missing_tool` with the command that
 * installs it, `no_permission` with the rights that lack, else what the tool said. Changes nothing.
 */
export async function pickBackend(options: PickOptions): Promise<Picked> {
  const { backend: wanted, now } = options;
  if (wanted === 'dry-run') {
    const reason = 'firewall.backend is dry-run: nothing is dropped';
    return { backend: createDryRunBackend(now), reason, leaveOthers: async () => {} };
  }
  const { run, filter } = openFirewall(options);
  const take = (name: Exclude<Name, 'dry-run'>, reason: string): Picked => ({
    backend: create(name, options, run, filter),
    reason,
    leaveOthers: () => removeLeavings(options, run, filter, name),
  });
  if (wanted === 'nginx' || wanted === 'exec') return take(wanted, `firewall.backend is ${wanted}`);
  if (wanted !== 'auto') {
    await tryBackend(wanted, run, filter);
    return take(wanted, `firewall.backend is ${wanted}`);
  }
  const refused: { readonly name: Name; readonly error: EnforcementError }[] = [];
  for (const name of CANDIDATES) {
    try {
      await tryBackend(name, run, filter);
      const others = refused.map((other) => `${other.name} cannot be used (${other.error.message}), `).join('');
      return take(name, `${others}${name} is here and permitted`);
    } catch (error) {
      if (!(error instanceof EnforcementError)) throw error;
      refused.push({ name, error });
    }
  }
  // A missing right is what to fix first: the tools are there.
  throw refused.find(({ error }) => error.code === 'no_permission')?.error ?? refused[0]?.error;
}

/** Takes out everything of zban's, whichever backend made it; what is not there, or has no tool, is no error. */
export async function flushFirewall(options: FirewallOptions): Promise<void> {
  const { run, filter } = openFirewall(options);
  await removeLeavings(options, run, filter, undefined);
}

/** Rejects unless the backend can work here: listing asks for the tool, the right and the kernel's support at once. */
async function tryBackend(name: KernelBackend, run: CommandRunner, filter: Filter): Promise<void> {
  if (name === 'nftables') return tryTable(run, filter.chain);
  await filter.read(4);
  if (name === 'ipset') await run({ argv: ['ipset', 'list', '-name'], onLine: () => {} });
}

function create(
  name: Exclude<Name, 'dry-run'>,
  options: PickOptions,
  run: CommandRunner,
  filter: Filter,
): EnforcementBackend {
  const { nginx, exec } = options;
  if (name === 'nginx') {
    if (!nginx) throw new EnforcementError('missing_tool', 'firewall.nginx names no file');
    return createNginxBackend({ ...nginx, run });
  }
  if (name === 'exec') {
    const { apply, list } = exec ?? {};
    if (!apply) throw new EnforcementError('missing_tool', 'firewall.exec.apply names no program');
    return createExecBackend({ apply, list, run, now: options.now });
  }
  if (name === 'nftables') return createNftablesBackend({ ...options, run });
  if (name === 'iptables') return createIptablesBackend({ ...options, filter });
  return createIpsetBackend({ ...options, run, filter });
}

async function removeLeavings(
  options: FirewallOptions,
  run: CommandRunner,
  filter: Filter,
  except: Name | undefined,
): Promise<void> {
  if (except !== 'nginx' && options.nginx) await emptyNginxFile({ ...options.nginx, run });
  const { nginx } = options;
  if (except === undefined && nginx?.lanes !== undefined)
    await new NginxLanes({ file: nginx.lanes, test: nginx.test, reload: nginx.reload, run }).apply([], []);
  for (const { of, remove } of LEAVINGS) {
    if (except !== undefined && of.includes(except)) continue;
    await remove(run, filter).catch((error: unknown) => {
      if (!(error instanceof EnforcementError && error.code === 'missing_tool')) throw error;
    });
  }
}

function openFirewall(options: FirewallOptions): { run: CommandRunner; filter: Filter } {
  const { commandTimeoutMs: timeoutMs, commandPrefix: prefix = [], path, signal } = options;
  const run = createCommandRunner({
    timeoutMs,
    prefix,
    ...(path !== undefined && { path }),
    ...(signal && { signal }),
  });
  const lockWaitSeconds = Math.floor(timeoutMs / 2000);
  return { run, filter: createFilter({ ...options, run, lockWaitSeconds }) };
}
