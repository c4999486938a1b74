/**
 * What a swarm has in common: the conjunction of at most three traits that covers most of its requests and that usual
 * traffic hardly ever has.
 *
 * Conjunctions are counted exactly, over a bounded number of lines: each line becomes a word with a bit for every frequent
 * value it has, and the few different words are counted. That needs less than a sketch of heavy hitters, and errs by nothing.
 */
import { TRAITS } from './look.ts';

/** Values that are looked at together: bits of a word. */
const VALUES_MAX = 31;
const TRAITS_MAX = 3;

/** A value that many lines share. */
export interface Value {
  readonly trait: number;
  readonly hash: number;
}

/** Lines by the frequent values they have: how many for each word. */
export type Words = ReadonlyMap<number, number>;

/** The values that at least `least` of the looks at `offsets` have, the most frequent first. */
export function frequentValues(looks: Uint32Array, offsets: readonly number[], least: number): Value[] {
  const found: (Value & { lines: number })[] = [];
  for (let trait = 0; trait < TRAITS.length; trait++) {
    const lines = new Map<number, number>();
    for (const at of offsets) {
      const hash = looks[at + trait] as number;
      if (hash !== 0) lines.set(hash, (lines.get(hash) ?? 0) + 1);
    }
    for (const [hash, n] of lines) if (n >= least) found.push({ trait, hash, lines: n });
  }
  return found.sort((a, b) => b.lines - a.lines || a.trait - b.trait || a.hash - b.hash).slice(0, VALUES_MAX);
}

/** Which of the values the look has that begins at `at`. */
export function wordOf(values: readonly Value[], looks: ArrayLike<number>, at: number): number {
  let word = 0;
  for (let bit = 0; bit < values.length; bit++) {
    const { trait, hash } = values[bit] as Value;
    if (looks[at + trait] === hash) word |= 1 << bit;
  }
  return word;
}

/** True when the look that begins at `at` has all the values. */
export function hasAll(values: readonly Value[], looks: ArrayLike<number>, at: number): boolean {
  for (let i = 0; i < values.length; i++) {
    const { trait, hash } = values[i] as Value;
    if (looks[at + trait] !== hash) return false;
  }
  return true;
}

export function addWord(words: Map<number, number>, word: number): void {
  words.set(word, (words.get(word) ?? 0) + 1);
}

/** How many lines have all values of `mask`. */
export function countMatches(words: Words, mask: number): number {
  let count = 0;
  for (const [word, lines] of words) if ((word & mask) === mask) count += lines;
  return count;
}

/**
 * A conjunction is worth what it covers of the surplus less what it costs: to touch `harmMax` of the usual requests costs
 * as much as the whole surplus is worth. So only what marks the surplus 1 / harmMax times as often as usual traffic is
 * worth anything. Lanes must be worth something together: their coverage adds up to 1 at most, so they touch no more than
 * `harmMax`, and one that covers much and touches nobody leaves room for others.
 */
export function scoreOf(coverage: number, harm: number, harmMax: number): number {
  return coverage - harm / harmMax;
}

/** Of two that are worth about the same and cover about the same the more specific is the better one: it can only touch less. */
const SAME_WORTH = 0.02;

interface Candidate {
  readonly mask: number;
  readonly lines: number;
  readonly score: number;
  /** The share of usual requests that would have all its values if these had nothing to do with each other. */
  readonly chance: number;
}

/**
 * The best conjunction of values for the lines of a surplus in `words`, at least `least` of them; of those as good, the most
 * specific: that of more and rarer values, by the share of usual requests in `shares` that has each. Its bits; undefined when
 * none is worth more than `floor`. `scoreMask` says what one is worth that so many lines match.
 */
export function findSignature(
  values: readonly Value[],
  words: Words,
  shares: readonly number[],
  least: number,
  floor: number,
  scoreMask: (mask: number, lines: number) => number,
): number | undefined {
  const found: Candidate[] = [];
  const extend = (mask: number, from: number, parts: readonly string[], chance: number): void => {
    for (let bit = from; bit < values.length; bit++) {
      const { part } = TRAITS[(values[bit] as Value).trait] as (typeof TRAITS)[number];
      if (parts.includes(part)) continue;
      const narrower = mask | (1 << bit);
      const lines = countMatches(words, narrower);
      if (lines < least) continue;
      const rarer = chance * (shares[bit] as number);
      found.push({ mask: narrower, lines, score: scoreMask(narrower, lines), chance: rarer });
      if (parts.length + 1 < TRAITS_MAX) extend(narrower, bit + 1, [...parts, part], rarer);
    }
  };
  extend(0, 0, [], 1);
  const [most] = found.toSorted((a, b) => b.score - a.score || b.lines - a.lines);
  if (most === undefined) return undefined;
  const linesMin = most.lines - SAME_WORTH * countMatches(words, 0);
  const [best] = found
    .filter(({ score, lines }) => score > floor && score >= most.score - SAME_WORTH && lines >= linesMin)
    .sort((a, b) => a.chance - b.chance || b.score - a.score || a.mask - b.mask);
  return best?.mask;
}
