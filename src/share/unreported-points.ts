/**
 * Points that this host counted of its clients and has not reported to the fleet, in columns by slot: they are reported once they reach
 * the host's share of a limit, and at once of a client on watch. Before that they drain, but only as this host's share of the leak, so
 * that all hosts together never drain more than one bucket would. docs/fleet.md has the bound, test/share/bound.test.ts shows it.
 */
import { grown } from '../net/columns.ts';

const FIRST_CAPACITY = 1024;

/** Share of a limit that all hosts together may leave unreported before a client is on watch. */
export const UNREPORTED_SHARE = 0.5;

/** Points from which a host reports a client, where `hosts` share their counts and `limit` points are tolerated. */
function reportFrom(limit: number, hosts: number): number {
  return (UNREPORTED_SHARE * limit) / hosts;
}

/** What is to be reported of one client. */
export interface PointReport {
  readonly slot: number;
  /** By rule: points since its last report. */
  readonly deltas: readonly number[];
}

export class UnreportedPoints {
  /** Clients that were due and found no room in a hand-out; they are due again in the next. */
  leftOut = 0;
  /** By slot, then rule. */
  private points: Float32Array;
  /** Second, by the engine's clock, until which a client is on watch; 0 is none. */
  private watched = new Uint32Array(FIRST_CAPACITY);
  private isDue = new Uint8Array(FIRST_CAPACITY);
  private due: number[] = [];
  private readonly rules: number;
  /** Hosts that share counts, this one included. Alone there is nobody to tell. */
  private hosts = 1;

  constructor(rules: number) {
    this.rules = rules;
    this.points = new Float32Array(rules * FIRST_CAPACITY);
  }

  /** With more hosts each may leave less unreported: what is above that now is due, though its client has stopped. */
  setHosts(hosts: number, limit: (slot: number, rule: number) => number): void {
    const before = this.hosts;
    this.hosts = Math.max(1, hosts);
    if (this.hosts <= before) return;
    for (let at = 0; at < this.points.length; at++) {
      const points = this.points[at] as number;
      if (points <= 0) continue;
      const slot = Math.floor(at / this.rules);
      if (points >= reportFrom(limit(slot, at % this.rules), this.hosts)) this.makeDue(slot);
    }
  }

  reserve(capacity: number): void {
    if (capacity <= this.watched.length) return;
    this.points = grown(this.points, this.rules * capacity);
    this.watched = grown(this.watched, capacity);
    this.isDue = grown(this.isDue, capacity);
  }

  /** The slot's client is another now, or starts with a clean slate. */
  reset(slot: number): void {
    this.points.fill(0, slot * this.rules, (slot + 1) * this.rules);
    this.watched[slot] = 0;
  }

  /** Notes points of a request at the engine's clock `second`, or points taken back; `limit` is what is tolerated. */
  add(slot: number, rule: number, points: number, limit: number, second: number): void {
    const at = slot * this.rules + rule;
    const isWatched = (this.watched[slot] as number) > second;
    const sum = (this.points[at] as number) + points;
    // Only who was reported can be given back more than is unreported.
    this.points[at] = isWatched ? sum : Math.max(0, sum);
    if (isWatched || (this.hosts > 1 && sum >= reportFrom(limit, this.hosts))) this.makeDue(slot);
  }

  /** True while there is something unreported that time drains. */
  drains(slot: number, rule: number, second: number): boolean {
    return (this.points[slot * this.rules + rule] as number) > 0 && (this.watched[slot] as number) <= second;
  }

  /** Lets `seconds` drain what is unreported of a rule of a client, of which all hosts together drain `leak` a second. */
  drain(slot: number, rule: number, seconds: number, leak: number): void {
    const at = slot * this.rules + rule;
    this.points[at] = Math.max(0, (this.points[at] as number) - (leak / this.hosts) * seconds);
  }

  /** Another host reported the client, or the server knows it: all there is of it is reported from now on. */
  watch(slot: number, untilSecond: number): void {
    this.watched[slot] = Math.max(this.watched[slot] as number, untilSecond);
    const at = slot * this.rules;
    if (this.points.subarray(at, at + this.rules).some((points) => points !== 0)) this.makeDue(slot);
  }

  /** Clients on watch at `second`. */
  countWatched(second: number): number {
    let count = 0;
    for (const until of this.watched) if (until > second) count++;
    return count;
  }

  /** What is to be reported now, of at most `most` clients, worst first by `worth`; reported once it is given. */
  take(most: number, worth: (slot: number) => number): PointReport[] {
    let taken = this.due;
    this.due = [];
    if (taken.length > most) {
      const sorted = taken.map((slot) => ({ slot, worth: worth(slot) })).sort((a, b) => b.worth - a.worth);
      taken = sorted.slice(0, most).map(({ slot }) => slot);
      this.due = sorted.slice(most).map(({ slot }) => slot);
      this.leftOut += this.due.length;
    }
    return taken.flatMap((slot) => {
      this.isDue[slot] = 0;
      const at = slot * this.rules;
      const deltas = [...this.points.subarray(at, at + this.rules)];
      this.points.fill(0, at, at + this.rules);
      return deltas.some((delta) => delta !== 0) ? [{ slot, deltas }] : [];
    });
  }

  private makeDue(slot: number): void {
    if (this.isDue[slot] === 1) return;
    this.isDue[slot] = 1;
    this.due.push(slot);
  }
}
