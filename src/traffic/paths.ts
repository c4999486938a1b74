/**
 * What is usual on this site: for each path, about how many clients were served there, how many were refused or redirected,
 * and how many do it again and again, today and yesterday. A table of fixed size; where it is full, the path that fewest asked for makes room.
 */
import { countBits, distinctClients, mixBits } from './hash.ts';

/** 28 bytes each. */
const SLOTS = 65_536;
/** Places at which a path may stand. */
const WAYS = 4;
const DAY = 86_400;
/** Tag and six sets. */
const WORDS = 7;

/** Words of a path in order: tag; served, refused and repeating, each today and yesterday. */
export interface PathsState {
  readonly day: number;
  readonly table: readonly number[];
}

export class Paths {
  /** Paths that had to make room for others. */
  evicted = 0;
  private day = -1;
  private readonly tags = new Uint32Array(SLOTS);
  private served = new Uint32Array(SLOTS);
  private servedBefore = new Uint32Array(SLOTS);
  private refused = new Uint32Array(SLOTS);
  private refusedBefore = new Uint32Array(SLOTS);
  private repeated = new Uint32Array(SLOTS);
  private repeatedBefore = new Uint32Array(SLOTS);

  /** Moves to the day of epoch second `second`. */
  advance(second: number): void {
    const day = Math.floor(second / DAY);
    // A clock that is set back over midnight comes to it again: the day has been turned already.
    if (day === this.day || day === this.day - 1) return;
    const onward = this.day >= 0 && day > this.day;
    this.day = day;
    if (!onward) return;
    [this.served, this.servedBefore] = [this.servedBefore, this.served];
    [this.refused, this.refusedBefore] = [this.refusedBefore, this.refused];
    [this.repeated, this.repeatedBefore] = [this.repeatedBefore, this.repeated];
    this.served.fill(0);
    this.repeated.fill(0);
    this.refused.fill(0);
  }

  /** The place of a path, which is made when there is none. */
  find(hash: number): number {
    const { tags } = this;
    const tag = mixBits(hash) || 1;
    const base = tag & (SLOTS - 1) & ~(WAYS - 1);
    for (let at = base; at < base + WAYS; at++) if (tags[at] === tag) return at;
    let [worst, least] = [base, Number.POSITIVE_INFINITY];
    for (let at = base; at < base + WAYS; at++) {
      const worth = tags[at] === 0 ? -1 : countBits(this.servedAt(at)) + countBits(this.refusedAt(at));
      if (worth < least) [worst, least] = [at, worth];
    }
    if (least >= 0) this.evicted++;
    this.put(worst, tag, []);
    return worst;
  }

  /** About how many clients other than `bit` were served there. */
  othersServed(at: number, bit: number): number {
    return distinctClients(this.servedAt(at) & ~bit);
  }

  /** About how many clients other than `bit` ask there again and again. */
  othersRepeating(at: number, bit: number): number {
    const set = (this.repeated[at] as number) | (this.repeatedBefore[at] as number);
    return set === 0 ? 0 : distinctClients(set & ~bit);
  }

  teachRepeated(at: number, bit: number): void {
    this.repeated[at] = (this.repeated[at] as number) | bit;
  }

  /** About how many clients other than `bit` were refused there. */
  othersRefused(at: number, bit: number): number {
    return distinctClients(this.refusedAt(at) & ~bit);
  }

  teachServed(at: number, bit: number): void {
    this.served[at] = (this.served[at] as number) | bit;
  }

  teachRefused(at: number, bit: number): void {
    this.refused[at] = (this.refused[at] as number) | bit;
  }

  /** As if the client had never asked there. */
  takeBack(at: number, bit: number): void {
    for (const set of this.sets()) {
      set[at] = (set[at] as number) & ~bit;
    }
  }

  /** The paths that at least two clients asked for. */
  snapshot(): PathsState {
    const words: number[] = [];
    // Before the first request nothing is there, and to look for it at every place would be worth compiling.
    const slots = this.day < 0 ? 0 : SLOTS;
    for (let at = 0; at < slots; at++) {
      if (countBits(this.servedAt(at)) < 2 && countBits(this.refusedAt(at)) < 2) continue;
      words.push(this.tags[at] as number, ...this.sets().map((set) => set[at] as number));
    }
    return { day: this.day, table: words };
  }

  restore({ day, table: words }: PathsState): void {
    this.day = day;
    this.tags.fill(0);
    for (let i = 0; i + WORDS <= words.length; i += WORDS) {
      const [tag = 0, ...sets] = words.slice(i, i + WORDS);
      let at = tag & (SLOTS - 1) & ~(WAYS - 1);
      const end = at + WAYS - 1;
      while (at < end && this.tags[at] !== 0) at++;
      this.put(at, tag, sets);
    }
  }

  private servedAt(at: number): number {
    return (this.served[at] as number) | (this.servedBefore[at] as number);
  }

  private refusedAt(at: number): number {
    return (this.refused[at] as number) | (this.refusedBefore[at] as number);
  }

  private sets(): Uint32Array[] {
    return [this.served, this.servedBefore, this.refused, this.refusedBefore, this.repeated, this.repeatedBefore];
  }

  private put(at: number, tag: number, words: readonly number[]): void {
    this.tags[at] = tag;
    this.served[at] = words[0] ?? 0;
    this.servedBefore[at] = words[1] ?? 0;
    this.refused[at] = words[2] ?? 0;
    this.refusedBefore[at] = words[3] ?? 0;
    this.repeated[at] = words[4] ?? 0;
    this.repeatedBefore[at] = words[5] ?? 0;
  }
}
