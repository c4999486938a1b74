/** The paths that each client was refused on: a path counts once, and gives its points back when it is served after all. */
import { countBits } from '../traffic/hash.ts';
import type { Records } from '../traffic/records.ts';

/** Paths of a client, as a set of so many bits in words of 32: off by 1.7 (one standard deviation) at 26 paths. */
const BITS = 128;
const SET_WORDS = BITS / 32;
/** A full set would make the next path count for all of them. */
const CROWDED_MAX = 4;
/** The newest ones, which may be served yet. */
const TRIES = 6;

/** Points are remembered in steps of so much, rounded down: nobody gets back more than it cost. */
const POINTS_STEP = 1 / 1000;
const COST = 0xffff;

/** Behind the set stand the newest paths, newest first, of 16 bits, with what each cost below them. */
const WORDS = SET_WORDS + TRIES;

export class Refusals {
  private readonly records: Records;
  private readonly part: number;

  constructor(records: Records) {
    this.records = records;
    this.part = records.take(WORDS);
  }

  /** Every path counts again. */
  forget(slot: number): void {
    const start = this.records.start(slot, this.part);
    this.records.words.fill(0, start, start + SET_WORDS);
  }

  /**
   * How many paths a refusal on the one of this hash (16 bits) stands for: 0 when it was refused there since the set was
   * last empty, above 1 the fuller the set is, since paths fall together in it (linear counting, Whang et al., 1990).
   */
  note(slot: number, hash: number): number {
    const { words } = this.records;
    const start = this.records.start(slot, this.part);
    const [bit, at] = [1 << (hash & 31), start + placeOf(hash)];
    const set = words[at] as number;
    if ((set & bit) !== 0) return 0;
    let full = 0;
    for (let word = start, end = word + SET_WORDS; word < end; word++) full += countBits(words[word] as number);
    words[at] = set | bit;
    return Math.min(CROWDED_MAX, BITS / (BITS - full));
  }

  /** The path, which cost so many points, may be served yet: a client looks before it writes, or follows a redirect. */
  noteTry(slot: number, hash: number, points: number): void {
    const { words } = this.records;
    const newest = this.records.start(slot, this.part) + SET_WORDS;
    words.copyWithin(newest + 1, newest, newest + TRIES - 1);
    words[newest] = (hash << 16) | Math.floor(points / POINTS_STEP);
  }

  /** The path was served: the points to give back, 0 when it was not refused lately. */
  takeBack(slot: number, hash: number): number {
    const { words } = this.records;
    const start = this.records.start(slot, this.part);
    for (let at = start + SET_WORDS; at < start + WORDS; at++) {
      const tried = words[at] as number;
      if (tried >>> 16 !== hash || (tried & COST) === 0) continue;
      words[at] = 0;
      const place = start + placeOf(hash);
      words[place] = (words[place] as number) & ~(1 << (hash & 31));
      return (tried & COST) * POINTS_STEP;
    }
    return 0;
  }
}

/** The word of the set in which the bit of a path stands. */
function placeOf(hash: number): number {
  return (hash >>> 5) % SET_WORDS;
}
