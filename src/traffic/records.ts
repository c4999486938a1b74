/**
 * One record of numbers for each of many things, by slot: its parts belong to different rooms and lie side by side. A processor
 * loads memory in lines of 64 bytes, and on a busy site nearly every request is another client's than the last: each part in a
 * column of its own would be one more place in memory to wait for.
 */
import { grown } from '../net/columns.ts';

/** Slots that there is room for at first. */
export const FIRST_CAPACITY = 1024;
/** Words of a client's record: four lines of memory. */
export const RECORD_WORDS = 64;

export class Records {
  /** Words (u32) of a record. */
  readonly width: number;
  /** Three views of one memory. They are others after it has grown. */
  words: Uint32Array<ArrayBuffer>;
  floats: Float32Array<ArrayBuffer>;
  bytes: Uint8Array<ArrayBuffer>;
  private taken = 0;

  constructor(width: number, capacity = FIRST_CAPACITY) {
    this.width = width;
    const memory = new ArrayBuffer(4 * width * capacity);
    this.words = new Uint32Array(memory);
    this.floats = new Float32Array(memory);
    this.bytes = new Uint8Array(memory);
  }

  /** Slots that there is room for. */
  get capacity(): number {
    return this.words.length / this.width;
  }

  /** Takes the next so many words of every record for one part of it, which start() finds. What is needed together is taken in turn. */
  take(words: number): number {
    const part = this.taken;
    this.taken += words;
    if (this.taken > this.width) throw new Error(`a record of ${this.width} words has no room for ${this.taken}`);
    return part;
  }

  /** The word at which a part of a slot's record begins. */
  start(slot: number, part: number): number {
    return this.width * slot + part;
  }

  /** Makes room for slots below `capacity`. */
  reserve(capacity: number): void {
    if (capacity <= this.capacity) return;
    this.words = grown(this.words, this.width * capacity);
    const memory = this.words.buffer;
    this.floats = new Float32Array(memory);
    this.bytes = new Uint8Array(memory);
  }
}
