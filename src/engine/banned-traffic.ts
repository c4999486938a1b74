/** Requests of clients that are shut out: a few are under way when a ban begins; that more keep coming means that it does not hold. */

/** nginx writes a request when it ends: one that was cut off may be written this much later (send_timeout). */
const UNDER_WAY_SECONDS = 90;
/** So many requests after that can be no remainder. */
const LATE_REQUESTS_MIN = 10;
/** Nor can so many be under way after the first seconds. */
const FIRST_SECONDS = 5;
const LATER_REQUESTS_MIN = 1000;
/** Clients kept track of; this is to notice, not to count. */
const CLIENTS_MAX = 10_000;

/** A client whose ban does not hold. */
export interface Unstopped {
  readonly high: number;
  readonly low: number;
  /** Requests since it was banned, and the newest, epoch seconds. */
  readonly requests: number;
  readonly first: number;
  readonly last: number;
}

interface Traffic {
  readonly first: number;
  last: number;
  requests: number;
  /** Requests after the first seconds, and after all that were under way. */
  later: number;
  late: number;
  unstopped: boolean;
}

export class BannedTraffic {
  private readonly slots = new Map<number, Traffic>();

  /** A request of a banned client, in log time. */
  note(slot: number, second: number): void {
    const traffic = this.slots.get(slot);
    if (!traffic) {
      if (this.slots.size < CLIENTS_MAX) {
        this.slots.set(slot, { first: second, last: second, requests: 1, later: 0, late: 0, unstopped: false });
      }
      return;
    }
    traffic.requests++;
    if (second > traffic.last) traffic.last = second;
    const age = second - traffic.first;
    if (age > FIRST_SECONDS) traffic.later++;
    if (age > UNDER_WAY_SECONDS) traffic.late++;
    traffic.unstopped ||= traffic.late >= LATE_REQUESTS_MIN || traffic.later >= LATER_REQUESTS_MIN;
  }

  /** The slot's ban is over, or another client has it. */
  forget(slot: number): void {
    if (this.slots.size > 0) this.slots.delete(slot);
  }

  clear(): void {
    this.slots.clear();
  }

  /** The slots whose bans don't hold, up to `max`. */
  *unstopped(max: number): Generator<Omit<Unstopped, 'high' | 'low'> & { readonly slot: number }> {
    let left = max;
    for (const [slot, { first, last, requests, unstopped }] of this.slots) {
      if (!unstopped) continue;
      if (left-- === 0) return;
      yield { slot, first, last, requests };
    }
  }
}
