/**
 * The difference between the bans that should stand and the bans that do, as operations. Level-triggered: only the
 * two states count, never the history, so that start, crash, a flushed table and normal running are one code path.
 */

/** A ban as it should be, or as the kernel listed it. */
export interface KernelBan {
  /** Canonical text of an address or prefix (core/net/prefix.ts). */
  readonly target: string;
  /** Epoch milliseconds; null is permanent. */
  readonly untilMs: number | null;
}

export type Operation =
  | { readonly kind: 'add'; readonly ban: KernelBan }
  | { readonly kind: 'remove'; readonly target: string };

/** The target an operation is about. */
export function operationTarget(operation: Operation): string {
  return operation.kind === 'add' ? operation.ban.target : operation.target;
}

/** True when two ends lie within the tolerance of each other, or both are permanent. */
export function sameEnd(a: number | null, b: number | null, toleranceMs: number): boolean {
  return a === null || b === null ? a === b : Math.abs(a - b) <= toleranceMs;
}

/** True while a ban is to be in the kernel: a ban that ends now has ended. */
export function isDue(ban: KernelBan, nowMs: number): boolean {
  return ban.untilMs === null || ban.untilMs > nowMs;
}

const DAY_MS = 86_400_000;

/**
 * The end that a backend can hold now for a ban that ends later than `longestMs` (at least two days) ahead. It moves
 * on once a day, so that a distant end does not mean another operation with every reconcile.
 */
export function reachableEnd(untilMs: number | null, nowMs: number, longestMs: number): number | null {
  if (untilMs === null || untilMs - nowMs <= longestMs) return untilMs;
  return Math.floor(nowMs / DAY_MS) * DAY_MS + longestMs - DAY_MS;
}

/**
 * What turns `actual` into `desired`: removals of the surplus first (they make room), then additions of what is missing
 * and of what ends at another time than it should by more than `toleranceMs` (kernel timeouts are whole seconds).
 * A desired ban that ended by `nowMs` counts as absent; of a target desired twice the last one counts.
 * `actual` holds a target once.
 */
export function planReconcile(
  desired: Iterable<KernelBan>,
  actual: Iterable<KernelBan>,
  nowMs: number,
  toleranceMs: number,
): Operation[] {
  const wanted = new Map<string, KernelBan>();
  for (const ban of desired) {
    if (isDue(ban, nowMs)) wanted.set(ban.target, ban);
    else wanted.delete(ban.target);
  }
  const operations: Operation[] = [];
  for (const { target, untilMs } of actual) {
    const ban = wanted.get(target);
    if (!ban) operations.push({ kind: 'remove', target });
    else if (sameEnd(ban.untilMs, untilMs, toleranceMs)) wanted.delete(target);
  }
  for (const ban of wanted.values()) operations.push({ kind: 'add', ban });
  return operations;
}
