/**
 * The bans that should stand and the bans that do. Level-triggered: only the two states count, never the history, so that
 * start, crash, a flushed table and normal running are one code path (ban-ledger.ts).
 */

/** A ban as it should be, or as the kernel listed it. */
export interface KernelBan {
  /** Canonical text of an address or prefix (net/prefix.ts). */
  readonly target: string;
  /** Epoch milliseconds; null is permanent. */
  readonly untilMs: number | null;
}

/** The bans that should stand, as the database has them; ended ones may be among them. */
export interface DesiredBans {
  all(): Iterable<KernelBan>;
  /** End of the ban of exactly this target; undefined when it should not be banned. */
  find(target: string): number | null | undefined;
  /**
   * Targets that were banned or lifted since the last call, perhaps more than once: all that `find` may say otherwise about than
   * before.
   */
  takeChanges(which?: Changes): Iterable<string>;
}

/** All that changed, or what changed with no more than `FEW` others, or the rest. */
export type Changes = 'all' | 'few' | 'many';

/** The end that a ban is to get; undefined lifts it. */
export interface Operation {
  readonly target: string;
  readonly untilMs: number | null | undefined;
}

/** Why a ban could not be set or lifted. */
export interface Failure<Code extends string> {
  readonly code: Code;
  readonly message: string;
}

export interface FailedTarget<Code extends string> extends Failure<Code> {
  readonly target: string;
}

/** What one reconcile came to, by target. */
export interface ReconcileResult<Code extends string> {
  /** The kernel showed the ban after it was applied. */
  readonly confirmed: readonly string[];
  /** The kernel no longer holds it. */
  readonly released: readonly string[];
  /** A ban that could not be set, or one that could not be lifted. */
  readonly failed: readonly FailedTarget<Code>[];
}

/** Bans that the kernel holds as far as zban can tell. */
export interface HeldBans {
  readonly heldCount: number;
  heldBans(): Iterable<KernelBan>;
}

/** Bans that begin or end together, and are told one by one; more than these are one message, and let them go first. */
export const FEW = 20;

/** What is to be applied, and asked about, once so many more have changed: a few at once, many with all that changed. */
export const changesOf = (count: number): Changes => (count <= FEW ? 'few' : 'all');

/** Kernel timeouts are whole seconds, and on a busy host batches and listings take theirs. */
export const TOLERANCE_MS = 5000;

/** True while a ban with this end holds; null is permanent. One that ends now has ended. */
export function isInForce(untilMs: number | null, nowMs: number): boolean {
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
