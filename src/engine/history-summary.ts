/** A history in the form that reports need: totals, and the few clients that stand out. */
import { LIMITS, type LimitName } from '../detect/reach.ts';
import { formatSecond } from '../model/time.ts';
import { type ClientScheme, formatClient } from '../net/client-key.ts';
import type { Clients } from '../traffic/clients.ts';
import { type ClientHistories, KNOWN_HOURS } from './client-histories.ts';

/** How near a client came to a limit. */
export interface Reached {
  readonly limit: LimitName;
  /** Share of the limit; 1 would have been a ban. */
  readonly share: number;
  /** The limit at that time: points, or requests in a window. */
  readonly tolerated: number;
}

/** A client that was never banned. */
export interface ClientHistory {
  readonly ip: string;
  readonly requests: number;
  /** Of them answered well (2xx, 304). */
  readonly answered: number;
  /** Different hours in which most of its requests were answered. */
  readonly hours: number;
  /** It said that it is one. */
  readonly robot: boolean;
  /** Nearest first. */
  readonly reached: readonly Reached[];
}

export interface HistorySummary {
  /** Log time of the first and the last line, RFC 3339; null where there was none. */
  readonly first: string | null;
  readonly last: string | null;
  /** Oldest first; `day` is UTC. */
  readonly days: readonly { readonly day: string; readonly requests: number }[];
  /** Clients most of whose requests were answered in at least three different hours, before any ban. */
  readonly knownClients: number;
  /** Clients that were never banned: with most requests, and nearest to a limit that they did not cross. */
  readonly heaviest: readonly ClientHistory[];
  readonly nearest: readonly ClientHistory[];
  /** Banned clients that went on asking, and how many requests the bans kept out. */
  readonly shutOut: readonly { readonly ip: string; readonly requests: number }[];
}

/** Sums a history up; `most` clients in each of the lists of those that were not banned. */
export function summarizeHistory(
  history: ClientHistories,
  clients: Clients,
  scheme: ClientScheme,
  most: number,
): HistorySummary {
  history.closeDay();
  const nameOf = (slot: number) => formatClient(clients.high(slot), clients.low(slot), scheme);
  const heaviest = new Largest(most);
  const nearest = new Largest(most);
  const shutOut: { ip: string; requests: number }[] = [];
  let known = history.knownForgotten;
  for (let slot = 0; slot < clients.size; slot++) {
    if (history.hoursKnown(slot) >= KNOWN_HOURS) known++;
    const kept = history.shutOut(slot);
    if (kept > 0) shutOut.push({ ip: nameOf(slot), requests: kept });
    if (history.bans(slot) > 0) continue;
    heaviest.offer(slot, history.requests(slot));
    const near = nearestShare(history, slot);
    // A client that went over a limit and was not banned has an event of its own.
    if (near < 1) nearest.offer(slot, near);
  }
  const tell = (slot: number): ClientHistory => ({
    ip: nameOf(slot),
    requests: history.requests(slot),
    answered: history.answered(slot),
    hours: history.hoursKnown(slot),
    robot: history.isRobot(slot),
    reached: reachedBy(history, slot),
  });
  return {
    first: history.first === 0 ? null : formatSecond(history.first),
    last: history.last === 0 ? null : formatSecond(history.last),
    days: [...history.days].map(([day, requests]) => ({ day, requests })).sort((a, b) => (a.day < b.day ? -1 : 1)),
    knownClients: known,
    heaviest: heaviest.slots().map(tell),
    nearest: nearest.slots().map(tell),
    shutOut,
  };
}

function nearestShare(history: ClientHistories, slot: number): number {
  return Math.max(...LIMITS.map((_, limit) => history.reached(slot, limit).share));
}

function reachedBy(history: ClientHistories, slot: number): Reached[] {
  return LIMITS.map((limit, at) => ({ limit, ...history.reached(slot, at) })).sort((a, b) => b.share - a.share);
}

/** The slots with the largest of many values. */
class Largest {
  private readonly most: number;
  private best: { slot: number; value: number }[] = [];
  private least = 0;

  constructor(most: number) {
    this.most = most;
  }

  offer(slot: number, value: number): void {
    if (value <= this.least) return;
    this.best.push({ slot, value });
    if (this.best.length < 8 * this.most) return;
    this.cut();
    this.least = this.best.at(-1)?.value ?? 0;
  }

  /** Largest first; of equal ones the client that was seen first. */
  slots(): number[] {
    this.cut();
    return this.best.map(({ slot }) => slot);
  }

  private cut(): void {
    this.best = this.best.sort((a, b) => b.value - a.value || a.slot - b.slot).slice(0, this.most);
  }
}
