/** What a misspelt word was meant to be. */

/** The closest of `candidates`, if it is close enough to be a slip of the pen: a third of its letters. */
export function findClosest(word: string, candidates: readonly string[]): string | undefined {
  const wanted = normalize(word);
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const name = normalize(candidate);
    // `webook` is meant for `webhook_url`: the start of a name counts as well as the whole.
    const start = wanted.length < 4 ? Number.POSITIVE_INFINITY : 1 + editDistance(wanted, name.slice(0, wanted.length));
    const distance = Math.min(start, editDistance(wanted, name));
    if (distance <= Math.max(1, Math.floor(name.length / 3)) && (best === undefined || distance < best.distance))
      best = { candidate, distance };
  }
  return best?.candidate;
}

/** `zScore` and `z-score` mean `z_score`. Cut, since only short words are ever meant. */
function normalize(word: string): string {
  return word
    .slice(0, 40)
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
}

/** Letters to insert, delete, replace or swap with a neighbour (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
