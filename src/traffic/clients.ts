/** What is known of every client: sums over the window, bans in force, and order of last sight. */
import { KeyIndex } from './key-index.ts';
import { FIRST_CAPACITY, RECORD_WORDS, Records } from './records.ts';
import { SightOrder } from './sight-order.ts';

/** The end of a permanent ban. */
export const PERMANENT = 0xffff_ffff;
/** In the place of an entry of the window. */
export const NO_ENTRY = 0;

/** What stands in a client's record behind its key. */
const [REQUESTS, WEIGHT, ERRORS, LEARNING, FIRST_SECOND, LAST_SECOND, FLAGGED_UNTIL, BANNED_UNTIL, ENTRY, GENERATION] =
  [2, 3, 4, 5, 6, 7, 8, 9, 10, 11] as const;
const NUMBERS = 10;
const GENERATIONS = 0x1_0000;

export class Clients {
  /** Clients with requests in the window. */
  active = 0;
  /** Clients evicted because the limit was reached. */
  evicted = 0;
  /** Everything that is kept of a client for its next request; others take their parts of it. */
  readonly records = new Records(RECORD_WORDS);
  private readonly index = new KeyIndex(FIRST_CAPACITY, this.records);
  private readonly order: SightOrder;
  private readonly clientsMax: number;

  constructor(clientsMax: number) {
    this.clientsMax = clientsMax;
    this.records.take(NUMBERS);
    this.order = new SightOrder(this.records);
  }

  get size(): number {
    return this.index.size;
  }

  /** Slots that there is room for. */
  get capacity(): number {
    return this.records.capacity;
  }

  high(slot: number): number {
    return this.index.high(slot);
  }

  low(slot: number): number {
    return this.index.low(slot);
  }

  find(high: number, low: number): number {
    return this.index.find(high, low);
  }

  /** The slot that a key has most likely: what find() looks at first. */
  guess(high: number, low: number): number {
    return this.index.guess(high, low);
  }

  /** Reads each line of a client's record, so that they are at hand when its request comes; what it returns means nothing. */
  fetch(slot: number): number {
    const { words } = this.records;
    const at = RECORD_WORDS * slot;
    return (words[at] as number) + (words[at + 16] as number) + (words[at + 32] as number) + (words[at + 48] as number);
  }

  /** Adds a client first seen at `second`; the one not seen for longest makes room when the limit is reached. */
  add(high: number, low: number, second: number): number {
    let slot = this.index.size;
    if (slot >= this.clientsMax) {
      slot = this.order.takeOldest();
      this.index.remove(slot);
      this.evicted++;
    } else if (slot >= this.capacity) this.index.grow(Math.min(this.clientsMax, slot * 2), () => true);
    this.index.insert(high, low, slot);
    this.forget(slot);
    const { words } = this.records;
    const at = RECORD_WORDS * slot;
    words[at + LEARNING] = words[at + FLAGGED_UNTIL] = words[at + BANNED_UNTIL] = 0;
    words[at + FIRST_SECOND] = words[at + LAST_SECOND] = second;
    this.order.note(slot);
    return slot;
  }

  /** Sums over the window: requests, their weight, those answered 4xx. */
  requests(slot: number): number {
    return this.records.words[RECORD_WORDS * slot + REQUESTS] as number;
  }

  weight(slot: number): number {
    return this.records.words[RECORD_WORDS * slot + WEIGHT] as number;
  }

  errors(slot: number): number {
    return this.records.words[RECORD_WORDS * slot + ERRORS] as number;
  }

  /** Adds to the sums over the window what enters it, or with negative numbers what leaves it. */
  count(slot: number, requests: number, weight: number, errors: number): void {
    const { words } = this.records;
    const at = RECORD_WORDS * slot;
    const before = words[at + REQUESTS] as number;
    if (before === 0) this.active++;
    if (before + requests === 0) this.active--;
    words[at + REQUESTS] = before + requests;
    words[at + WEIGHT] = (words[at + WEIGHT] as number) + weight;
    words[at + ERRORS] = (words[at + ERRORS] as number) + errors;
  }

  /** Adds to the weight of the minute that is being learned; what it was before. */
  learn(slot: number, weight: number): number {
    const at = RECORD_WORDS * slot + LEARNING;
    const before = this.records.words[at] as number;
    this.records.words[at] = before + weight;
    return before;
  }

  /** Ends the minute that is being learned; its weight. */
  takeLearned(slot: number): number {
    const at = RECORD_WORDS * slot + LEARNING;
    const learned = this.records.words[at] as number;
    this.records.words[at] = 0;
    return learned;
  }

  /** Epoch seconds. */
  firstSecond(slot: number): number {
    return this.records.words[RECORD_WORDS * slot + FIRST_SECOND] as number;
  }

  lastSecond(slot: number): number {
    return this.records.words[RECORD_WORDS * slot + LAST_SECOND] as number;
  }

  /** Not learned from, nor judged again, up to and including this second. */
  flaggedUntil(slot: number): number {
    return this.records.words[RECORD_WORDS * slot + FLAGGED_UNTIL] as number;
  }

  flag(slot: number, until: number): void {
    this.records.words[RECORD_WORDS * slot + FLAGGED_UNTIL] = until;
  }

  /** Ban in force before this second; 0 is none. */
  bannedUntil(slot: number): number {
    return this.records.words[RECORD_WORDS * slot + BANNED_UNTIL] as number;
  }

  ban(slot: number, until: number): void {
    this.records.words[RECORD_WORDS * slot + BANNED_UNTIL] = until;
  }

  /** The client's entry in the window (window.ts) of its last second, or NO_ENTRY. */
  entry(slot: number): number {
    return this.records.words[RECORD_WORDS * slot + ENTRY] as number;
  }

  setEntry(slot: number, entry: number): void {
    this.records.words[RECORD_WORDS * slot + ENTRY] = entry;
  }

  /** No client trusts its entry in the window any more. */
  forgetEntries(): void {
    for (let slot = 0; slot < this.size; slot++) this.setEntry(slot, NO_ENTRY);
  }

  /** Changes whenever older entries in the window no longer belong to the slot. */
  generation(slot: number): number {
    return this.records.words[RECORD_WORDS * slot + GENERATION] as number;
  }

  /** Empties the client's window: its entries there no longer count for it. */
  forget(slot: number): void {
    const { words } = this.records;
    const at = RECORD_WORDS * slot;
    if ((words[at + REQUESTS] as number) > 0) this.active--;
    words[at + REQUESTS] = words[at + WEIGHT] = words[at + ERRORS] = 0;
    words[at + ENTRY] = NO_ENTRY;
    words[at + GENERATION] = ((words[at + GENERATION] as number) + 1) % GENERATIONS;
  }

  /** Notes that the client was seen in a newer second: it becomes the last to be evicted. */
  touch(slot: number, second: number): void {
    this.records.words[RECORD_WORDS * slot + LAST_SECOND] = second;
    this.setEntry(slot, NO_ENTRY);
    this.order.note(slot);
  }

  /** Slots from the most recently seen on. */
  recent(): Generator<number> {
    return this.order.recent();
  }
}
