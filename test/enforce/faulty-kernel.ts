/** A firewall in memory with the faults of a real one, and an enforcer that drives it. */
import type { EnforcementBackend, EnforcementError, KernelBan } from '../../src/enforce/backend.ts';
import { createDryRunBackend } from '../../src/enforce/dry-run.ts';
import { createEnforcer } from '../../src/enforce/enforcer.ts';
import type { EnforcementResult, EnforcementTrouble } from '../../src/enforce/outcome.ts';
import { desiredBans } from './world.ts';

export const HOUR_MS = 3_600_000;

interface Kernel extends EnforcementBackend {
  /** What `iptables -F` would do to it. */
  wipe(): void;
  /** Thrown by every command while set. */
  broken: EnforcementError | undefined;
  /** Thrown by `apply` alone while set. */
  refusing: EnforcementError | undefined;
  /** Thrown while set where other backends are left. */
  leaving: EnforcementError | undefined;
  /** Commands wait for it. */
  gate: Promise<void>;
  readonly calls: string[];
}

/** The table in memory with faults that can be switched on. */
export function createKernel(now: () => number): Kernel {
  let table = createDryRunBackend(now);
  const enter = async (call: string) => {
    kernel.calls.push(call);
    await kernel.gate;
    if (kernel.broken) throw kernel.broken;
  };
  const kernel: Kernel = {
    name: 'dry-run',
    longestMs: table.longestMs,
    broken: undefined,
    refusing: undefined,
    leaving: undefined,
    gate: Promise.resolve(),
    calls: [],
    setUp: () => enter('setUp').then(() => table.setUp()),
    list: (onBan, known) => enter('list').then(() => table.list(onBan, known)),
    confirm: (operations, nowMs) => enter('confirm').then(() => table.confirm(operations, nowMs)),
    async apply(operations, nowMs) {
      await enter(`apply ${operations.length}`);
      if (kernel.refusing) throw kernel.refusing;
      await table.apply(operations, nowMs);
    },
    wipe: () => {
      table = createDryRunBackend(now);
    },
  };
  return kernel;
}

export function setUp(
  t: { after(work: () => unknown): void },
  now: () => number = Date.now,
  reconcileMs = HOUR_MS,
  few?: ReadonlySet<string>,
) {
  const desired = new Map<string, KernelBan>();
  const news: string[] = [];
  /** Why they failed. */
  const reasons: string[] = [];
  const troubles: (EnforcementTrouble | undefined)[] = [];
  const kernel = createKernel(now);
  const left: number[] = [];
  const logged: string[] = [];
  const enforcer = createEnforcer({
    backend: kernel,
    leaveOthers: async () => {
      if (kernel.leaving) throw kernel.leaving;
      left.push(now());
    },
    desired: desiredBans(desired, few),
    now,
    reconcileMs,
    onResult: (result: EnforcementResult) => {
      for (const target of result.confirmed) news.push(`confirmed ${target}`);
      for (const target of result.released) news.push(`released ${target}`);
      for (const { target, code, message } of result.failed) {
        news.push(`failed ${target} ${code}`);
        reasons.push(message);
      }
    },
    onTrouble: (trouble) => troubles.push(trouble),
    log: (_level, message) => logged.push(message),
  });
  t.after(() => enforcer.stop());
  const ban = (target: string, forMs: number | null = HOUR_MS) =>
    desired.set(target, { target, untilMs: forMs === null ? null : now() + forMs });
  return { desired, news, reasons, troubles, kernel, enforcer, ban, left, logged };
}
