/** Some lines of usual traffic as a ring: when, whose, for how many they stand, and the hashes of their traits, which are found when somebody asks. */
import { TRAITS } from './look.ts';
import { hasAll, type Value } from './signature.ts';

const WIDTH = TRAITS.length;
/** Traits are kept as so many bits of their hashes: two values are taken for one once in 65,536. */
export const HASH_MASK = 0xffff;

/** Of each line: its second, its client, and for how many lines it stands. */
const [LINE_WIDTH, CLIENT, WEIGHT] = [3, 1, 2];

/** What survives a restart, oldest first: second, client and weight of each line, and its traits. */
export interface DigestState {
  readonly lines: readonly number[];
  readonly traits: readonly number[];
}

/** The values as the digest keeps them. */
export function fold(values: readonly Value[]): Value[] {
  return values.map(({ trait, hash }) => ({ trait, hash: hash & HASH_MASK }));
}

export class Digest {
  private count = 0;
  private readonly lines: Uint32Array;
  private readonly traits: Uint16Array;
  private readonly capacity: number;
  private next = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.lines = new Uint32Array(LINE_WIDTH * capacity);
    this.traits = new Uint16Array(WIDTH * capacity);
  }

  get isFull(): boolean {
    return this.count === this.capacity;
  }

  /** Adds a line that stands for `weight` of them, by the hashes of its traits. */
  add(second: number, client: number, weight: number, hashes: ArrayLike<number>, from = 0): void {
    const place = this.next;
    const line = place * LINE_WIDTH;
    this.lines[line] = second;
    this.lines[line + CLIENT] = client;
    this.lines[line + WEIGHT] = Math.round(weight);
    for (let trait = 0; trait < WIDTH; trait++) {
      this.traits[place * WIDTH + trait] = (hashes[from + trait] as number) & HASH_MASK;
    }
    this.next = (place + 1) % this.capacity;
    if (this.count < this.capacity) this.count++;
  }

  /** Visits the lines from before `before`, oldest first; their traits begin at `at`. */
  visit(before: number, see: (traits: Uint16Array, at: number, client: number, weight: number) => void): void {
    const { lines, traits } = this;
    for (let i = 0; i < this.count; i++) {
      const place = this.place(i);
      const line = place * LINE_WIDTH;
      if ((lines[line] as number) < before)
        see(traits, place * WIDTH, lines[line + CLIENT] as number, lines[line + WEIGHT] as number);
    }
  }

  /**
   * Which of the values each line from before `before` has: a bit each. Value by value, because a short loop over numbers is
   * compiled at once, and searches are too few for anything longer.
   */
  words(values: readonly Value[], before: number): Uint32Array {
    const words = new Uint32Array(this.count);
    for (const [bit, { trait, hash }] of values.entries()) mark(words, this.traits, trait, hash, 1 << bit);
    let kept = 0;
    for (let place = 0; place < words.length; place++)
      if ((this.lines[place * LINE_WIDTH] as number) < before) words[kept++] = words[place] as number;
    return words.subarray(0, kept);
  }

  /** How many lines from before `before` have all of the values. */
  countMatches(values: readonly Value[], before: number): number {
    const { lines, traits } = this;
    let count = 0;
    for (let place = 0; place < this.count; place++) {
      if ((lines[place * LINE_WIDTH] as number) < before && hasAll(values, traits, place * WIDTH)) count++;
    }
    return count;
  }

  /** Second of the oldest line; Infinity without any. */
  get oldest(): number {
    return this.count === 0 ? Number.POSITIVE_INFINITY : (this.lines[this.place(0) * LINE_WIDTH] as number);
  }

  /** Drops the lines since `since` that have all these values. */
  drop(since: number, values: readonly Value[]): void {
    if (this.countMatches(values, Number.POSITIVE_INFINITY) === this.countMatches(values, since)) return;
    const { lines, traits } = this.snapshot();
    this.refill(lines, traits, (i) => (lines[i * LINE_WIDTH] as number) < since || !hasAll(values, traits, i * WIDTH));
  }

  snapshot(): DigestState {
    const [lines, traits]: [number[], number[]] = [[], []];
    for (let i = 0; i < this.count; i++) {
      const place = this.place(i);
      for (let part = 0; part < LINE_WIDTH; part++) lines.push(this.lines[place * LINE_WIDTH + part] as number);
      for (let trait = 0; trait < WIDTH; trait++) traits.push(this.traits[place * WIDTH + trait] as number);
    }
    return { lines, traits };
  }

  /** Lines of a version that had other traits are left out. */
  restore({ lines, traits }: DigestState): void {
    if (traits.length * LINE_WIDTH === lines.length * WIDTH) this.refill(lines, traits, () => true);
  }

  private refill(lines: readonly number[], traits: readonly number[], isKept: (index: number) => boolean): void {
    this.count = this.next = 0;
    for (let i = 0; i < lines.length / LINE_WIDTH; i++) {
      const [second = 0, client = 0, weight = 1] = lines.slice(i * LINE_WIDTH, (i + 1) * LINE_WIDTH);
      if (isKept(i)) this.add(second, client, weight, traits, i * WIDTH);
    }
  }

  private place(index: number): number {
    return (this.next - this.count + index + this.capacity) % this.capacity;
  }
}

/** Sets `bit` in the words of the lines that have the value. */
function mark(words: Uint32Array, traits: Uint16Array, trait: number, hash: number, bit: number): void {
  for (let line = 0, at = trait; line < words.length; line++, at += WIDTH) {
    if (traits[at] === hash) words[line] = (words[line] as number) | bit;
  }
}
