/** What COUNT of src/fleet/scripts.ts does in the server, in TypeScript: one leaky bucket for each client and rule. */
import { WATCH_MS } from '../../src/fleet/scripts.ts';

/** A bucket in the server: its level at `atMs`, and what drains a second. */
export interface SharedBucket {
  readonly level: number;
  readonly atMs: number;
  readonly leak: number;
}

/**
 * The bucket after `delta` points came at `nowMs` from a host for which the client drains `leak` a second: the kindest host's
 * leak holds.
 */
export function pour(before: SharedBucket | undefined, delta: number, leak: number, nowMs: number): SharedBucket {
  const drained = before ? Math.max(0, before.level - (before.leak * Math.max(0, nowMs - before.atMs)) / 1000) : 0;
  const kindest = drained > 0 ? Math.max(leak, before?.leak ?? 0) : leak;
  return { level: Math.max(0, drained + delta), atMs: nowMs, leak: kindest };
}

/** Until when a client with this bucket is to be on watch, where it is not until the bucket is drained. */
export function watchUntil({ level, leak }: SharedBucket, nowMs: number): number {
  return nowMs + WATCH_MS + (leak > 0 ? (level / leak) * 1000 : 0);
}
