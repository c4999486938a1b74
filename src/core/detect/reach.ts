/** How near clients come to their limits without crossing them: what reports say of those that were not banned. */

import type { PointsOptions } from '../engine-options.ts';
import type { ClientPoints } from './client-points.ts';

/** The limits of one client. `rate` is the window's, in weighted requests; the others are points. */
export const LIMITS = ['surprise', 'repetition', 'work', 'rate'] as const;
export type LimitName = (typeof LIMITS)[number];

/** Positions in LIMITS. */
export const [SURPRISE, REPETITION, WORK, RATE] = [0, 1, 2, 3] as const;

/**
 * Told of one limit (its position in LIMITS): what share of it a client has reached, where 1 is a ban, and the limit as
 * it stands. Where a rule has several conditions it is the share of the one that is furthest from being met.
 */
export type TellReach = (limit: number, share: number, tolerated: number) => void;

/** The points of a client beside their limits, as points.ts judges them; `warmth` is what those are multiplied by. */
export function tellReachOfPoints(
  slot: number,
  clients: ClientPoints,
  options: PointsOptions,
  warmth: number,
  workLimit: number,
  tell: TellReach,
): void {
  const { surprise, repetition } = options;
  const requests = clients.requests[slot] as number;
  const surprises = (clients.surprises[slot] as number) / requests;
  const surpriseLimit = surprise.limit * warmth;
  const surprised = ((clients.surprise[slot] as number) * Math.min(1, surprises)) / surpriseLimit;
  tell(SURPRISE, Math.min(surprised, surprises / surprise.share), surpriseLimit);
  const repetitionLimit = repetition.limit * warmth;
  const posts = (clients.posts[slot] as number) / requests;
  tell(
    REPETITION,
    Math.min((clients.repetition[slot] as number) / repetitionLimit, posts / repetition.share),
    repetitionLimit,
  );
  tell(WORK, (clients.work[slot] as number) / workLimit, workLimit);
}
