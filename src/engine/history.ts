/**
 * What every client did over a whole log, for the reports about finished ones; the live daemon keeps none. Columns of
 * numbers by slot: 69 bytes a client, however many weeks the log covers.
 */
import type { ClientRules } from '../detect/client-rules.ts';
import type { Points } from '../detect/points.ts';
import { LIMITS, type ReportReach } from '../detect/reach.ts';
import type { Past } from '../model/event.ts';
import { formatSecond } from '../model/time.ts';
import { ROBOT, STATUS_MASK } from '../parse/tally.ts';
import type { Clients } from '../traffic/clients.ts';
import { grown } from '../traffic/records.ts';

const FIRST_CAPACITY = 1024;
const [HOUR, DAY] = [3600, 86_400];
const U16_MAX = 0xffff;
/** A client that was not seen for so many seconds comes for another visit. */
const VISIT_SECONDS = 600;
/** A client is known when most of its requests were answered in so many different hours. */
export const KNOWN_HOURS = 3;

export class History {
  /** Log time of the first request and of the newest, epoch seconds; 0 before there is one. */
  first = 0;
  last = 0;
  /** Requests by day, as `YYYY-MM-DD` in UTC. */
  readonly days = new Map<string, number>();
  /** Known clients that made room for others. */
  knownForgotten = 0;
  requests = new Uint32Array(FIRST_CAPACITY);
  answered = new Uint32Array(FIRST_CAPACITY);
  /** Requests while it was banned. */
  shutOut = new Uint32Array(FIRST_CAPACITY);
  bans = new Uint16Array(FIRST_CAPACITY);
  /** 1 when it ever said that it is a robot. */
  robot = new Uint8Array(FIRST_CAPACITY);
  /** LIMITS.length columns a client: the largest share of each limit that it reached, and the limit at that time. */
  reached = new Float32Array(FIRST_CAPACITY * LIMITS.length);
  tolerated = new Float32Array(FIRST_CAPACITY * LIMITS.length);
  /** Hours in which most of its requests were answered, before its first ban. */
  private hours = new Uint16Array(FIRST_CAPACITY);
  /** The hour it was last seen in, and its requests in it. */
  private hour = new Uint32Array(FIRST_CAPACITY);
  private hourRequests = new Uint32Array(FIRST_CAPACITY);
  private hourAnswered = new Uint32Array(FIRST_CAPACITY);
  private visitStart = new Uint32Array(FIRST_CAPACITY);
  private seen = new Uint32Array(FIRST_CAPACITY);
  private readonly clients: Clients;
  private slot = 0;
  private today = -1;
  private todayRequests = 0;

  constructor(clients: Clients) {
    this.clients = clients;
  }

  /** Another client has the slot. */
  begin(slot: number): void {
    this.reserve(this.clients.capacity);
    if (this.hoursKnown(slot) >= KNOWN_HOURS) this.knownForgotten++;
    this.requests[slot] = this.answered[slot] = this.shutOut[slot] = this.bans[slot] = this.robot[slot] = 0;
    this.hours[slot] = this.hour[slot] = this.hourRequests[slot] = this.hourAnswered[slot] = 0;
    this.visitStart[slot] = this.seen[slot] = 0;
    this.reached.fill(0, slot * LIMITS.length, (slot + 1) * LIMITS.length);
  }

  /** A request at the log's clock `second`, with these INFO bits, that was counted by the rules. */
  note(slot: number, second: number, info: number, points: Points | undefined, rules: ClientRules): void {
    this.count(slot, second);
    const status = info & STATUS_MASK;
    if ((status >= 200 && status < 300) || status === 304) {
      this.answered[slot] = (this.answered[slot] as number) + 1;
      this.hourAnswered[slot] = (this.hourAnswered[slot] as number) + 1;
    }
    if (info & ROBOT) this.robot[slot] = 1;
    this.slot = slot;
    points?.reach(slot, this.keep);
    const { clients } = this;
    rules.reach(clients.requests(slot), clients.weight(slot), clients.errors(slot), this.keep);
  }

  /** A request of a client that is banned. */
  noteShutOut(slot: number, second: number): void {
    this.count(slot, second);
    this.shutOut[slot] = (this.shutOut[slot] as number) + 1;
  }

  /** A ban; what the client was before it. */
  ban(slot: number, second: number): Past {
    if (this.bans[slot] !== U16_MAX) this.bans[slot] = (this.bans[slot] as number) + 1;
    return {
      hours: this.hours[slot] as number,
      requests: this.requests[slot] as number,
      answered: this.answered[slot] as number,
      visit_seconds: second - (this.visitStart[slot] as number),
    };
  }

  /** Hours in which most of the client's requests were answered, the last one included, before any ban. */
  hoursKnown(slot: number): number {
    return (this.hours[slot] as number) + (this.isHourGood(slot) ? 1 : 0);
  }

  /** The counts of the day in progress, which `days` lacks. */
  closeDay(): void {
    if (this.todayRequests === 0) return;
    const name = formatSecond(this.today * DAY).slice(0, 10);
    this.days.set(name, (this.days.get(name) ?? 0) + this.todayRequests);
    this.todayRequests = 0;
  }

  private count(slot: number, second: number): void {
    if (second !== this.last) this.advance(second);
    this.todayRequests++;
    this.requests[slot] = (this.requests[slot] as number) + 1;
    const seen = this.seen[slot] as number;
    if (seen === second) {
      this.hourRequests[slot] = (this.hourRequests[slot] as number) + 1;
      return;
    }
    this.seen[slot] = second;
    if (seen === 0 || Math.abs(second - seen) > VISIT_SECONDS) this.visitStart[slot] = second;
    const hour = Math.floor(second / HOUR);
    if (hour !== this.hour[slot]) {
      if (this.isHourGood(slot) && this.hours[slot] !== U16_MAX) this.hours[slot] = (this.hours[slot] as number) + 1;
      this.hour[slot] = hour;
      this.hourRequests[slot] = this.hourAnswered[slot] = 0;
    }
    this.hourRequests[slot] = (this.hourRequests[slot] as number) + 1;
  }

  /** After a ban nothing that a client does makes it better known. */
  private isHourGood(slot: number): boolean {
    return this.bans[slot] === 0 && 2 * (this.hourAnswered[slot] as number) > (this.hourRequests[slot] as number);
  }

  private advance(second: number): void {
    if (this.first === 0 || second < this.first) this.first = second;
    this.last = second;
    const day = Math.floor(second / DAY);
    if (day === this.today) return;
    this.closeDay();
    this.today = day;
  }

  private readonly keep: ReportReach = (limit, share, tolerated) => {
    const at = this.slot * LIMITS.length + limit;
    if (share <= (this.reached[at] as number)) return;
    this.reached[at] = share;
    this.tolerated[at] = tolerated;
  };

  private reserve(capacity: number): void {
    if (capacity <= this.requests.length) return;
    for (const name of ['requests', 'answered', 'shutOut', 'hour', 'hourRequests', 'hourAnswered'] as const) {
      this[name] = grown(this[name], capacity);
    }
    this.visitStart = grown(this.visitStart, capacity);
    this.seen = grown(this.seen, capacity);
    this.bans = grown(this.bans, capacity);
    this.hours = grown(this.hours, capacity);
    this.robot = grown(this.robot, capacity);
    this.reached = grown(this.reached, capacity * LIMITS.length);
    this.tolerated = grown(this.tolerated, capacity * LIMITS.length);
  }
}
