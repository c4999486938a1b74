/**
 * Finds the clients of the rows that come next. On a busy site nearly every line is another client's than the last, and what is
 * kept of it is in no cache of the processor: asked for by one row after the other, these waits add up; asked for in groups,
 * they overlap (Chen, Ailamaki, Gibbons, Mowry: Improving Hash Join Performance through Prefetching, 2004).
 */
import * as columns from '../parse/tally.ts';
import type { Clients } from '../traffic/clients.ts';
import type { ClientHistories } from './client-histories.ts';

/** Names of this module's own, as in src/detect/request.ts. */
const { HIGH, LOW, ROW } = columns;
/** Rows of a group. */
const GROUP = 16;

export class Lookahead {
  private readonly clients: Clients;
  private readonly history: ClientHistories | undefined;
  private readonly slots = new Int32Array(GROUP);
  /** First row of the group, and the one behind the last. */
  private first = 0;
  private end = 0;
  /** Clients evicted before the group was looked up. */
  private evicted = 0;
  /** The compiler leaves out what nobody reads. */
  read = 0;

  constructor(clients: Clients, history: ClientHistories | undefined) {
    this.clients = clients;
    this.history = history;
  }

  /** Rows of another tally follow. */
  open(from: number): void {
    this.first = this.end = from;
  }

  /** The slot of the client of a row, -1 when it has none. Rows come in order, up to `to`. */
  find(rows: Uint32Array, row: number, to: number): number {
    if (row >= this.end) this.fetch(rows, row, to);
    const { clients } = this;
    const slot = this.slots[row - this.first] as number;
    // The client may have come since, or have made room for another.
    if (slot >= 0 && clients.evicted === this.evicted) return slot;
    return clients.find(rows[row * ROW + HIGH] as number, rows[row * ROW + LOW] as number);
  }

  private fetch(rows: Uint32Array, from: number, to: number): void {
    const { clients, history, slots } = this;
    this.evicted = clients.evicted;
    this.first = from;
    this.end = Math.min(to, from + GROUP);
    const group = this.end - this.first;
    let read = 0;
    // What is likely is fetched before it is looked at: to find out of one client that it is another would wait for all before it.
    for (let i = 0, at = from * ROW; i < group; i++, at += ROW) {
      const slot = clients.guess(rows[at + HIGH] as number, rows[at + LOW] as number);
      slots[i] = slot;
      if (slot >= 0) read += clients.fetch(slot) + (history?.fetch(slot) ?? 0);
    }
    this.read = read;
    for (let i = 0, at = from * ROW; i < group; i++, at += ROW) {
      const slot = slots[i] as number;
      const [high, low] = [rows[at + HIGH] as number, rows[at + LOW] as number];
      if (slot >= 0 && (clients.low(slot) !== low || clients.high(slot) !== high)) slots[i] = clients.find(high, low);
    }
  }
}
