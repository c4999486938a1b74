/**
 * A digest of usual traffic: a few lines of each minute, by hashes of their traits. It answers whom a match would have
 * touched. Two tables of fixed size, 1.1 MiB: every line taken in about a day, and a sixth of them for about a week.
 */
import type { Backtest } from '../model/lane.ts';
import { TRAITS } from './look.ts';
import { addWord, hasAll, type Value, wordOf } from './signature.ts';

/** Lines taken a minute, at most; of every few lines one, once enough are known: reading one costs as much as judging several. */
const TAKEN_MAX = 15;
const [TAKEN_EVERY, KNOWN_LINES] = [20, 4000];
/** Lines kept: of a day and of a week, if so many are taken each minute. */
const DAY_LINES = 21_600;
const WEEK_LINES = 25_200;
const WEEK_EVERY = 6;
const WIDTH = TRAITS.length;
/** Traits are kept as so many bits of their hashes: two values are taken for one once in 65,536. */
const HASH_MASK = 0xffff;

/** What survives a restart, oldest first: second and client of each line, and its traits. */
export interface DigestState {
  readonly lines: readonly number[];
  readonly traits: readonly number[];
}

export interface UsualTrafficState {
  readonly day: DigestState;
  readonly week: DigestState;
}

/** Lines as a ring. */
class Digest {
  count = 0;
  private readonly lines: Uint32Array;
  private readonly traits: Uint16Array;
  private readonly capacity: number;
  private next = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.lines = new Uint32Array(2 * capacity);
    this.traits = new Uint16Array(WIDTH * capacity);
  }

  add(second: number, client: number, traits: ArrayLike<number>, at: number): void {
    this.lines[2 * this.next] = second;
    this.lines[2 * this.next + 1] = client;
    for (let trait = 0; trait < WIDTH; trait++) {
      this.traits[this.next * WIDTH + trait] = (traits[at + trait] as number) & HASH_MASK;
    }
    this.next = (this.next + 1) % this.capacity;
    if (this.count < this.capacity) this.count++;
  }

  /** Visits the lines from before `before`, oldest first; their traits begin at `at`. */
  visit(before: number, see: (traits: Uint16Array, at: number, client: number) => void): void {
    for (let i = 0; i < this.count; i++) {
      const place = this.place(i);
      if ((this.lines[2 * place] as number) < before)
        see(this.traits, place * WIDTH, this.lines[2 * place + 1] as number);
    }
  }

  /** Second of the oldest line; Infinity without any. */
  get oldest(): number {
    return this.count === 0 ? Number.POSITIVE_INFINITY : (this.lines[2 * this.place(0)] as number);
  }

  /** Drops the lines since `since` that have all these values. */
  drop(since: number, values: readonly Value[]): void {
    const { lines, traits } = this.snapshot();
    this.count = this.next = 0;
    for (let i = 0; i < lines.length / 2; i++) {
      const [second, client] = [lines[2 * i] as number, lines[2 * i + 1] as number];
      if (second < since || !hasAll(values, traits, i * WIDTH)) this.add(second, client, traits, i * WIDTH);
    }
  }

  snapshot(): DigestState {
    const [lines, traits]: [number[], number[]] = [[], []];
    for (let i = 0; i < this.count; i++) {
      const place = this.place(i);
      lines.push(this.lines[2 * place] as number, this.lines[2 * place + 1] as number);
      for (let trait = 0; trait < WIDTH; trait++) traits.push(this.traits[place * WIDTH + trait] as number);
    }
    return { lines, traits };
  }

  restore({ lines, traits }: DigestState): void {
    this.count = this.next = 0;
    for (let i = 0; i < lines.length / 2; i++)
      this.add(lines[2 * i] as number, lines[2 * i + 1] as number, traits, i * WIDTH);
  }

  private place(index: number): number {
    return (this.next - this.count + index + this.capacity) % this.capacity;
  }
}

/** The values as the digest keeps them. */
function fold(values: readonly Value[]): Value[] {
  return values.map(({ trait, hash }) => ({ trait, hash: hash & HASH_MASK }));
}

export class UsualTraffic {
  private readonly day = new Digest(DAY_LINES);
  private readonly week = new Digest(WEEK_LINES);
  private taken = 0;
  private passed = 0;

  /** Begins a minute of `lines` lines: whether to take the next one, until it ends. */
  sample(lines: number): () => boolean {
    const every = Math.max(Math.ceil(lines / TAKEN_MAX), this.day.count < KNOWN_LINES ? 1 : TAKEN_EVERY);
    return () => this.passed++ % every === 0;
  }

  add(second: number, client: number, traits: Uint32Array, at: number): void {
    this.day.add(second, client, traits, at);
    if (this.taken++ % WEEK_EVERY === 0) this.week.add(second, client, traits, at);
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
    const seen = new Set<number>();
    for (const digest of this.digests) digest.visit(before, (traits, at) => seen.add(traits[at + trait] as number));
    return new Set([...hashes].filter((hash) => seen.has(hash & HASH_MASK)));
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
