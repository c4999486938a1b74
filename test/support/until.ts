/** How tests wait for what happens in its own time. */
import { setTimeout as delay } from 'node:timers/promises';

/** A hang is a failure, slowness is none: half a core must do. */
export const DEADLINE_MS = 120_000;

/** A look may be a command that costs 10 ms: often at first, then so that a wait takes at most a fifth longer. */
const PAUSE_MS = { min: 10, max: 50, share: 0.2 };

/** Waits until `test` gives something other than undefined or false; throws after `deadlineMs`. */
export async function until<T>(
  what: string,
  test: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const sinceMs = performance.now();
  for (;;) {
    const value = await test();
    if (value !== undefined && value !== false) return value;
    const waitedMs = performance.now() - sinceMs;
    if (waitedMs > deadlineMs) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
    await delay(Math.min(PAUSE_MS.max, Math.max(PAUSE_MS.min, waitedMs * PAUSE_MS.share)));
  }
}
