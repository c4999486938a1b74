/** What is known of every client, in columns of numbers: sums over the window, bans in force, and order of last sight. */
import { grown, KeyIndex } from './key-index.ts';

/** Slots that the columns of clients have at first. */
export const FIRST_CAPACITY = 1024;
/** bannedUntil of a permanent ban. */
export const PERMANENT = 0xffff_ffff;

export class Clients {
  /** Sums over the window: requests, their weight, those answered 4xx. */
  requests = new Uint32Array(FIRST_CAPACITY);
  weight = new Uint32Array(FIRST_CAPACITY);
  errors = new Uint32Array(FIRST_CAPACITY);
  /** Weight in the minute that is being learned. */
  learning = new Uint32Array(FIRST_CAPACITY);
  /** Epoch seconds. */
  firstSecond = new Uint32Array(FIRST_CAPACITY);
  lastSecond = new Uint32Array(FIRST_CAPACITY);
  /** Not learned from, nor judged again, up to and including this second. */
  flaggedUntil = new Uint32Array(FIRST_CAPACITY);
  /** Ban in force before this second; 0 is none. */
  bannedUntil = new Uint32Array(FIRST_CAPACITY);
  /** Window entry of lastSecond (window.ts), -1 is none. */
  entry = new Int32Array(FIRST_CAPACITY);
  /** Raised whenever older window entries no longer belong to the slot. */
  generation = new Uint16Array(FIRST_CAPACITY);
  /** Clients with requests in the window. */
  active = 0;
  /** Clients evicted because the limit was reached. */
  evicted = 0;

  private readonly index = new KeyIndex(FIRST_CAPACITY);
  private readonly clientsMax: number;
  private newer = new Int32Array(FIRST_CAPACITY);
  private older = new Int32Array(FIRST_CAPACITY);
  private newest = -1;
  private oldest = -1;

  constructor(clientsMax: number) {
    this.clientsMax = clientsMax;
  }

  get size(): number {
    return this.index.size;
  }

  high(slot: number): number {
    return this.index.highs[slot] as number;
  }

  low(slot: number): number {
    return this.index.lows[slot] as number;
  }

  find(high: number, low: number): number {
    return this.index.find(high, low);
  }

  /** Adds a client first seen at `second`; the one not seen for longest makes room when the limit is reached. */
  add(high: number, low: number, second: number): number {
    let slot = this.index.size;
    if (slot >= this.clientsMax) {
      slot = this.oldest;
      this.unlink(slot);
      this.index.remove(slot);
      this.evicted++;
    } else if (slot >= this.requests.length) this.grow(Math.min(this.clientsMax, slot * 2));
    this.index.insert(high, low, slot);
    this.forget(slot);
    this.learning[slot] = this.flaggedUntil[slot] = this.bannedUntil[slot] = 0;
    this.firstSecond[slot] = this.lastSecond[slot] = second;
    this.link(slot);
    return slot;
  }

  /** Empties the client's window: its entries there no longer count for it. */
  forget(slot: number): void {
    if ((this.requests[slot] as number) > 0) this.active--;
    this.requests[slot] = this.weight[slot] = this.errors[slot] = 0;
    this.entry[slot] = -1;
    this.generation[slot] = ((this.generation[slot] as number) + 1) & 0xffff;
  }

  /** Notes that the client was seen in a newer second: it becomes the last to be evicted. */
  touch(slot: number, second: number): void {
    this.lastSecond[slot] = second;
    this.entry[slot] = -1;
    if (slot === this.newest) return;
    this.unlink(slot);
    this.link(slot);
  }

  /** Slots from the most recently seen on. */
  *recent(): Generator<number> {
    for (let slot = this.newest; slot >= 0; slot = this.older[slot] as number) yield slot;
  }

  private link(slot: number): void {
    this.newer[slot] = -1;
    this.older[slot] = this.newest;
    if (this.newest >= 0) this.newer[this.newest] = slot;
    else this.oldest = slot;
    this.newest = slot;
  }

  private unlink(slot: number): void {
    const [newer, older] = [this.newer[slot] as number, this.older[slot] as number];
    if (newer >= 0) this.older[newer] = older;
    else this.newest = older;
    if (older >= 0) this.newer[older] = newer;
    else this.oldest = newer;
  }

  private grow(capacity: number): void {
    this.index.grow(capacity, () => true);
    for (const name of [
      'requests',
      'weight',
      'errors',
      'learning',
      'firstSecond',
      'lastSecond',
      'flaggedUntil',
      'bannedUntil',
    ] as const) {
      this[name] = grown(this[name], capacity);
    }
    this.entry = grown(this.entry, capacity);
    this.generation = grown(this.generation, capacity);
    this.newer = grown(this.newer, capacity);
    this.older = grown(this.older, capacity);
  }
}
