/** A history in the form that reports need: totals, and the few clients that stand out. */
import { LIMITS, type Reached } from '../detect/reach.ts';
import { formatSecond } from '../model/time.ts';
import { type ClientScheme, formatClient } from '../net/client-key.ts';
import { Best } from '../traffic/busiest.ts';
import type { Clients } from '../traffic/clients.ts';
import { type ClientHistories, KNOWN_HOURS } from './client-histories.ts';

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

interface Candidate {
  readonly slot: number;
  readonly requests: number;
  /** Its largest share of a limit. */
  readonly near: number;
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
  const heaviest = new Best<Candidate>(most, ({ requests }) => requests);
  const nearest = new Best<Candidate>(most, ({ near }) => near);
  const shutOut: { ip: string; requests: number }[] = [];
  let known = history.knownForgotten;
  for (let slot = 0; slot < clients.size; slot++) {
    if (history.hoursKnown(slot) >= KNOWN_HOURS) known++;
    const kept = history.shutOut(slot);
    if (kept > 0) shutOut.push({ ip: nameOf(slot), requests: kept });
    if (history.bans(slot) > 0) continue;
    const candidate = { slot, requests: history.requests(slot), near: nearestShare(history, slot) };
    if (candidate.requests > 0) heaviest.add(candidate);
    // A client that went over a limit and was not banned has an event of its own.
    if (candidate.near > 0 && candidate.near < 1) nearest.add(candidate);
  }
  const tell = ({ slot, requests }: Candidate): ClientHistory => ({
    ip: nameOf(slot),
    requests,
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
    heaviest: heaviest.take().map(tell),
    nearest: nearest.take().map(tell),
    shutOut,
  };
}

function nearestShare(history: ClientHistories, slot: number): number {
  return Math.max(...LIMITS.map((_, limit) => history.reached(slot, limit).share));
}

function reachedBy(history: ClientHistories, slot: number): Reached[] {
  return LIMITS.map((limit, at) => ({ limit, ...history.reached(slot, at) })).sort((a, b) => b.share - a.share);
}
