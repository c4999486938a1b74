/**
 * Keeps the kernel in line with the desired bans: at the start, on a timer, and whenever it is told of a change.
 * Level-triggered: what matters is what should stand and what does, not how it came about.
 */
import type { Changes } from '../model/reconcile.ts';
import type { EnforcementResult, EnforcementTrouble, Outcome } from './outcome.ts';
import { Reconciler, type ReconcilerOptions } from './reconciler.ts';

export interface EnforcerOptions extends ReconcilerOptions {
  /** Milliseconds between full reconciles; while they take long, of looks at a few bans, and full ones when those are gone. */
  readonly reconcileMs: number;
  /** What came of it, once for each change of a target; never called with nothing in it, nor before it is done with the last. */
  readonly onResult: (result: EnforcementResult) => void | Promise<void>;
  /** Called once for each cause, and with undefined when all is well again. */
  readonly onTrouble: (trouble: EnforcementTrouble | undefined) => void;
  /** Once aborted, nothing more is begun and nothing told: `stop` and anyone who waits for a reconcile get along at once. */
  readonly signal?: AbortSignal;
}

export interface Enforcer {
  /** Reconciles for the first time and starts the timer. Like every method here it rejects only for a bug. */
  start(): Promise<void>;
  /**
   * Desired bans changed: resolves after a reconcile that began after this call, whatever came of it. While one runs
   * at most one more is queued. `few` is one of those that changed a few at a time, which go between portions of many. `many`, while
   * more are about to change, applies what has: the kernel is asked about it, and it is told, with the next of `all`.
   */
  changed(which?: Changes): Promise<void>;
  /** Like `changed`, but lists and repairs everything. Changes go on being applied while it lists. */
  reconcile(): Promise<void>;
  /** Ends the timer and waits for a running reconcile. Bans stay in the kernel. */
  stop(): Promise<void>;
}

const RETRY_FIRST_MS = 1000;
/** A full reconcile rests this many times as long as it took: a million bans cost a tenth of the time at most. */
const REST_FACTOR = 10;

export function createEnforcer(options: EnforcerOptions): Enforcer {
  const { reconcileMs, onResult, onTrouble, signal } = options;
  const reconciler = new Reconciler(options);
  let stopped = false;
  let troubleCode: EnforcementTrouble['code'] | undefined;
  let retryMs = RETRY_FIRST_MS;
  let timer: NodeJS.Timeout | undefined;
  let timerMs = Number.POSITIVE_INFINITY;
  let reported: Promise<void> = Promise.resolve();

  const isOver = () => stopped || signal?.aborted === true;
  const tell = async ({ result, trouble: own, contest }: Outcome): Promise<void> => {
    if (signal?.aborted) return;
    if (result.confirmed.length + result.released.length + result.failed.length > 0) {
      reported = reported.then(() => onResult(result));
      await reported;
    }
    const trouble = own ?? contest;
    if (trouble?.code !== troubleCode) onTrouble(trouble && { code: trouble.code, message: trouble.message });
    troubleCode = trouble?.code;
  };
  /** The next full reconcile; until then a look at a few bans now and then, so that a flushed set is not left empty. */
  const schedule = (delayMs: number): void => {
    clearTimeout(timer);
    timerMs = performance.now() + delayMs;
    timer = setTimeout(() => void looks.request(), Math.min(delayMs, reconcileMs)).unref();
  };
  const looks = createRuns(async () => {
    if (isOver()) return;
    const leftMs = timerMs - performance.now();
    if (leftMs > 0 && (await reconciler.isIntact())) {
      if (!isOver()) schedule(Math.max(0, timerMs - performance.now()));
    } else void full.request();
  });
  const full = createRuns(async () => {
    if (isOver()) return;
    const startMs = performance.now();
    const outcome = await reconciler.runFull();
    const tookMs = performance.now() - startMs;
    await tell(outcome);
    reconciler.owesWord = false;
    if (isOver()) return;
    schedule(outcome.trouble ? Math.min(retryMs, reconcileMs) : Math.max(reconcileMs, tookMs * REST_FACTOR));
    retryMs = outcome.trouble ? Math.min(retryMs * 2, reconcileMs) : RETRY_FIRST_MS;
  });
  const carryOut = async (which: Changes): Promise<void> => {
    if (isOver()) return;
    for await (const outcome of reconciler.runChanges(which)) {
      if (!outcome) return full.request();
      await tell(outcome);
      if (isOver()) return;
      const delayMs = Math.min(retryMs, reconcileMs);
      // Never put off: changes may come without end.
      if (outcome.trouble && performance.now() + delayMs < timerMs) schedule(delayMs);
    }
  };
  /** Somebody waits for what comes of the next of `changes`. */
  let isAwaited = false;
  const changes = createRuns(() => {
    const which = isAwaited ? 'all' : 'many';
    isAwaited = false;
    return carryOut(which);
  });
  const fewChanges = createRuns(() => carryOut('few'));
  const change = async (runs: Runs): Promise<void> => {
    await runs.request();
    // What changed just before it read what should stand, or what it saw first, nobody else tells of.
    if (reconciler.owesWord) await full.settled();
  };

  return {
    start: full.request,
    async changed(which = 'all') {
      isAwaited ||= which === 'all';
      const runs = { all: [fewChanges, changes], few: [fewChanges], many: [changes] }[which];
      await Promise.all(runs.map(change));
    },
    reconcile: full.request,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await Promise.all([changes.settled(), fewChanges.settled(), looks.settled(), full.settled()]);
    },
  };
}

interface Runs {
  /** Resolves after a run that began after this call. */
  request(): Promise<void>;
  /** Resolves when nothing runs and nothing is queued any more. */
  settled(): Promise<void>;
}

/** One run at a time, and at most one more in the queue. */
function createRuns(work: () => Promise<void>): Runs {
  let running: Promise<void> = Promise.resolve();
  let queued: Promise<void> | undefined;
  return {
    request() {
      if (queued) return queued;
      const next = running.then(() => {
        running = next;
        queued = undefined;
        return work();
      });
      queued = next;
      return next;
    },
    settled: () => queued ?? running,
  };
}
