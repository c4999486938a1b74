/** Client keys (two u32 words) to small slot numbers: open addressing, linear probing, deletion by backward shift. */

/** Finaliser of MurmurHash3, so that neighbouring addresses don't cluster. */
function hash(high: number, low: number): number {
  let h = Math.imul(high, 0x9e3779b1) ^ low;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export class KeyIndex {
  /** Keys by slot, kept by the owner of the slots. */
  highs: Uint32Array;
  lows: Uint32Array;
  /** Slot + 1, 0 is free. */
  private table: Int32Array;
  private mask: number;
  private used = 0;

  /** `slots` is the first capacity; grow() raises it. */
  constructor(slots: number) {
    const size = 2 ** Math.ceil(Math.log2(slots * 2));
    this.table = new Int32Array(size);
    this.mask = size - 1;
    this.highs = new Uint32Array(slots);
    this.lows = new Uint32Array(slots);
  }

  get size(): number {
    return this.used;
  }

  /** The slot of a key, -1 when unknown. */
  find(high: number, low: number): number {
    const { table, mask, highs, lows } = this;
    for (let at = hash(high, low) & mask; ; at = (at + 1) & mask) {
      const slot = (table[at] as number) - 1;
      if (slot < 0) return -1;
      if (lows[slot] === low && highs[slot] === high) return slot;
    }
  }

  /** Adds an unknown key under a free slot below the capacity. */
  insert(high: number, low: number, slot: number): void {
    this.highs[slot] = high;
    this.lows[slot] = low;
    this.place(slot);
    this.used++;
  }

  remove(slot: number): void {
    const { table, mask } = this;
    let hole = hash(this.highs[slot] as number, this.lows[slot] as number) & mask;
    while (table[hole] !== slot + 1) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; table[at] !== 0; at = (at + 1) & mask) {
      const moved = (table[at] as number) - 1;
      const home = hash(this.highs[moved] as number, this.lows[moved] as number) & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      table[hole] = moved + 1;
      hole = at;
    }
    table[hole] = 0;
    this.used--;
  }

  /** Makes room for `slots` slots, keeping those there are. */
  grow(slots: number, isUsed: (slot: number) => boolean): void {
    const before = this.highs.length;
    this.highs = grown(this.highs, slots);
    this.lows = grown(this.lows, slots);
    const size = 2 ** Math.ceil(Math.log2(slots * 2));
    this.table = new Int32Array(size);
    this.mask = size - 1;
    for (let slot = 0; slot < before; slot++) if (isUsed(slot)) this.place(slot);
  }

  private place(slot: number): void {
    const { table, mask } = this;
    let at = hash(this.highs[slot] as number, this.lows[slot] as number) & mask;
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
