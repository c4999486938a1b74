/**
 * The exact sliding window: for each of the last N seconds a chain of entries, one per client seen in it. A new second
 * adds its entries to the clients' sums, a second that leaves subtracts them. Late lines go into the second they
 * belong to. Memory follows the (second, client) pairs in the window, up to `entriesMax`.
 */
import { grown } from '../net/columns.ts';
import { type Clients, NO_ENTRY } from './clients.ts';

const FIRST_CAPACITY = 4096;
/** An entry: whose it is, of which generation, the next of its second, and what the client did in it. Entry 0 is none. */
const [SLOT, GENERATION, NEXT, REQUESTS, WEIGHT, ERRORS] = [0, 1, 2, 3, 4, 5] as const;
const NUMBERS = 6;
/** Entries of a group whose clients are looked at together. */
const GROUP = 16;

/** Told of every entry that leaves the window and still belongs to its client. */
export type EntryListener = (slot: number, second: number, requests: number, weight: number, errors: number) => void;

export class Window {
  readonly seconds: number;
  /** Newest second of the window; 0 before the first line. */
  newest = 0;
  /** Events not counted because entriesMax was reached. */
  overflowed = 0;
  /** Weight and requests of the whole site, by second modulo the length. */
  readonly siteWeight: Uint32Array;
  readonly siteRequests: Uint32Array;

  /** Requests of the whole site in the window. */
  siteTotal = 0;
  /** The compiler leaves out what nobody reads. */
  read = 0;

  private readonly clients: Clients;
  private readonly entriesMax: number;
  private readonly onLeave: EntryListener;
  /** First entry of each second of the window, by second modulo the length; and the first one that is free. */
  private readonly heads: Uint32Array;
  private free = NO_ENTRY;
  /** Entries that were ever used, the one that is none included. */
  private used = 1;
  private entries = new Uint32Array(NUMBERS * FIRST_CAPACITY);

  constructor(seconds: number, clients: Clients, entriesMax: number, onLeave: EntryListener) {
    this.seconds = seconds;
    this.clients = clients;
    this.entriesMax = entriesMax;
    this.onLeave = onLeave;
    this.heads = new Uint32Array(seconds);
    this.siteWeight = new Uint32Array(seconds);
    this.siteRequests = new Uint32Array(seconds);
  }

  /** Counts one request of a client in `second`, which must lie in the window. */
  add(slot: number, second: number, weight: number, error: number): void {
    const { clients } = this;
    let entry = NO_ENTRY;
    if (second === this.newest) {
      if (clients.lastSecond(slot) !== second) clients.touch(slot, second);
      entry = clients.entry(slot);
    }
    if (entry === NO_ENTRY) {
      entry = this.allocate(slot, second);
      if (entry === NO_ENTRY) return;
      if (second === this.newest) clients.setEntry(slot, entry);
    }
    const { entries } = this;
    const at = NUMBERS * entry;
    entries[at + REQUESTS] = (entries[at + REQUESTS] as number) + 1;
    entries[at + WEIGHT] = (entries[at + WEIGHT] as number) + weight;
    entries[at + ERRORS] = (entries[at + ERRORS] as number) + error;
    const bucket = second % this.seconds;
    this.siteTotal++;
    this.siteRequests[bucket] = (this.siteRequests[bucket] as number) + 1;
    this.siteWeight[bucket] = (this.siteWeight[bucket] as number) + weight;
    clients.count(slot, 1, weight, error);
  }

  /** Moves on by one second; the second that leaves is reported entry by entry. */
  advance(): void {
    this.newest++;
    this.leave(this.newest % this.seconds, this.onLeave);
  }

  /** Empties the window and starts again at `second`: nothing in it is reported. */
  restart(second: number): void {
    for (let left = this.seconds; left > 0; left--) this.leave((this.newest + left) % this.seconds, undefined);
    // A client's entry is trusted when its second comes again, and after a step back it may.
    this.clients.forgetEntries();
    this.newest = second;
  }

  private leave(bucket: number, onLeave: EntryListener | undefined): void {
    const second = this.newest - this.seconds;
    const { clients, entries } = this;
    let entry = this.heads[bucket] as number;
    let fetched = entry;
    for (let n = 0; entry !== NO_ENTRY; n++) {
      if (n % GROUP === 0) fetched = this.fetch(fetched);
      const at = NUMBERS * entry;
      const slot = entries[at + SLOT] as number;
      if (entries[at + GENERATION] === clients.generation(slot)) {
        const requests = entries[at + REQUESTS] as number;
        const weight = entries[at + WEIGHT] as number;
        const errors = entries[at + ERRORS] as number;
        clients.count(slot, -requests, -weight, -errors);
        onLeave?.(slot, second, requests, weight, errors);
      }
      const following = entries[at + NEXT] as number;
      entries[at + NEXT] = this.free;
      this.free = entry;
      entry = following;
    }
    this.heads[bucket] = NO_ENTRY;
    this.siteTotal -= this.siteRequests[bucket] as number;
    this.siteWeight[bucket] = 0;
    this.siteRequests[bucket] = 0;
  }

  /** Looks at the clients of the next entries from one on, so that the waits for memory overlap (src/engine/lookahead.ts); the entry behind them. */
  private fetch(from: number): number {
    const { clients, entries } = this;
    let entry = from;
    let read = 0;
    for (let left = GROUP; left > 0 && entry !== NO_ENTRY; left--) {
      read += clients.generation(entries[NUMBERS * entry + SLOT] as number);
      entry = entries[NUMBERS * entry + NEXT] as number;
    }
    this.read = read;
    return entry;
  }

  private allocate(slot: number, second: number): number {
    let entry = this.free;
    if (entry !== NO_ENTRY) this.free = this.entries[NUMBERS * entry + NEXT] as number;
    else {
      if (this.used > this.entriesMax) {
        this.overflowed++;
        return NO_ENTRY;
      }
      if (NUMBERS * this.used === this.entries.length) this.grow(Math.min(this.entriesMax + 1, this.used * 2));
      entry = this.used++;
    }
    const { entries } = this;
    const [at, bucket] = [NUMBERS * entry, second % this.seconds];
    entries[at + SLOT] = slot;
    entries[at + GENERATION] = this.clients.generation(slot);
    entries[at + REQUESTS] = entries[at + WEIGHT] = entries[at + ERRORS] = 0;
    entries[at + NEXT] = this.heads[bucket] as number;
    this.heads[bucket] = entry;
    return entry;
  }

  private grow(capacity: number): void {
    this.entries = grown(this.entries, NUMBERS * capacity);
  }
}
