/** Networks to be searched by any number of others, without looking at all of them. */
import { type Prefix, WIDTH } from './prefix.ts';

/** An address as it is looked up: of IPv4 a small integer, because a search through fifteen lengths takes two thirds longer by bigints. */
type Address = number | bigint;

/** Entries by their networks; the first of equal networks counts. */
interface Length<T> {
  readonly family: 4 | 6;
  readonly bits: number;
  readonly mask: Address;
  readonly values: Map<Address, T>;
}

const addressOf = ({ family, value }: Prefix): Address => (family === 4 ? Number(value) | 0 : value);

/** A shift by 32 would be none. */
const maskOf = (family: 4 | 6, bits: number): Address =>
  family === 4 ? (bits === 0 ? 0 : -1 << (32 - bits)) : -1n << BigInt(128 - bits);

const networkOf = (address: Address, mask: Address): Address =>
  typeof address === 'number' ? address & Number(mask) : address & BigInt(mask);

export class PrefixTable<T extends { readonly prefix: Prefix }> {
  /** The networks of each family and length, by their addresses. */
  private readonly lengths: { readonly [family in 4 | 6]: readonly Length<T>[] };
  /** By family, in the order of addresses; made when it is first needed. */
  private readonly sorted: { [family in 4 | 6]?: readonly T[] } = {};

  constructor(entries: Iterable<T>) {
    const lengths = new Map<string, Length<T>>();
    for (const entry of entries) {
      const { family, bits } = entry.prefix;
      const key = `${family}/${bits}`;
      const length = lengths.get(key) ?? { family, bits, mask: maskOf(family, bits), values: new Map<Address, T>() };
      lengths.set(key, length);
      const address = addressOf(entry.prefix);
      if (!length.values.has(address)) length.values.set(address, entry);
    }
    const all = [...lengths.values()];
    this.lengths = { 4: all.filter(({ family }) => family === 4), 6: all.filter(({ family }) => family === 6) };
  }

  /** An entry that shares an address with the network: one that contains it before one within it. */
  findOverlap(prefix: Prefix): T | undefined {
    const address = addressOf(prefix);
    const lengths = this.lengths[prefix.family];
    // No iterator: until it is optimized, each step of one makes an object.
    for (let at = 0; at < lengths.length; at++) {
      const length = lengths[at] as Length<T>;
      const entry = length.bits <= prefix.bits && length.values.get(networkOf(address, length.mask));
      if (entry) return entry;
    }
    // Within a single address is nothing but itself: most bans are of one.
    return prefix.bits === WIDTH[prefix.family] ? undefined : this.within(prefix).next().value;
  }

  /** The entries that contain the network, itself included. */
  containing(prefix: Prefix): T[] {
    const found: T[] = [];
    const address = addressOf(prefix);
    for (const length of this.lengths[prefix.family]) {
      if (length.bits > prefix.bits) continue;
      const entry = length.values.get(networkOf(address, length.mask));
      if (entry) found.push(entry);
    }
    return found;
  }

  /** The entries within the network, itself included, in the order of addresses. */
  *within({ family, value, bits }: Prefix): Generator<T, undefined> {
    const entries = this.sort(family);
    const end = value + (1n << BigInt(WIDTH[family] - bits));
    for (let at = seek(entries, value); at < entries.length; at++) {
      const entry = entries[at] as T;
      if (entry.prefix.value >= end) return;
      if (entry.prefix.bits >= bits) yield entry;
    }
  }

  private sort(family: 4 | 6): readonly T[] {
    this.sorted[family] ??= this.lengths[family]
      .flatMap(({ values }) => [...values.values()])
      .sort(({ prefix: a }, { prefix: b }) => (a.value < b.value ? -1 : a.value > b.value ? 1 : a.bits - b.bits));
    return this.sorted[family];
  }
}

/** Index of the first entry at or after an address. */
function seek(entries: readonly { readonly prefix: Prefix }[], value: bigint): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle]?.prefix.value ?? value) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
