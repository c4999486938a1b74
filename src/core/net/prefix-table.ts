/** Networks to be searched by any number of others: one look-up for each length there is, however many networks. */
import { maskPrefix, type Prefix, prefixContains } from './prefix.ts';

export class PrefixTable<T extends { readonly prefix: Prefix }> {
  private readonly entries: readonly T[];
  /** By family and length, then by network address. The first of equal networks counts. */
  private readonly lengths = new Map<
    string,
    { readonly bits: number; readonly family: 4 | 6; readonly values: Map<bigint, T> }
  >();

  constructor(entries: readonly T[]) {
    this.entries = entries;
    for (const entry of entries) {
      const { family, bits, value } = entry.prefix;
      const key = `${family}/${bits}`;
      const length = this.lengths.get(key) ?? { family, bits, values: new Map<bigint, T>() };
      this.lengths.set(key, length);
      if (!length.values.has(value)) length.values.set(value, entry);
    }
  }

  /** An entry that shares an address with the network: one that contains it before one within it. */
  findOverlap(prefix: Prefix): T | undefined {
    let within = false;
    for (const { family, bits, values } of this.lengths.values()) {
      if (family !== prefix.family) continue;
      if (bits > prefix.bits) within = true;
      else {
        const found = values.get(maskPrefix(prefix, bits).value);
        if (found) return found;
      }
    }
    return within ? this.entries.find((entry) => prefixContains(prefix, entry.prefix)) : undefined;
  }
}
