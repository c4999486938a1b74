/** What zban last saw in the kernel or put there, and what it told about it: turns states into news. */
import { type Ends, isDue, type Operation, sameEnd } from '../core/reconcile.ts';
import type { EnforcementError, EnforcementErrorCode } from './backend.ts';

/** What one reconcile came to, by target. */
export interface EnforcementResult {
  /** The kernel listed the ban after it was applied. */
  readonly confirmed: readonly string[];
  /** The kernel no longer holds it. */
  readonly released: readonly string[];
  /** A ban that could not be set, or one that could not be lifted. */
  readonly failed: readonly FailedTarget[];
}

export interface FailedTarget {
  readonly target: string;
  readonly code: EnforcementErrorCode;
  readonly message: string;
}

export class KnownBans {
  private readonly known = new Map<string, number | null>();
  private readonly failing = new Map<string, FailedTarget>();

  /** What the kernel holds as far as zban can tell. */
  get ends(): Ends {
    return this.known;
  }

  /** Takes in what the kernel held before anything was changed, so that surplus is reported as released later. */
  observe(actual: Ends, desired: Ends): void {
    for (const [target, untilMs] of actual) {
      if (!desired.has(target) && !this.known.has(target)) this.known.set(target, untilMs);
    }
  }

  /** Operations of which the kernel has shown that they were done. */
  settleOperations(operations: readonly Operation[]): EnforcementResult {
    const confirmed: string[] = [];
    const released: string[] = [];
    for (const operation of operations) {
      if (operation.kind === 'add') this.confirm(operation.ban.target, operation.ban.untilMs, confirmed);
      else this.release(operation.target, released);
    }
    return { confirmed, released, failed: [] };
  }

  /**
   * Compares all desired bans with what the kernel listed after the operations; `actual` is undefined when it could not be
   * listed: then only what was never confirmed counts as failed. `error` is what went wrong, if anything did.
   */
  settleAll(desired: Ends, actual: Ends | undefined, nowMs: number, error: EnforcementError): EnforcementResult;
  settleAll(desired: Ends, actual: Ends, nowMs: number, error: EnforcementError | undefined): EnforcementResult;
  settleAll(
    desired: Ends,
    actual: Ends | undefined,
    nowMs: number,
    error: EnforcementError | undefined,
  ): EnforcementResult {
    const [confirmed, released]: [string[], string[]] = [[], []];
    const failed: FailedTarget[] = [];
    const fail = (target: string, what: string) => {
      const code = error?.code ?? 'kernel_refused';
      if (this.failing.get(target)?.code === code) return;
      const failure = { target, code, message: error?.message ?? `the kernel ${what}, though nothing was refused` };
      this.failing.set(target, failure);
      failed.push(failure);
    };
    for (const [target, untilMs] of desired) {
      if (!isDue(untilMs, nowMs)) continue;
      const listed = (actual ?? this.known).get(target);
      if (listed !== undefined && stands(listed, untilMs, error !== undefined))
        this.confirm(target, untilMs, confirmed);
      else {
        if (actual) this.known.delete(target);
        fail(target, 'does not list the ban');
      }
    }
    for (const [target] of this.known) {
      if (desired.has(target)) continue;
      if (actual && !actual.has(target)) this.release(target, released);
      else fail(target, 'still lists the ban');
    }
    for (const target of this.failing.keys()) {
      if (!desired.has(target) && !this.known.has(target)) this.failing.delete(target);
    }
    return { confirmed, released, failed };
  }

  /** One of the targets that stand otherwise than they should, told or not. */
  findFailure(): FailedTarget | undefined {
    const [first] = this.failing.values();
    return first;
  }

  private confirm(target: string, untilMs: number | null, confirmed: string[]): void {
    const before = this.known.get(target);
    const told = before !== undefined && sameEnd(before, untilMs, 0) && !this.failing.has(target);
    this.known.set(target, untilMs);
    this.failing.delete(target);
    if (!told) confirmed.push(target);
  }

  private release(target: string, released: string[]): void {
    this.known.delete(target);
    this.failing.delete(target);
    released.push(target);
  }
}

/**
 * True when the listed entry is the ban. After operations that all went through, a difference of seconds is the tools'
 * slowness on a busy host, and the next reconcile mends it; after a failure it may be the old end.
 */
function stands(listed: number | null, wanted: number | null, failed: boolean): boolean {
  return sameEnd(listed, wanted, failed ? TOLERANCE_MS : Number.POSITIVE_INFINITY);
}

/** Kernel timeouts are whole seconds, and a listing takes its time. */
export const TOLERANCE_MS = 2000;
