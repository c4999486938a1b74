/**
 * The exact sliding window: for each of the last N seconds a chain of entries, one per client seen in it. A new second
 * adds its entries to the clients' sums, a second that leaves subtracts them. Late lines go into the second they
 * belong to. Memory follows the (second, client) pairs in the window, up to `entriesMax`.
 */
import type { Clients } from './clients.ts';
import { grown } from './key-index.ts';

const FIRST_CAPACITY = 4096;
const NONE = -1;

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

  private readonly clients: Clients;
  private readonly entriesMax: number;
  private readonly onLeave: EntryListener;
  private readonly heads: Int32Array;
  private free = NONE;
  private used = 0;
  private slots = new Int32Array(FIRST_CAPACITY);
  private generations = new Uint16Array(FIRST_CAPACITY);
  private next = new Int32Array(FIRST_CAPACITY);
  private requests = new Uint32Array(FIRST_CAPACITY);
  private weights = new Uint32Array(FIRST_CAPACITY);
  private errors = new Uint32Array(FIRST_CAPACITY);

  constructor(seconds: number, clients: Clients, entriesMax: number, onLeave: EntryListener) {
    this.seconds = seconds;
    this.clients = clients;
    this.entriesMax = entriesMax;
    this.onLeave = onLeave;
    this.heads = new Int32Array(seconds).fill(NONE);
    this.siteWeight = new Uint32Array(seconds);
    this.siteRequests = new Uint32Array(seconds);
  }

  /** Counts one request of a client in `second`, which must lie in the window. */
  add(slot: number, second: number, weight: number, error: number): void {
    const { clients } = this;
    let entry = NONE;
    if (second === this.newest) {
      if (clients.lastSecond[slot] !== second) clients.touch(slot, second);
      entry = clients.entry[slot] as number;
    }
    if (entry === NONE) {
      entry = this.allocate(slot, second);
      if (entry === NONE) return;
      if (second === this.newest) clients.entry[slot] = entry;
    }
    this.requests[entry] = (this.requests[entry] as number) + 1;
    this.weights[entry] = (this.weights[entry] as number) + weight;
    this.errors[entry] = (this.errors[entry] as number) + error;
    const bucket = second % this.seconds;
    this.siteTotal++;
    this.siteRequests[bucket] = (this.siteRequests[bucket] as number) + 1;
    this.siteWeight[bucket] = (this.siteWeight[bucket] as number) + weight;
    if (clients.requests[slot] === 0) clients.active++;
    clients.requests[slot] = (clients.requests[slot] as number) + 1;
    clients.weight[slot] = (clients.weight[slot] as number) + weight;
    clients.errors[slot] = (clients.errors[slot] as number) + error;
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
    this.clients.entry.fill(NONE);
    this.newest = second;
  }

  private leave(bucket: number, onLeave: EntryListener | undefined): void {
    const second = this.newest - this.seconds;
    const { clients } = this;
    let entry = this.heads[bucket] as number;
    while (entry !== NONE) {
      const slot = this.slots[entry] as number;
      if (this.generations[entry] === clients.generation[slot]) {
        const requests = this.requests[entry] as number;
        const weight = this.weights[entry] as number;
        const errors = this.errors[entry] as number;
        clients.requests[slot] = (clients.requests[slot] as number) - requests;
        if (clients.requests[slot] === 0) clients.active--;
        clients.weight[slot] = (clients.weight[slot] as number) - weight;
        clients.errors[slot] = (clients.errors[slot] as number) - errors;
        onLeave?.(slot, second, requests, weight, errors);
      }
      const following = this.next[entry] as number;
      this.next[entry] = this.free;
      this.free = entry;
      entry = following;
    }
    this.heads[bucket] = NONE;
    this.siteTotal -= this.siteRequests[bucket] as number;
    this.siteWeight[bucket] = 0;
    this.siteRequests[bucket] = 0;
  }

  private allocate(slot: number, second: number): number {
    let entry = this.free;
    if (entry !== NONE) this.free = this.next[entry] as number;
    else {
      if (this.used === this.entriesMax) {
        this.overflowed++;
        return NONE;
      }
      if (this.used === this.slots.length) this.grow(Math.min(this.entriesMax, this.used * 2));
      entry = this.used++;
    }
    const bucket = second % this.seconds;
    this.slots[entry] = slot;
    this.generations[entry] = this.clients.generation[slot] as number;
    this.requests[entry] = this.weights[entry] = this.errors[entry] = 0;
    this.next[entry] = this.heads[bucket] as number;
    this.heads[bucket] = entry;
    return entry;
  }

  private grow(capacity: number): void {
    this.slots = grown(this.slots, capacity);
    this.generations = grown(this.generations, capacity);
    this.next = grown(this.next, capacity);
    this.requests = grown(this.requests, capacity);
    this.weights = grown(this.weights, capacity);
    this.errors = grown(this.errors, capacity);
  }
}
