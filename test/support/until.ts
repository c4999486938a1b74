/** How tests wait for what happens in its own time. */
import { setTimeout as delay } from 'node:timers/promises';

/** A hang is a failure, slowness is none: half a core must do. */
export const DEADLINE_MS = 120_000;

/** Waits until `test` gives something other than undefined or false; throws after `deadlineMs`. */
export async function until<T>(
  what: string,
  test: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const value = await test();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
    await delay(10);
  }
}
