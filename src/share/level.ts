/**
 * The arithmetic of counts that several hosts share. The server keeps one leaky bucket for each client and rule; what a host
 * has not said of a client is below its share of a limit. docs/fleet.md has the bound, test/share/bound.test.ts shows it.
 */

/** Share of a limit that may go unsaid before a client is on watch. */
export const UNSAID_SHARE = 0.5;
/** A client stays on watch for at least this long, and as long as its level in the server has not drained. */
export const WATCH_MS = 60_000;

/** Points of a client from which a host reports it, where `hosts` share their counts and `limit` points are tolerated. */
export function reportFrom(limit: number, hosts: number): number {
  return (UNSAID_SHARE * limit) / hosts;
}

/** A bucket in the server: its level at `atMs`, and what drains a second. */
export interface SharedLevel {
  readonly level: number;
  readonly atMs: number;
  readonly leak: number;
}

/**
 * The bucket after `delta` points came at `nowMs` from a host for which the client drains `leak` a second: the kindest host's
 * leak holds. What src/fleet/scripts.ts does in the server.
 */
export function pour(before: SharedLevel | undefined, delta: number, leak: number, nowMs: number): SharedLevel {
  const drained = before ? Math.max(0, before.level - (before.leak * Math.max(0, nowMs - before.atMs)) / 1000) : 0;
  const kindest = drained > 0 ? Math.max(leak, before?.leak ?? 0) : leak;
  return { level: Math.max(0, drained + delta), atMs: nowMs, leak: kindest };
}

/** Until when a client with this bucket is to be on watch, where it is not until the bucket is drained. */
export function watchUntil({ level, leak }: SharedLevel, nowMs: number): number {
  return nowMs + WATCH_MS + (leak > 0 ? (level / leak) * 1000 : 0);
}
