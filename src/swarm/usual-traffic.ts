/**
 * A digest of usual traffic: a few lines of each minute, by hashes of their traits. It answers whom a match would have
 * touched. Two tables of fixed size, 1.1 MiB: every line taken in about a day, and a sixth of them for about a week.
 */
import type { Backtest } from '../model/lane.ts';
import { Digest, type DigestState, fold, HASH_MASK } from './digest.ts';
import { addWord, hasAll, type Value, wordOf } from './signature.ts';

/** Lines taken a minute, at most. */
export const TAKEN_MAX = 15;
/** Lines kept: of a day and of a week, if so many are taken each minute. */
const DAY_LINES = 21_600;
const WEEK_LINES = 25_200;
const WEEK_EVERY = 6;

export interface UsualTrafficState {
  readonly day: DigestState;
  readonly week: DigestState;
}

export class UsualTraffic {
  private readonly day = new Digest(DAY_LINES);
  private readonly week = new Digest(WEEK_LINES);
  private taken = 0;

  /** Adds a line by the hashes of its traits. */
  add(second: number, client: number, hashes: Uint32Array): void {
    this.day.add(second, client, hashes);
    if (this.taken++ % WEEK_EVERY === 0) this.week.add(second, client, hashes);
  }

  /** Lines since `since` with all these values were no usual traffic. */
  drop(since: number, values: readonly Value[]): void {
    const folded = fold(values);
    for (const digest of this.digests) digest.drop(since, folded);
  }

  /** The lines from before `before`, by which of the values they have: see wordOf(). */
  countWords(
    values: readonly Value[],
    before: number,
  ): { readonly words: ReadonlyMap<number, number>; readonly lines: number } {
    const words = new Map<number, number>();
    let lines = 0;
    const folded = fold(values);
    for (const digest of this.digests) {
      digest.visit(before, (traits, at) => {
        addWord(words, wordOf(folded, traits, at));
        lines++;
      });
    }
    return { words, lines };
  }

  /** Which of the values of one trait any line from before `before` has. */
  findKnown(trait: number, hashes: ReadonlySet<number>, before: number): Set<number> {
    const seen = new Uint8Array(HASH_MASK + 1);
    for (const digest of this.digests) {
      digest.visit(before, (traits, at) => {
        seen[traits[at + trait] as number] = 1;
      });
    }
    return new Set([...hashes].filter((hash) => seen[hash & HASH_MASK] === 1));
  }

  /** Whom the values would have touched before `before`; nobody without values. */
  backtest(values: readonly Value[], before: number): Backtest {
    const [clients, matched] = [new Set<number>(), new Set<number>()];
    const folded = fold(values);
    let [requests, requestsMatched] = [0, 0];
    for (const digest of this.digests) {
      digest.visit(before, (traits, at, client) => {
        clients.add(client);
        requests++;
        if (values.length === 0 || !hasAll(folded, traits, at)) return;
        matched.add(client);
        requestsMatched++;
      });
    }
    const oldest = Math.min(before, ...this.digests.map((digest) => digest.oldest));
    return {
      hours: Math.round((before - oldest) / 360) / 10,
      clients: clients.size,
      clients_matched: matched.size,
      requests,
      requests_matched: requestsMatched,
    };
  }

  snapshot(): UsualTrafficState {
    return { day: this.day.snapshot(), week: this.week.snapshot() };
  }

  restore({ day, week }: UsualTrafficState): void {
    this.day.restore(day);
    this.week.restore(week);
  }

  private get digests(): readonly Digest[] {
    return [this.day, this.week];
  }
}
