/** A rule for one client: what a request weighs, and how much is tolerated. A leaky bucket adds it up. */
import type { Request } from './request.ts';

/** Conditions of bans by these rules. */
export const RULE_NAMES = ['scan', 'brute_force', 'scrape', 'flood'] as const;
export type RuleName = (typeof RULE_NAMES)[number];

export interface Rule {
  readonly name: RuleName;
  /** Points tolerated at once, and how many drain a minute. */
  readonly limit: number;
  readonly leak: number;
  /** Points of the request. */
  weigh(request: Request): number;
}
