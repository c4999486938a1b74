/** The clients with most requests in the window. */
import type { TopEntry } from '../model/event.ts';
import { type ClientScheme, formatClient } from '../net/client-key.ts';
import type { Clients } from './clients.ts';

/** Most recently seen clients looked at. */
const CLIENTS_MAX = 100_000;

interface Candidate {
  readonly slot: number;
  readonly requests: number;
}

/** Shows the clients seen most recently, each with its requests in the window; all their requests. */
export function visitRecent(clients: Clients, visit: (slot: number, requests: number) => void): number {
  let [total, seen] = [0, 0];
  for (const slot of clients.recent()) {
    if (++seen > CLIENTS_MAX) break;
    const requests = clients.requests(slot);
    total += requests;
    if (requests > 0) visit(slot, requests);
  }
  return total;
}

/** The best of many clients by one measure, in bounded memory. */
export class Best<Kind extends Candidate> {
  private kept: Kind[] = [];
  /** Less than this is none of the best. */
  private least = 0;
  private readonly max: number;
  private readonly measure: (candidate: Kind) => number;

  constructor(max: number, measure: (candidate: Kind) => number) {
    this.max = max;
    this.measure = measure;
  }

  add(candidate: Kind): void {
    if (this.measure(candidate) < this.least || this.kept.push(candidate) < this.max * 8) return;
    this.kept = this.take();
    this.least = this.measure(this.kept.at(-1) as Kind);
  }

  /** Up to `max` of those added, the best first; of those as good, the one in the lower slot. */
  take(): Kind[] {
    return this.kept.sort((a, b) => this.measure(b) - this.measure(a) || a.slot - b.slot).slice(0, this.max);
  }
}

/** The clients with most requests in the window, and their share of all requests there. */
export function topClients(clients: Clients, scheme: ClientScheme, max: number): TopEntry[] {
  const best = new Best<Candidate>(max, ({ requests }) => requests);
  const total = visitRecent(clients, (slot, requests) => best.add({ slot, requests }));
  return best.take().map(({ slot, requests }) => ({
    name: formatClient(clients.high(slot), clients.low(slot), scheme),
    requests,
    share: requests / total,
  }));
}
