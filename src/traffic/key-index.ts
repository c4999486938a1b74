/** Client keys (two u32 words) to small slot numbers: open addressing, linear probing, deletion by backward shift. */
import { Records } from './records.ts';

/** Finaliser of MurmurHash3, so that neighbouring addresses don't cluster. */
function hash(high: number, low: number): number {
  let h = Math.imul(high, 0x9e3779b1) ^ low;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export class KeyIndex {
  /** The two words of each slot's key are a part of its record. */
  private readonly records: Records;
  private readonly part: number;
  /** Slot + 1, 0 is free. */
  private table: Int32Array;
  private mask: number;
  private used = 0;

  /** `slots` is the first capacity; grow() raises it. Keys take their place in `records`. */
  constructor(slots: number, records = new Records(2, slots)) {
    const size = 2 ** Math.ceil(Math.log2(slots * 2));
    this.table = new Int32Array(size);
    this.mask = size - 1;
    this.records = records;
    this.part = records.take(2);
  }

  get size(): number {
    return this.used;
  }

  high(slot: number): number {
    const { records } = this;
    return records.words[records.start(slot, this.part)] as number;
  }

  low(slot: number): number {
    const { records } = this;
    return records.words[records.start(slot, this.part) + 1] as number;
  }

  /** The slot that find() looks at first, which is that of most keys; -1 where it looks at none. Waits for no record. */
  guess(high: number, low: number): number {
    return (this.table[hash(high, low) & this.mask] as number) - 1;
  }

  /** The slot of a key, -1 when unknown. */
  find(high: number, low: number): number {
    const { table, mask, records } = this;
    const { words } = records;
    for (let at = hash(high, low) & mask; ; at = (at + 1) & mask) {
      const slot = (table[at] as number) - 1;
      if (slot < 0) return -1;
      const key = records.start(slot, this.part);
      if (words[key + 1] === low && words[key] === high) return slot;
    }
  }

  /** Adds an unknown key under a free slot below the capacity. */
  insert(high: number, low: number, slot: number): void {
    const { words } = this.records;
    const key = this.records.start(slot, this.part);
    words[key] = high;
    words[key + 1] = low;
    this.place(slot);
    this.used++;
  }

  remove(slot: number): void {
    const { table, mask } = this;
    let hole = this.home(slot);
    while (table[hole] !== slot + 1) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; table[at] !== 0; at = (at + 1) & mask) {
      const moved = (table[at] as number) - 1;
      if (((at - this.home(moved)) & mask) < ((at - hole) & mask)) continue;
      table[hole] = moved + 1;
      hole = at;
    }
    table[hole] = 0;
    this.used--;
  }

  /** Makes room for `slots` slots, keeping those there are. */
  grow(slots: number, isUsed: (slot: number) => boolean): void {
    const before = this.records.capacity;
    this.records.reserve(slots);
    const size = 2 ** Math.ceil(Math.log2(slots * 2));
    this.table = new Int32Array(size);
    this.mask = size - 1;
    for (let slot = 0; slot < before; slot++) if (isUsed(slot)) this.place(slot);
  }

  /** Where the slot would stand if nobody else did. */
  private home(slot: number): number {
    return hash(this.high(slot), this.low(slot)) & this.mask;
  }

  private place(slot: number): void {
    const { table, mask } = this;
    let at = this.home(slot);
    while (table[at] !== 0) at = (at + 1) & mask;
    table[at] = slot + 1;
  }
}
