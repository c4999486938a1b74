/** Client keys (two u32 words) to small slot numbers: open addressing, linear probing, deletion by backward shift. */

/** Finaliser of MurmurHash3, so that neighbouring addresses don't cluster. */
function hash(high: number, low: number): number {
  let h = Math.imul(high, 0x9e3779b1) ^ low;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export class KeyIndex {
  /** By slot: both words of its key. */
  private keys: Uint32Array;
  /** Slot + 1, 0 is free. */
  private table: Int32Array;
  private mask: number;
  private used = 0;

  /** `slots` is the first capacity; grow() raises it. */
  constructor(slots: number) {
    const size = 2 ** Math.ceil(Math.log2(slots * 2));
    this.table = new Int32Array(size);
    this.mask = size - 1;
    this.keys = new Uint32Array(2 * slots);
  }

  get size(): number {
    return this.used;
  }

  high(slot: number): number {
    return this.keys[2 * slot] as number;
  }

  low(slot: number): number {
    return this.keys[2 * slot + 1] as number;
  }

  /** The slot of a key, -1 when unknown. */
  find(high: number, low: number): number {
    const { table, mask, keys } = this;
    for (let at = hash(high, low) & mask; ; at = (at + 1) & mask) {
      const slot = (table[at] as number) - 1;
      if (slot < 0) return -1;
      if (keys[2 * slot + 1] === low && keys[2 * slot] === high) return slot;
    }
  }

  /** Adds an unknown key under a free slot below the capacity. */
  insert(high: number, low: number, slot: number): void {
    this.keys[2 * slot] = high;
    this.keys[2 * slot + 1] = low;
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
    const before = this.keys.length / 2;
    this.keys = grown(this.keys, 2 * slots);
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

type Column = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/** A copy of a column with room for `length` numbers. */
export function grown<T extends Column>(column: T, length: number): T {
  const copy = new (column.constructor as new (length: number) => T)(length);
  copy.set(column);
  return copy;
}
