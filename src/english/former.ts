/** Names of conditions in rows and lists of older versions, and what they are called now: translated where they are read. */
import type { RuleName } from '../detect/rules.ts';

const FORMER: Readonly<Record<string, RuleName>> = { surprise: 'scan', repetition: 'brute_force', work: 'scrape' };

/** The present name of a condition. */
export function presentCondition(condition: string): string {
  return Object.hasOwn(FORMER, condition) ? (FORMER[condition] as string) : condition;
}
