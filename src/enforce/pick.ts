/** Chooses the backend this host can work with, and says why. */
import { type EnforcementBackend, EnforcementError, type Log } from './backend.ts';
import { type CommandRunner, createCommandRunner } from './command.ts';
import { createDryRunBackend } from './dry-run.ts';
import { createFilter, type Filter } from './filter.ts';
import { createIpsetBackend } from './ipset.ts';
import { destroySets } from './ipset-commands.ts';
import { createIptablesBackend } from './iptables.ts';

export interface FirewallOptions {
  /** `firewall.chain`. */
  readonly chain: string;
  /** `firewall.command_timeout`, milliseconds. */
  readonly commandTimeoutMs: number;
  readonly log: Log;
  /** Put before every command, such as `ip netns exec NAME`. */
  readonly commandPrefix?: readonly string[];
  readonly variant?: '' | '-nft' | '-legacy';
  /** Search path of the tools; the process's own where not given. */
  readonly path?: string;
}

export interface PickOptions extends FirewallOptions {
  /** `firewall.backend`. */
  readonly backend: 'auto' | EnforcementBackend['name'];
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
}

/**
 * `auto` takes ipset where it works, else iptables. Rejects with EnforcementError: `missing_tool` with the command that
 * installs it, `no_permission` with the rights that lack, else what the tool said. Changes nothing.
 */
export async function pickBackend(options: PickOptions): Promise<Picked> {
  if (options.backend === 'dry-run') {
    return { backend: createDryRunBackend(options.now), reason: 'firewall.backend is dry-run: nothing is dropped' };
  }
  const { run, filter } = openFirewall(options);
  // Also the test of permission: the kernel shows its tables only to those who may change them.
  await filter.read(4);
  const useIpset = (reason: string): Picked => ({ backend: createIpsetBackend({ ...options, run, filter }), reason });
  const useIptables = (reason: string): Picked => ({
    backend: createIptablesBackend({ ...options, filter, destroySets: () => destroySetsIfAny(run, options.chain) }),
    reason,
  });
  if (options.backend === 'iptables') return useIptables('firewall.backend is iptables');
  try {
    await run({ argv: ['ipset', 'list', '-name'], onLine: () => {} });
  } catch (error) {
    if (options.backend === 'ipset' || !(error instanceof EnforcementError)) throw error;
    return useIptables(`ipset cannot be used (${error.message}), iptables can: one rule a ban`);
  }
  return useIpset(
    options.backend === 'ipset' ? 'firewall.backend is ipset' : 'iptables and ipset are here and permitted',
  );
}

/** Takes out everything of zban's, whichever backend made it; what is not there, or has no tool, is no error. */
export async function flushFirewall(options: FirewallOptions): Promise<void> {
  const { run, filter } = openFirewall(options);
  await filter.remove().catch(unlessMissing);
  await destroySetsIfAny(run, options.chain);
}

function openFirewall(options: FirewallOptions): { run: CommandRunner; filter: Filter } {
  const { commandTimeoutMs: timeoutMs, commandPrefix: prefix = [], path } = options;
  const run = createCommandRunner({ timeoutMs, prefix, ...(path !== undefined && { path }) });
  const lockWaitSeconds = Math.floor(timeoutMs / 2000);
  return { run, filter: createFilter({ ...options, run, lockWaitSeconds }) };
}

async function destroySetsIfAny(run: CommandRunner, chain: string): Promise<void> {
  await destroySets(run, chain).catch(unlessMissing);
}

function unlessMissing(error: unknown): void {
  if (!(error instanceof EnforcementError && error.code === 'missing_tool')) throw error;
}
