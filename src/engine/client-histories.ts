/**
 * What every client did over a whole log, for the reports about finished ones; the live daemon keeps none. A record
 * of 84 bytes a client, however many weeks the log covers.
 */
import type { ClientRules } from '../detect/client-rules.ts';
import type { Points } from '../detect/points.ts';
import { LIMITS, type ReportReach } from '../detect/reach.ts';
import type { Past } from '../model/event.ts';
import { formatSecond } from '../model/time.ts';
import { ROBOT, STATUS_MASK } from '../parse/tally.ts';
import type { Clients } from '../traffic/clients.ts';
import { Records } from '../traffic/records.ts';

const [HOUR, DAY] = [3600, 86_400];
/** A client that was not seen for so many seconds comes for another visit. */
const VISIT_SECONDS = 600;
/** A client is known when most of its requests were answered in so many different hours. */
export const KNOWN_HOURS = 3;

/**
 * Words of a client's record: its requests, those that were answered, and those while it was banned; its bans; whether it ever said
 * that it is a robot; hours in which most of its requests were answered, before its first ban; the hour it was last seen in, and
 * its requests in it; when its visit began, and when it was last seen; then the limits that it reached, two words each.
 */
const [REQUESTS, ANSWERED, SHUT_OUT, BANS, IS_ROBOT, HOURS, IN_HOUR, HOUR_REQUESTS, HOUR_ANSWERED, VISIT_START, SEEN] =
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const;
const REACHED = 11;

export class ClientHistories {
  /** Log time of the first request and of the newest, epoch seconds; 0 before there is one. */
  first = 0;
  last = 0;
  /** Requests by day, as `YYYY-MM-DD` in UTC. */
  readonly days = new Map<string, number>();
  /** Known clients that made room for others. */
  knownForgotten = 0;
  private readonly records = new Records(REACHED + 2 * LIMITS.length);
  private readonly clients: Clients;
  private slot = 0;
  private today = -1;
  private todayRequests = 0;

  constructor(clients: Clients) {
    this.clients = clients;
  }

  /** Another client has the slot. */
  begin(slot: number): void {
    this.records.reserve(this.clients.capacity);
    if (this.hoursKnown(slot) >= KNOWN_HOURS) this.knownForgotten++;
    const start = this.start(slot);
    this.records.words.fill(0, start, start + this.records.width);
  }

  /** As Clients.fetch. */
  fetch(slot: number): number {
    const { words, width } = this.records;
    const start = this.start(slot);
    return (words[start] as number) + (words[start + width - 1] as number);
  }

  requests(slot: number): number {
    return this.number(slot, REQUESTS);
  }

  answered(slot: number): number {
    return this.number(slot, ANSWERED);
  }

  /** Requests while it was banned. */
  shutOut(slot: number): number {
    return this.number(slot, SHUT_OUT);
  }

  bans(slot: number): number {
    return this.number(slot, BANS);
  }

  /** True when it ever said that it is a robot. */
  isRobot(slot: number): boolean {
    return this.number(slot, IS_ROBOT) === 1;
  }

  /** The largest share of a limit, by its position in LIMITS, that it reached, and the limit at that time. */
  reached(slot: number, limit: number): { readonly share: number; readonly tolerated: number } {
    const { floats } = this.records;
    const at = this.start(slot) + REACHED + 2 * limit;
    return { share: floats[at] as number, tolerated: floats[at + 1] as number };
  }

  /** A request at the log's clock `second`, with these INFO bits, that was counted by the rules. */
  note(slot: number, second: number, info: number, points: Points | undefined, rules: ClientRules): void {
    this.count(slot, second);
    const status = info & STATUS_MASK;
    if ((status >= 200 && status < 300) || status === 304) {
      this.add(slot, ANSWERED);
      this.add(slot, HOUR_ANSWERED);
    }
    if (info & ROBOT) this.set(slot, IS_ROBOT, 1);
    this.slot = slot;
    points?.reach(slot, this.keep);
    const { clients } = this;
    rules.reach(clients.requests(slot), clients.weight(slot), clients.errors(slot), this.keep);
  }

  /** A request of a client that is banned. */
  noteShutOut(slot: number, second: number): void {
    this.count(slot, second);
    this.add(slot, SHUT_OUT);
  }

  /** A ban; what the client was before it. */
  ban(slot: number, second: number): Past {
    this.add(slot, BANS);
    return {
      hours: this.number(slot, HOURS),
      requests: this.requests(slot),
      answered: this.answered(slot),
      visitSeconds: second - this.number(slot, VISIT_START),
    };
  }

  /** Hours in which most of the client's requests were answered, the last one included, before any ban. */
  hoursKnown(slot: number): number {
    return this.number(slot, HOURS) + (this.isHourGood(slot) ? 1 : 0);
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
    this.add(slot, REQUESTS);
    const seen = this.number(slot, SEEN);
    if (seen !== second) this.noteSecond(slot, seen, second);
    this.add(slot, HOUR_REQUESTS);
  }

  /** The client, last seen in second `seen`, is seen again. */
  private noteSecond(slot: number, seen: number, second: number): void {
    this.set(slot, SEEN, second);
    if (seen === 0 || Math.abs(second - seen) > VISIT_SECONDS) this.set(slot, VISIT_START, second);
    const hour = Math.floor(second / HOUR);
    if (hour === this.number(slot, IN_HOUR)) return;
    if (this.isHourGood(slot)) this.add(slot, HOURS);
    this.set(slot, IN_HOUR, hour);
    this.set(slot, HOUR_REQUESTS, 0);
    this.set(slot, HOUR_ANSWERED, 0);
  }

  /** After a ban nothing that a client does makes it better known. */
  private isHourGood(slot: number): boolean {
    return this.bans(slot) === 0 && 2 * this.number(slot, HOUR_ANSWERED) > this.number(slot, HOUR_REQUESTS);
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
    const { floats } = this.records;
    const at = this.start(this.slot) + REACHED + 2 * limit;
    if (share <= (floats[at] as number)) return;
    floats[at] = share;
    floats[at + 1] = tolerated;
  };

  private number(slot: number, word: number): number {
    return this.records.words[this.start(slot) + word] as number;
  }

  private set(slot: number, word: number, value: number): void {
    this.records.words[this.start(slot) + word] = value;
  }

  private add(slot: number, word: number): void {
    const { words } = this.records;
    const at = this.start(slot) + word;
    words[at] = (words[at] as number) + 1;
  }

  private start(slot: number): number {
    return this.records.start(slot, 0);
  }
}
