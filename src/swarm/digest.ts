/** Some lines of usual traffic as a ring: when, whose, and the hashes of their traits, which are found when somebody asks. */
import { TRAITS } from './look.ts';
import { hasAll, type Value } from './signature.ts';
import { type UnreadLine, UnreadLines } from './unread-lines.ts';

const WIDTH = TRAITS.length;
/** In the place of a line that was read at once. */
const READ = new Uint8Array(0);
/** Traits are kept as so many bits of their hashes: two values are taken for one once in 65,536. */
export const HASH_MASK = 0xffff;

/** What survives a restart, oldest first: second and client of each line, and its traits. */
export interface DigestState {
  readonly lines: readonly number[];
  readonly traits: readonly number[];
}

/** Writes the traits of a line as hashes; none for one that can't be read. */
export type ReadTraits = (line: UnreadLine, into: Uint32Array) => void;

/** The values as the digest keeps them. */
export function fold(values: readonly Value[]): Value[] {
  return values.map(({ trait, hash }) => ({ trait, hash: hash & HASH_MASK }));
}

export class Digest {
  private count = 0;
  private readonly lines: Uint32Array;
  private readonly traits: Uint16Array;
  private readonly capacity: number;
  private readonly readTraits: ReadTraits;
  private next = 0;
  /** The newest lines of the ring. */
  private readonly unread = new UnreadLines();
  private readonly hashes = new Uint32Array(WIDTH);

  constructor(capacity: number, readTraits: ReadTraits) {
    this.capacity = capacity;
    this.readTraits = readTraits;
    this.lines = new Uint32Array(2 * capacity);
    this.traits = new Uint16Array(WIDTH * capacity);
  }

  add(second: number, client: number, line: UnreadLine): void {
    if (this.unread.size === this.capacity) this.unread.drop();
    const place = this.append(second, client);
    const isLong = line.bytes.length > UnreadLines.LINE_BYTES_MAX;
    if (isLong) this.read(line, place);
    this.unread.push(isLong ? { ...line, bytes: READ } : line);
  }

  /** Visits the lines from before `before`, oldest first; their traits begin at `at`. */
  visit(before: number, see: (traits: Uint16Array, at: number, client: number) => void): void {
    this.readAll();
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
    this.refill(lines, traits, (i) => (lines[2 * i] as number) < since || !hasAll(values, traits, i * WIDTH));
  }

  snapshot(): DigestState {
    this.readAll();
    const [lines, traits]: [number[], number[]] = [[], []];
    for (let i = 0; i < this.count; i++) {
      const place = this.place(i);
      lines.push(this.lines[2 * place] as number, this.lines[2 * place + 1] as number);
      for (let trait = 0; trait < WIDTH; trait++) traits.push(this.traits[place * WIDTH + trait] as number);
    }
    return { lines, traits };
  }

  restore({ lines, traits }: DigestState): void {
    this.readAll();
    this.refill(lines, traits, () => true);
  }

  private refill(lines: readonly number[], traits: readonly number[], isKept: (index: number) => boolean): void {
    this.count = this.next = 0;
    for (let i = 0; i < lines.length / 2; i++) {
      if (!isKept(i)) continue;
      const place = this.append(lines[2 * i] as number, lines[2 * i + 1] as number);
      for (let trait = 0; trait < WIDTH; trait++) {
        this.traits[place * WIDTH + trait] = traits[i * WIDTH + trait] as number;
      }
    }
  }

  private append(second: number, client: number): number {
    const place = this.next;
    this.lines[2 * place] = second;
    this.lines[2 * place + 1] = client;
    this.next = (place + 1) % this.capacity;
    if (this.count < this.capacity) this.count++;
    return place;
  }

  private readAll(): void {
    for (let i = this.count - this.unread.size; i < this.count; i++) {
      const line = this.unread.shift();
      if (line && line.bytes.length > 0) this.read(line, this.place(i));
    }
  }

  private read(line: UnreadLine, place: number): void {
    this.hashes.fill(0);
    this.readTraits(line, this.hashes);
    for (let trait = 0; trait < WIDTH; trait++) {
      this.traits[place * WIDTH + trait] = (this.hashes[trait] as number) & HASH_MASK;
    }
  }

  private place(index: number): number {
    return (this.next - this.count + index + this.capacity) % this.capacity;
  }
}
