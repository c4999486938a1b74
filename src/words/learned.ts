/** What was learned beside what it is taken as: baselines never count as less than their floors, and say so. */

/** Both as people read them; undefined while nothing was learned: `0.10 ± 0.30/s, taken as 0.50 ± 0.50/s`. */
export function tellLearned(learned: string | undefined, effective: string): string {
  return learned === effective ? effective : `${learned ?? 'not learned yet'}, taken as ${effective}`;
}
