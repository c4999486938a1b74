/** The rules for one client. Conditions, configuration, sensitivity, reports and documents derive from this list. */
import { bruteForce } from './brute-force.ts';
import { flood } from './flood.ts';
import type { Rule } from './rule.ts';
import { scan } from './scan.ts';
import { scrape } from './scrape.ts';

const LIST = [scan, bruteForce, scrape, flood] as const;

export type RuleName = (typeof LIST)[number]['name'];

/** Where several run over at once, the first says why. */
export const RULES: readonly Rule<RuleName>[] = LIST;

/** The place of a rule in RULES. */
export function placeOf(name: RuleName): number {
  return RULES.findIndex((rule) => rule.name === name);
}
