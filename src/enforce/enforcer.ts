/**
 * Keeps the kernel in line with the desired bans: at the start, on a timer, when a ban is due to end, and whenever it
 * is told of a change. Level-triggered: what matters is what should stand and what does, not how it came about.
 */
import type { EnforcementErrorCode } from './backend.ts';
import type { EnforcementResult } from './known-bans.ts';
import { Reconciler, type ReconcilerOptions } from './reconciler.ts';

/** Why bans are not enforced as they should be. */
export interface EnforcementTrouble {
  readonly code: EnforcementErrorCode;
  readonly message: string;
}

export interface EnforcerOptions extends ReconcilerOptions {
  /** Milliseconds between full reconciles. */
  readonly reconcileMs: number;
  /** A ban's time is up and its release comes next: the moment to record it, before the firewall is touched. */
  readonly onDue?: () => void;
  /** What came of it, once for each change of a target; never called with nothing in it. */
  readonly onResult: (result: EnforcementResult) => void;
  /** Called once for each cause, and with undefined when all is well again. */
  readonly onTrouble: (trouble: EnforcementTrouble | undefined) => void;
}

export interface Enforcer {
  /** Reconciles for the first time and starts the timers. Like every method here it rejects only for a bug. */
  start(): Promise<void>;
  /**
   * Desired bans changed: resolves after a reconcile that began after this call, whatever came of it. While one runs
   * at most one more is queued.
   */
  changed(): Promise<void>;
  /** Like `changed`, but lists and repairs everything. */
  reconcile(): Promise<void>;
  /** Ends the timers and waits for a running reconcile. Bans stay in the kernel. */
  stop(): Promise<void>;
}

const RETRY_FIRST_MS = 1000;
/** setTimeout takes no more. */
const TIMER_MAX_MS = 2_147_483_647;

export function createEnforcer(options: EnforcerOptions): Enforcer {
  const { now, reconcileMs, onDue, onResult, onTrouble } = options;
  const reconciler = new Reconciler(options);
  let running: Promise<void> = Promise.resolve();
  let queued: Promise<void> | undefined;
  let wantFull = false;
  let stopped = false;
  let troubleCode: EnforcementErrorCode | undefined;
  let retryMs = RETRY_FIRST_MS;
  let fullTimer: NodeJS.Timeout | undefined;
  let dueTimer: NodeJS.Timeout | undefined;

  const request = (full: boolean): Promise<void> => {
    wantFull ||= full;
    if (queued) return queued;
    const next = running.then(() => {
      running = next;
      queued = undefined;
      return stopped ? undefined : runOnce();
    });
    queued = next;
    return next;
  };
  const runOnce = async (): Promise<void> => {
    const full = wantFull;
    wantFull = false;
    const { result, error, wasFull } = await reconciler.run(full);
    if (result.confirmed.length + result.released.length + result.failed.length > 0) onResult(result);
    if (error?.code !== troubleCode) onTrouble(error && { code: error.code, message: error.message });
    troubleCode = error?.code;
    if (stopped) return;
    if (wasFull || error) scheduleFull(error !== undefined);
    scheduleDue();
  };
  const scheduleFull = (failed: boolean): void => {
    const delayMs = failed ? Math.min(retryMs, reconcileMs) : reconcileMs;
    retryMs = failed ? Math.min(retryMs * 2, reconcileMs) : RETRY_FIRST_MS;
    clearTimeout(fullTimer);
    fullTimer = setTimeout(() => void request(true), delayMs).unref();
  };
  const scheduleDue = (): void => {
    clearTimeout(dueTimer);
    if (reconciler.nextEndMs === undefined) return;
    const delayMs = Math.min(Math.max(1, reconciler.nextEndMs - now()), TIMER_MAX_MS);
    dueTimer = setTimeout(() => {
      onDue?.();
      void request(false);
    }, delayMs).unref();
  };

  return {
    start: () => request(true),
    changed: () => request(false),
    reconcile: () => request(true),
    async stop() {
      stopped = true;
      clearTimeout(fullTimer);
      clearTimeout(dueTimer);
      await (queued ?? running);
    },
  };
}
