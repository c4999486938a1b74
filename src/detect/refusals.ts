/** The paths that each client was refused on: a path counts once, and gives its points back when it is served after all. */
import { countBits } from '../traffic/hash.ts';
import { grown } from '../traffic/key-index.ts';

const FIRST_CAPACITY = 1024;
/** Paths of a client, as a set of so many bits in words of 32: off by 1.7 (one standard deviation) at 26 paths. */
const BITS = 128;
const WORDS = BITS / 32;
/** A full set would make the next path count for all of them. */
const CROWDED_MAX = 4;
/** The newest ones, which may be served yet. */
const TRIES = 8;

/** Points are remembered in steps of so much, rounded down: nobody gets back more than it cost. */
const POINTS_STEP = 1 / 50;

/** 41 bytes a client. */
export class Refusals {
  private paths = new Uint32Array(WORDS * FIRST_CAPACITY);
  private tries = new Uint16Array(TRIES * FIRST_CAPACITY);
  private costs = new Uint8Array(TRIES * FIRST_CAPACITY);
  private turn = new Uint8Array(FIRST_CAPACITY);

  reserve(capacity: number): void {
    this.paths = grown(this.paths, WORDS * capacity);
    this.tries = grown(this.tries, TRIES * capacity);
    this.costs = grown(this.costs, TRIES * capacity);
    this.turn = grown(this.turn, capacity);
  }

  reset(slot: number): void {
    this.forget(slot);
    this.turn[slot] = 0;
    this.costs.fill(0, TRIES * slot, TRIES * (slot + 1));
  }

  /** Every path counts again. */
  forget(slot: number): void {
    this.paths.fill(0, WORDS * slot, WORDS * (slot + 1));
  }

  /**
   * How many paths a refusal on the one of this hash (16 bits) stands for: 0 when it was refused there since the set was
   * last empty, above 1 the fuller the set is, since paths fall together in it (linear counting, Whang et al., 1990).
   */
  note(slot: number, hash: number): number {
    const [bit, at] = [1 << (hash & 31), placeOf(slot, hash)];
    const set = this.paths[at] as number;
    if ((set & bit) !== 0) return 0;
    let full = 0;
    for (let word = WORDS * slot, end = word + WORDS; word < end; word++) full += countBits(this.paths[word] as number);
    this.paths[at] = set | bit;
    return Math.min(CROWDED_MAX, BITS / (BITS - full));
  }

  /** The path, which cost so many points, may be served yet: a client looks before it writes, or follows a redirect. */
  noteTry(slot: number, hash: number, points: number): void {
    const turn = this.turn[slot] as number;
    this.turn[slot] = (turn + 1) % TRIES;
    this.tries[TRIES * slot + turn] = hash;
    this.costs[TRIES * slot + turn] = Math.min(255, Math.floor(points / POINTS_STEP + 1e-6));
  }

  /** The path was served: the points to give back, 0 when it was not refused lately. */
  takeBack(slot: number, hash: number): number {
    for (let at = TRIES * slot, end = at + TRIES; at < end; at++) {
      if (this.tries[at] !== hash || this.costs[at] === 0) continue;
      const points = (this.costs[at] as number) * POINTS_STEP;
      this.costs[at] = 0;
      const place = placeOf(slot, hash);
      this.paths[place] = (this.paths[place] as number) & ~(1 << (hash & 31));
      return points;
    }
    return 0;
  }
}

/** The word in which the bit of a path stands. */
function placeOf(slot: number, hash: number): number {
  return WORDS * slot + ((hash >>> 5) % WORDS);
}
