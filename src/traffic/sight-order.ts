/**
 * Slots in the order in which they were last seen: a list of sights, of which the newest of each slot counts. To note one
 * writes to its end, where in a linked list both neighbours, anywhere in memory, would change.
 */
import { grown } from '../net/columns.ts';
import type { Records } from './records.ts';

/** Sights that there is room for, for each slot: the more, the rarer those that no longer count are cleared away. */
const SIGHTS = 2;

export class SightOrder {
  private slots: Uint32Array;
  /** None before this one counts; and the one behind the last. */
  private first = 0;
  private end = 0;
  private readonly records: Records;
  /** Word of a slot's record that says which of its sights is the newest. */
  private readonly part: number;

  constructor(records: Records) {
    this.records = records;
    this.part = records.take(1);
    this.slots = new Uint32Array(SIGHTS * records.capacity);
  }

  /** The slot, below the records' capacity, is the last that was seen. */
  note(slot: number): void {
    if (this.end > this.first && this.slots[this.end - 1] === slot) return;
    if (this.end === this.slots.length) this.clear();
    this.setNewest(slot, this.end);
    this.slots[this.end++] = slot;
  }

  /** Takes the slot that was not seen for longest; there must be one. */
  takeOldest(): number {
    while (!this.counts(this.slots[this.first] as number, this.first)) this.first++;
    return this.slots[this.first++] as number;
  }

  /** Slots from the most recently seen on. */
  *recent(): Generator<number> {
    for (let sight = this.end - 1; sight >= this.first; sight--) {
      const slot = this.slots[sight] as number;
      if (this.counts(slot, sight)) yield slot;
    }
  }

  private counts(slot: number, sight: number): boolean {
    const { records } = this;
    return records.words[records.start(slot, this.part)] === sight;
  }

  private setNewest(slot: number, sight: number): void {
    const { records } = this;
    records.words[records.start(slot, this.part)] = sight;
  }

  /** Clears away what does not count, or makes room for more where the records did. */
  private clear(): void {
    const { slots } = this;
    const { capacity } = this.records;
    let kept = 0;
    for (let sight = this.first; sight < this.end; sight++) {
      const slot = slots[sight] as number;
      if (!this.counts(slot, sight)) continue;
      this.setNewest(slot, kept);
      slots[kept++] = slot;
    }
    this.first = 0;
    this.end = kept;
    if (SIGHTS * capacity > slots.length) this.slots = grown(slots, SIGHTS * capacity);
  }
}
