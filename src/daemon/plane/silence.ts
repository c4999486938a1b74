/** What traffic there is in logs that are silent, although the engine's clock, which waits for late lines, stands before that. */

const NO_SECOND = { siteRateLast: 0, countedRateLast: 0 };
const NO_TRAFFIC = { ...NO_SECOND, siteRate: 0, countedRate: 0, clients: 0, topClients: [] };
/** A log that speaks is read sooner. */
const NO_SECOND_MS = 3000;

/** Replaces what the engine says, after so many milliseconds without a line. */
export function emptied(silentMs: number, windowMs: number): Partial<typeof NO_TRAFFIC> {
  if (silentMs >= windowMs) return NO_TRAFFIC;
  return silentMs >= NO_SECOND_MS ? NO_SECOND : {};
}
