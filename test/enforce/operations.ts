/** What tests of backends do to one. */
import type { Operation } from '../../src/enforce/backend.ts';

/** A ban that lasts so long from now; null is permanent. */
export const add = (target: string, forMs: number | null = 600_000): Operation => ({
  target,
  untilMs: forMs === null ? null : Date.now() + forMs,
});
export const remove = (target: string): Operation => ({ target, untilMs: undefined });
