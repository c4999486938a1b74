/** How near clients come to their limits without crossing them: what reports say of those that were not banned. */
import { RULES, type RuleName } from './rules.ts';

/** The limits of one client. `rate` is the window's, in weighted requests; the others are points. */
export type LimitName = RuleName | 'rate';
export const LIMITS: readonly LimitName[] = [...RULES.map(({ name }) => name), 'rate'];

/** Position in LIMITS of the window's limit. */
export const RATE = RULES.length;

/**
 * Told of one limit (its position in LIMITS): what share of it a client has reached, where 1 is a ban, and the limit as
 * it stands. Where a rule has several conditions it is the share of the one that is furthest from being met.
 */
export type ReportReach = (limit: number, share: number, tolerated: number) => void;
