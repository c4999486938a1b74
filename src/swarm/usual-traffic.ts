/**
 * A digest of usual traffic: a few lines of each minute, by hashes of their traits, in a table of fixed size (0.3 MiB). It
 * answers whom a match would have touched.
 *
 * Which lines are taken does not depend on what is in them, so n lines of which m match say what any n would: what touches a
 * share p of usual requests shows in none of them with probability (1 - p)^n. Lines are taken quickly until the table is
 * full, and then so seldom that it spans a week: it knows no less, and of a longer time.
 */
import type { Backtest } from '../model/lane.ts';
import { Digest, type DigestState, fold, HASH_MASK } from './digest.ts';
import { addWord, hasAll, type Value } from './signature.ts';

/** Lines kept. What none of them has may touch a share of 1/10,800: a tenth of what lanes are allowed. */
const LINES_MAX = 10_800;
/** Lines taken a minute, at most, until so many are known: that takes half a day at least. */
const TAKEN_MAX = 15;
/** Then so few that they span a week, and one of so many where fewer come: to hash each would be most of the watch's cost. */
const [WEEK_MINUTES, ONE_OF] = [10_080, 8];

export type UsualTrafficState = DigestState;

/** Who asks for something, as the lines at hand show it. */
export interface Asking {
  readonly clients: number;
  /** For how many they stand: of those whose lines are not at hand as many again. */
  readonly weight: number;
}

export class UsualTraffic {
  private readonly digest = new Digest(LINES_MAX);
  /** Lines that are due, as a fraction of one. */
  private due = 0;
  /** Each line that is added now stands for so many. */
  private weight = 1;

  /** How many of the `lines` of so many minutes are to be added. */
  quota(lines: number, minutes: number): number {
    const more = this.digest.isFull
      ? Math.min(lines / ONE_OF, (minutes * LINES_MAX) / WEEK_MINUTES)
      : Math.min(lines, minutes * TAKEN_MAX);
    this.weight = lines / more;
    this.due += more;
    const taken = Math.floor(this.due);
    this.due -= taken;
    return taken;
  }

  /** Adds a line by the hashes of its traits. */
  add(second: number, client: number, hashes: Uint32Array): void {
    this.digest.add(second, client, this.weight, hashes);
  }

  /** Lines since `since` with all these values were no usual traffic. */
  drop(since: number, values: readonly Value[]): void {
    this.digest.drop(since, fold(values));
  }

  /** The lines from before `before`, by which of the values they have: see wordOf(). */
  countWords(
    values: readonly Value[],
    before: number,
  ): { readonly words: ReadonlyMap<number, number>; readonly lines: number } {
    const words = new Map<number, number>();
    const found = this.digest.words(fold(values), before);
    for (const word of found) addWord(words, word);
    return { words, lines: found.length };
  }

  /** How many lines from before `before` have all the values. */
  count(values: readonly Value[], before: number): number {
    return this.digest.countMatches(fold(values), before);
  }

  /** Which of the values of one trait any line from before `before` has. */
  findKnown(trait: number, hashes: ReadonlySet<number>, before: number): Set<number> {
    const seen = new Uint8Array(HASH_MASK + 1);
    this.digest.visit(before, (traits, at) => {
      seen[traits[at + trait] as number] = 1;
    });
    return new Set([...hashes].filter((hash) => seen[hash & HASH_MASK] === 1));
  }

  /** Which clients had each of these values of one trait before `before`, and how many clients there were. */
  findAsking(
    trait: number,
    hashes: Iterable<number>,
    before: number,
  ): { readonly all: number; readonly asking: ReadonlyMap<number, Asking> } {
    const [all, having] = [new Set<number>(), new Map<number, Map<number, number>>()];
    const asking = [...hashes].map((hash) => [hash, hash & HASH_MASK] as const);
    for (const [, folded] of asking) having.set(folded, new Map());
    this.digest.visit(before, (traits, at, client, weight) => {
      all.add(client);
      having.get(traits[at + trait] as number)?.set(client, weight);
    });
    const askingOf = (folded: number) => {
      const weights = [...(having.get(folded) as ReadonlyMap<number, number>).values()];
      return { clients: weights.length, weight: weights.reduce((sum, weight) => sum + weight, 0) };
    };
    return { all: all.size, asking: new Map(asking.map(([hash, folded]) => [hash, askingOf(folded)])) };
  }

  /** Whom the values would have touched before `before`; nobody without values. */
  backtest(values: readonly Value[], before: number): Backtest {
    const [clients, matched] = [new Set<number>(), new Set<number>()];
    const folded = fold(values);
    let [requests, requestsMatched] = [0, 0];
    this.digest.visit(before, (traits, at, client) => {
      clients.add(client);
      requests++;
      if (values.length === 0 || !hasAll(folded, traits, at)) return;
      matched.add(client);
      requestsMatched++;
    });
    const oldest = Math.min(before, this.digest.oldest);
    return {
      hours: Math.round((before - oldest) / 360) / 10,
      clients: clients.size,
      clientsMatched: matched.size,
      requests,
      requestsMatched,
    };
  }

  snapshot(): UsualTrafficState {
    return this.digest.snapshot();
  }

  restore(state: UsualTrafficState): void {
    this.digest.restore(state);
  }
}
