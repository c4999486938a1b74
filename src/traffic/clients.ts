/** What is known of every client: sums over the window, bans in force, and order of last sight. */
import { grown, KeyIndex } from './key-index.ts';

/** Slots that the columns of clients have at first. */
export const FIRST_CAPACITY = 1024;
/** Clients kept track of by default: in a window of a busy site there are thousands; a million take 443 MiB (docs/measurements.md). */
export const CLIENTS_MAX = 1_000_000;
/** The end of a permanent ban. */
export const PERMANENT = 0xffff_ffff;
/** In the place of an entry of the window. */
export const NO_ENTRY = 0;

/** The numbers of a client lie side by side: a request needs most of them, and finds them in one place of memory. */
const [REQUESTS, WEIGHT, ERRORS, LEARNING, FIRST_SECOND, LAST_SECOND, FLAGGED_UNTIL, BANNED_UNTIL, ENTRY, GENERATION] =
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;
const NUMBERS = 10;
/** The neighbours of a client in the order of last sight, -1 for none. */
const [NEWER, OLDER] = [0, 1] as const;
const LINKS = 2;
const GENERATIONS = 0x1_0000;

export class Clients {
  /** Clients with requests in the window. */
  active = 0;
  /** Clients evicted because the limit was reached. */
  evicted = 0;

  private numbers = new Uint32Array(NUMBERS * FIRST_CAPACITY);
  private links = new Int32Array(LINKS * FIRST_CAPACITY);
  private readonly index = new KeyIndex(FIRST_CAPACITY);
  private readonly clientsMax: number;
  private newest = -1;
  private oldest = -1;

  constructor(clientsMax: number) {
    this.clientsMax = clientsMax;
  }

  get size(): number {
    return this.index.size;
  }

  /** Slots that there is room for. */
  get capacity(): number {
    return this.links.length / LINKS;
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

  /** Reads where the numbers of a client begin and end, so that they are at hand when its request comes; what it returns means nothing. */
  fetch(slot: number): number {
    const { numbers, links } = this;
    const at = NUMBERS * slot;
    return (numbers[at] as number) + (numbers[at + NUMBERS - 1] as number) + (links[LINKS * slot] as number);
  }

  /** Adds a client first seen at `second`; the one not seen for longest makes room when the limit is reached. */
  add(high: number, low: number, second: number): number {
    let slot = this.index.size;
    if (slot >= this.clientsMax) {
      slot = this.oldest;
      this.unlink(slot);
      this.index.remove(slot);
      this.evicted++;
    } else if (slot >= this.capacity) this.grow(Math.min(this.clientsMax, slot * 2));
    this.index.insert(high, low, slot);
    this.forget(slot);
    const { numbers } = this;
    const at = NUMBERS * slot;
    numbers[at + LEARNING] = numbers[at + FLAGGED_UNTIL] = numbers[at + BANNED_UNTIL] = 0;
    numbers[at + FIRST_SECOND] = numbers[at + LAST_SECOND] = second;
    this.link(slot);
    return slot;
  }

  /** Sums over the window: requests, their weight, those answered 4xx. */
  requests(slot: number): number {
    return this.numbers[NUMBERS * slot + REQUESTS] as number;
  }

  weight(slot: number): number {
    return this.numbers[NUMBERS * slot + WEIGHT] as number;
  }

  errors(slot: number): number {
    return this.numbers[NUMBERS * slot + ERRORS] as number;
  }

  /** Adds to the sums over the window what enters it, or with negative numbers what leaves it. */
  count(slot: number, requests: number, weight: number, errors: number): void {
    const { numbers } = this;
    const at = NUMBERS * slot;
    const before = numbers[at + REQUESTS] as number;
    if (before === 0) this.active++;
    if (before + requests === 0) this.active--;
    numbers[at + REQUESTS] = before + requests;
    numbers[at + WEIGHT] = (numbers[at + WEIGHT] as number) + weight;
    numbers[at + ERRORS] = (numbers[at + ERRORS] as number) + errors;
  }

  /** Adds to the weight of the minute that is being learned; what it was before. */
  learn(slot: number, weight: number): number {
    const at = NUMBERS * slot + LEARNING;
    const before = this.numbers[at] as number;
    this.numbers[at] = before + weight;
    return before;
  }

  /** Ends the minute that is being learned; its weight. */
  takeLearned(slot: number): number {
    const at = NUMBERS * slot + LEARNING;
    const learned = this.numbers[at] as number;
    this.numbers[at] = 0;
    return learned;
  }

  /** Epoch seconds. */
  firstSecond(slot: number): number {
    return this.numbers[NUMBERS * slot + FIRST_SECOND] as number;
  }

  lastSecond(slot: number): number {
    return this.numbers[NUMBERS * slot + LAST_SECOND] as number;
  }

  /** Not learned from, nor judged again, up to and including this second. */
  flaggedUntil(slot: number): number {
    return this.numbers[NUMBERS * slot + FLAGGED_UNTIL] as number;
  }

  flag(slot: number, until: number): void {
    this.numbers[NUMBERS * slot + FLAGGED_UNTIL] = until;
  }

  /** Ban in force before this second; 0 is none. */
  bannedUntil(slot: number): number {
    return this.numbers[NUMBERS * slot + BANNED_UNTIL] as number;
  }

  ban(slot: number, until: number): void {
    this.numbers[NUMBERS * slot + BANNED_UNTIL] = until;
  }

  /** The client's entry in the window (window.ts) of its last second, or NO_ENTRY. */
  entry(slot: number): number {
    return this.numbers[NUMBERS * slot + ENTRY] as number;
  }

  setEntry(slot: number, entry: number): void {
    this.numbers[NUMBERS * slot + ENTRY] = entry;
  }

  /** No client trusts its entry in the window any more. */
  forgetEntries(): void {
    for (let slot = 0; slot < this.size; slot++) this.setEntry(slot, NO_ENTRY);
  }

  /** Changes whenever older entries in the window no longer belong to the slot. */
  generation(slot: number): number {
    return this.numbers[NUMBERS * slot + GENERATION] as number;
  }

  /** Empties the client's window: its entries there no longer count for it. */
  forget(slot: number): void {
    const { numbers } = this;
    const at = NUMBERS * slot;
    if ((numbers[at + REQUESTS] as number) > 0) this.active--;
    numbers[at + REQUESTS] = numbers[at + WEIGHT] = numbers[at + ERRORS] = 0;
    numbers[at + ENTRY] = NO_ENTRY;
    numbers[at + GENERATION] = ((numbers[at + GENERATION] as number) + 1) % GENERATIONS;
  }

  /** Notes that the client was seen in a newer second: it becomes the last to be evicted. */
  touch(slot: number, second: number): void {
    this.numbers[NUMBERS * slot + LAST_SECOND] = second;
    this.setEntry(slot, NO_ENTRY);
    if (slot === this.newest) return;
    this.unlink(slot);
    this.link(slot);
  }

  /** Slots from the most recently seen on. */
  *recent(): Generator<number> {
    for (let slot = this.newest; slot >= 0; slot = this.links[LINKS * slot + OLDER] as number) yield slot;
  }

  private link(slot: number): void {
    const { links } = this;
    links[LINKS * slot + NEWER] = -1;
    links[LINKS * slot + OLDER] = this.newest;
    if (this.newest >= 0) links[LINKS * this.newest + NEWER] = slot;
    else this.oldest = slot;
    this.newest = slot;
  }

  private unlink(slot: number): void {
    const { links } = this;
    const [newer, older] = [links[LINKS * slot + NEWER] as number, links[LINKS * slot + OLDER] as number];
    if (newer >= 0) links[LINKS * newer + OLDER] = older;
    else this.newest = older;
    if (older >= 0) links[LINKS * older + NEWER] = newer;
    else this.oldest = newer;
  }

  private grow(capacity: number): void {
    this.index.grow(capacity, () => true);
    this.numbers = grown(this.numbers, NUMBERS * capacity);
    this.links = grown(this.links, LINKS * capacity);
  }
}
