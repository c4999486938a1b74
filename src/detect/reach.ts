/** How near clients come to their limits without crossing them: what reports say of those that were not banned. */
import { RULES, type RuleName } from './rules.ts';

/** The limits of one client. `rate` is the window's, in weighted requests; the others are points. */
export type LimitName = RuleName | 'rate';
export const LIMITS: readonly LimitName[] = [...RULES.map(({ name }) => name), 'rate'];

/** How near a client came to a limit. */
export interface Reached {
  readonly limit: LimitName;
  /** Share of the limit; from 1 on it would be banned. */
  readonly share: number;
  /** The limit at that time: points, or requests in a window. */
  readonly tolerated: number;
}

/** Position in LIMITS of the window's limit. */
export const RATE = RULES.length;

/**
 * Told of one limit (its position in LIMITS): what share of it a client has reached, where 1 is a ban, and the limit as
 * it stands. Where a rule has several conditions it is the share of the one that is furthest from being met.
 */
export type ReportReach = (limit: number, share: number, tolerated: number) => void;
