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
export function isDue(untilMs: number | null, nowMs: number): boolean {
  return untilMs === null || untilMs > nowMs;
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

/** Bans by target with their end, epoch milliseconds or null for permanent: a state, desired or actual. */
export type Ends = ReadonlyMap<string, number | null>;

/** Of a target that comes twice the last one counts. */
export function endsOf(bans: Iterable<KernelBan>): Map<string, number | null> {
  const ends = new Map<string, number | null>();
  for (const { target, untilMs } of bans) ends.set(target, untilMs);
  return ends;
}

/**
 * What turns `actual` into `desired`: removals of the surplus first (they make room), then additions of what is missing
 * and of what ends at another time than it should by more than `toleranceMs` (kernel timeouts are whole seconds).
 * A desired ban that ended by `nowMs` counts as absent. Builds nothing but the operations: both may hold a million.
 */
export function planReconcile(desired: Ends, actual: Ends, nowMs: number, toleranceMs: number): Operation[] {
  const additions: Operation[] = [];
  let kept = 0;
  for (const [target, untilMs] of desired) {
    if (!isDue(untilMs, nowMs)) continue;
    const listed = actual.get(target);
    if (listed !== undefined) kept++;
    if (listed === undefined || !sameEnd(listed, untilMs, toleranceMs)) {
      additions.push({ kind: 'add', ban: { target, untilMs } });
    }
  }
  if (kept === actual.size) return additions;
  const removals: Operation[] = [];
  for (const target of actual.keys()) {
    const untilMs = desired.get(target);
    if (untilMs === undefined || !isDue(untilMs, nowMs)) removals.push({ kind: 'remove', target });
  }
  return removals.concat(additions);
}
