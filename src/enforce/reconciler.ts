/** One reconcile: the whole way, or the short way for a few changes to a state that is known. */
import {
  type Ends,
  endsOf,
  isDue,
  type KernelBan,
  type Operation,
  planReconcile,
  reachableEnd,
} from '../core/reconcile.ts';
import { type EnforcementBackend, EnforcementError, type Log } from './backend.ts';
import { type EnforcementResult, KnownBans, TOLERANCE_MS } from './known-bans.ts';

export interface ReconcilerOptions {
  readonly backend: EnforcementBackend;
  /** Takes out what another backend left behind; done once, when this one holds all bans. */
  readonly leaveOthers: () => Promise<void>;
  /** The bans that should stand; ended ones may be among them. */
  readonly desired: () => Iterable<KernelBan>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Log;
}

export interface Outcome {
  readonly result: EnforcementResult;
  /** What kept the kernel from being as it should. */
  readonly error: EnforcementError | undefined;
  readonly wasFull: boolean;
}

/** Changes up to this many are confirmed by name; for more, listing everything is cheaper. */
const CONFIRM_MAX = 256;

export class Reconciler {
  /** End of the next ban that is due, epoch milliseconds. */
  nextEndMs: number | undefined;
  private readonly options: ReconcilerOptions;
  private readonly known = new KnownBans();
  /** True while `known` is what the kernel holds, as far as zban can tell. */
  private certain = false;
  private everSetUp = false;
  private leftOthers = false;

  constructor(options: ReconcilerOptions) {
    this.options = options;
  }

  /** Rejects only for a bug. */
  async run(full: boolean): Promise<Outcome> {
    const desired = this.readDesired();
    const short = full || !this.certain ? undefined : await this.runShort(desired);
    const outcome = short ?? (await this.runFull(desired));
    this.certain = outcome.error === undefined;
    if (outcome.wasFull && this.certain) await this.leaveOthers();
    return outcome;
  }

  private readDesired(): Ends {
    const nowMs = this.options.now();
    const { longestMs } = this.options.backend;
    let nextEndMs = Number.POSITIVE_INFINITY;
    const ends = new Map<string, number | null>();
    for (const { target, untilMs } of this.options.desired()) {
      if (!isDue(untilMs, nowMs)) {
        ends.delete(target);
        continue;
      }
      if (untilMs !== null && untilMs < nextEndMs) nextEndMs = untilMs;
      ends.set(target, reachableEnd(untilMs, nowMs, longestMs));
    }
    this.nextEndMs = nextEndMs === Number.POSITIVE_INFINITY ? undefined : nextEndMs;
    return ends;
  }

  /**
   * Applies the difference to what is known and asks the kernel about just that. Undefined when the whole way is needed:
   * too much changed, or the kernel is not as it was known.
   */
  private async runShort(desired: Ends): Promise<Outcome | undefined> {
    const { backend, now } = this.options;
    const operations = planReconcile(desired, this.known.ends, now(), 0);
    if (operations.length > CONFIRM_MAX) return undefined;
    try {
      if (operations.length > 0) await backend.apply(operations, now());
      if (operations.length > 0 && !(await backend.confirm(operations, now()))) return undefined;
    } catch (error) {
      const failure = asFailure(error);
      // Perhaps a set or chain is gone, which the whole way repairs. Other causes would only cost their time again.
      if (failure.code === 'kernel_refused' || failure.code === 'set_full') return undefined;
      return {
        result: this.known.settleAll(desired, undefined, now(), failure),
        error: failure,
        wasFull: false,
      };
    }
    return { result: this.known.settleOperations(operations), error: undefined, wasFull: false };
  }

  private async runFull(desired: Ends): Promise<Outcome> {
    const { backend, now, log } = this.options;
    let failure: EnforcementError | undefined;
    let actual: Ends | undefined;
    try {
      this.sayRepairs(await backend.setUp());
      actual = endsOf(await backend.list());
      this.known.observe(actual, desired);
      const operations = planReconcile(desired, actual, now(), TOLERANCE_MS);
      if (operations.length > 0) {
        log('info', 'bringing the firewall in line', countKinds(operations));
        failure = await backend.apply(operations, now()).then(() => undefined, asFailure);
        actual = undefined;
        actual = endsOf(await backend.list());
      }
    } catch (error) {
      failure ??= asFailure(error);
    }
    if (actual) {
      const result = this.known.settleAll(desired, actual, now(), failure);
      const failed = this.known.findFailure();
      failure ??= failed && new EnforcementError(failed.code, failed.message);
      return { result, error: failure, wasFull: true };
    }
    const error = failure ?? new EnforcementError('bad_output', 'the firewall could not be listed');
    return { result: this.known.settleAll(desired, undefined, now(), error), error, wasFull: true };
  }

  private async leaveOthers(): Promise<void> {
    if (this.leftOthers) return;
    try {
      await this.options.leaveOthers();
      this.leftOthers = true;
    } catch (error) {
      const cause = asFailure(error).message;
      this.options.log('warn', 'what another backend left in the firewall is still there; trying again', { cause });
    }
  }

  private sayRepairs(found: readonly string[]): void {
    if (found.length > 0) {
      const [level, message] = this.everSetUp
        ? (['warn', 'repaired the firewall'] as const)
        : (['info', 'set up the firewall'] as const);
      this.options.log(level, message, { found });
    }
    this.everSetUp = true;
  }
}

function countKinds(operations: readonly Operation[]): { added: number; removed: number } {
  const removed = operations.filter(({ kind }) => kind === 'remove').length;
  return { added: operations.length - removed, removed };
}

function asFailure(error: unknown): EnforcementError {
  if (error instanceof EnforcementError) return error;
  throw error;
}
