/** A thinned sample of ordinary traffic, the last four hours of it or more: what a site-wide anomaly is compared with. */
import { type Dimension, type SiteLine, TRAITS, type Trait } from './site-line.ts';

/** Lines kept; 16 bytes each. */
const LINES_MAX = 2048;
const WORDS = 4;
/** Shares of fewer lines than this say nothing. */
const LINES_MIN = 100;

/** What survives a restart: four words a line, oldest first. */
export type SampleState = readonly number[];

export class SiteSample {
  private words: number[] = [];
  /** Lines of the newest minute, which count once a minute without an anomaly has followed. */
  private pending: number[] = [];

  take({ path, agent, network, traits }: SiteLine): void {
    this.pending.push(path, agent, network, traits);
  }

  /** A minute has passed in which nothing was wrong. */
  commit(): void {
    this.words.push(...this.pending);
    this.pending = [];
    // Not each time: it copies all of them.
    if (this.words.length > 2 * LINES_MAX * WORDS) this.words = this.kept();
  }

  /** The newest minute was not ordinary after all. */
  discard(): void {
    this.pending = [];
  }

  /** Shares of all lines, or only of those that have a trait, or have it not. */
  usual(trait?: Trait, has = true): UsualShares {
    const words = this.kept();
    if (trait === undefined) return new UsualShares(words);
    const isKept = (at: number) => (((words[at - (at % WORDS) + WORDS - 1] as number) & TRAITS[trait]) !== 0) === has;
    return new UsualShares(words.filter((_, at) => isKept(at)));
  }

  snapshot(): SampleState {
    return this.kept();
  }

  restore(state: SampleState): void {
    this.words = [...state];
  }

  private kept(): number[] {
    return this.words.slice(-LINES_MAX * WORDS);
  }
}

/** How often something occurs among the sampled lines: undefined while too little is known. */
export class UsualShares {
  /** Enough lines are known to speak of shares. */
  readonly isKnown: boolean;
  private readonly lines: number;
  private readonly counts: Readonly<Record<Dimension, ReadonlyMap<number, number>>>;
  private readonly traits: readonly number[];

  constructor(words: readonly number[]) {
    this.lines = words.length / WORDS;
    this.isKnown = this.lines >= LINES_MIN;
    const column = (index: number) => words.filter((_, at) => at % WORDS === index);
    const [path = [], agent = [], network = [], traits = []] = [0, 1, 2, 3].map(column);
    this.counts = { path: countKeys(path), agent: countKeys(agent), network: countKeys(network) };
    this.traits = traits;
  }

  /** 0–1. */
  share(dimension: Dimension, key: number): number | undefined {
    return this.ofAll(this.counts[dimension].get(key) ?? 0);
  }

  /** 0–1. */
  traitShare(trait: Trait): number | undefined {
    return this.ofAll(this.traits.filter((traits) => traits & TRAITS[trait]).length);
  }

  /** About how many different ones there are, the rare ones left out (the inverse Simpson index). */
  kinds(dimension: Dimension): number | undefined {
    return this.isKnown ? differentKinds(this.counts[dimension]) : undefined;
  }

  private ofAll(lines: number): number | undefined {
    return this.isKnown ? lines / this.lines : undefined;
  }
}

/** How often each key occurs. */
export function countKeys(keys: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/** The key that occurs most often, 0 times when there is none. */
export function mostFrequent(counts: ReadonlyMap<number, number>): [key: number, count: number] {
  return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), [0, 0]);
}

/** About how many different ones there are, the rare ones left out: 1 / Σ share². */
export function differentKinds(counts: ReadonlyMap<number, number>): number {
  let [sum, squares] = [0, 0];
  for (const count of counts.values()) {
    sum += count;
    squares += count * count;
  }
  return squares === 0 ? 0 : (sum * sum) / squares;
}
