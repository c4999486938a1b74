/** Chooses the backend this host can work with, and says why. */
import type { Log } from '../model/log.ts';
import type { FirewallSettings } from '../settings/firewall-settings.ts';
import { asFailure, type EnforcementBackend, EnforcementError, type EnforcementErrorCode } from './backend.ts';
import type { BackendKind, HostFirewall } from './backend-kind.ts';
import { BACKENDS, type KindName } from './backends.ts';
import { createCommandRunner } from './command.ts';
import { createDryRunBackend } from './dry-run.ts';
import { createFilter } from './filter.ts';
import { NginxLanes } from './nginx-lanes.ts';

export interface FirewallOptions {
  readonly settings: FirewallSettings;
  readonly log: Log;
  /** Put before every command, such as `ip netns exec NAME`. */
  readonly commandPrefix?: readonly string[];
  readonly variant?: '' | '-nft' | '-legacy';
  /** Kills the command that runs, and refuses the next. */
  readonly signal?: AbortSignal;
}

export interface PickOptions extends FirewallOptions {
  readonly settings: FirewallSettings & { readonly backend: 'auto' | 'dry-run' | KindName };
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
 * `auto` takes the first kind that works. Rejects with EnforcementError: `missing_tool` with the command that
 * installs it, `no_permission` with the rights that lack, else what the tool said. Changes nothing.
 */
export async function pickBackend(options: PickOptions): Promise<Picked> {
  const wanted = options.settings.backend;
  if (wanted === 'dry-run') {
    const reason = 'firewall.backend is dry-run: nothing is dropped';
    return { backend: createDryRunBackend(options.now), reason, leaveOthers: async () => {} };
  }
  const firewall = { ...options, ...openFirewall(options) };
  const take = ({ open, leavings }: BackendKind, reason: string): Picked => ({
    backend: open(firewall),
    reason,
    leaveOthers: () => removeLeavings(firewall, leavings),
  });
  const named = BACKENDS.get(wanted);
  if (named) {
    await named.probe?.(firewall);
    return take(named, `firewall.backend is ${wanted}`);
  }
  const refused: { readonly name: string; readonly error: EnforcementError }[] = [];
  for (const [name, kind] of BACKENDS) {
    if (!kind.probe) continue;
    try {
      await kind.probe(firewall);
      const others = refused.map((other) => `${other.name} cannot be used (${other.error.message}), `).join('');
      return take(kind, `${others}${name} is here and permitted`);
    } catch (error) {
      if (!(error instanceof EnforcementError)) throw error;
      refused.push({ name, error });
    }
  }
  // A missing right is what to fix first: the tools are there.
  throw refused.find(({ error }) => error.code === 'no_permission')?.error ?? refused[0]?.error;
}

/** What cannot work here holds nothing; what gave no answer may. */
const CANNOT_WORK: ReadonlySet<EnforcementErrorCode> = new Set(['missing_tool', 'no_permission', 'kernel_refused']);

/**
 * Lifts these bans wherever they stand, under an earlier configuration also in another backend. Does all that can be done before it
 * rejects with EnforcementError.
 */
export async function liftEverywhere(options: PickOptions, targets: readonly string[]): Promise<void> {
  const operations = targets.map((target) => ({ target, untilMs: undefined }));
  const firewall = { ...options, ...openFirewall(options) };
  const { backend } = await pickBackend(options);
  const holders = [backend];
  const failures: EnforcementError[] = [];
  for (const [name, { leavings, open, probe }] of BACKENDS) {
    if (name === backend.name || leavings.length === 0) continue;
    const refusal = await probe?.(firewall).then(() => undefined, asFailure);
    if (!refusal) holders.push(open(firewall));
    else if (!CANNOT_WORK.has(refusal.code)) failures.push(refusal);
  }
  for (const holder of holders) {
    await holder.apply(operations, options.now()).catch((error) => failures.push(asFailure(error)));
  }
  if (failures[0]) throw failures[0];
}

/** Takes out everything of zban's, whichever backend made it; what is not there, or has no tool, is no error. */
export async function flushFirewall(options: FirewallOptions): Promise<void> {
  await removeLeavings(openFirewall(options), [], options.settings.nginx.lanes);
}

/** Takes out what stands under names that `current` has no more; what both call the same stays. */
export async function leaveNames(options: FirewallOptions, current: FirewallSettings | undefined): Promise<void> {
  const { chain, nginx } = options.settings;
  const isShared = (name: string) => (name === 'nginx' ? nginx.file === current?.nginx.file : chain === current?.chain);
  const shared = [...BACKENDS].flatMap(([name, { leavings }]) => (isShared(name) ? leavings : []));
  const lanes = nginx.lanes === current?.nginx.lanes ? undefined : nginx.lanes;
  await removeLeavings(openFirewall(options), shared, lanes);
}

/** Does all that can be done before it rejects for what cannot. */
async function removeLeavings(firewall: HostFirewall, except: BackendKind['leavings'], lanes?: string): Promise<void> {
  const all = new Set([...BACKENDS.values()].flatMap(({ leavings }) => leavings));
  if (lanes !== undefined)
    all.add(({ settings, run }) => new NginxLanes({ ...settings.nginx, file: lanes, run }).clear());
  const failures: unknown[] = [];
  for (const remove of all) {
    if (except.includes(remove)) continue;
    await remove(firewall).catch((error: unknown) => {
      if (!(error instanceof EnforcementError && error.code === 'missing_tool')) failures.push(error);
    });
  }
  // Before one that could not even look.
  const known = failures.find((error) => !(error instanceof EnforcementError && error.code === 'no_permission'));
  if (failures.length > 0) throw known ?? failures[0];
}

function openFirewall(options: FirewallOptions): HostFirewall {
  const { settings, log, commandPrefix: prefix = [], signal, variant } = options;
  const { chain, command_timeout: timeoutMs } = settings;
  const run = createCommandRunner({ timeoutMs, prefix, ...(signal && { signal }) });
  const lockWaitSeconds = Math.floor(timeoutMs / 2000);
  const filter = createFilter({ run, chain, lockWaitSeconds, log, ...(variant && { variant }) });
  return { settings, run, filter, log };
}
