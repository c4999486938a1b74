/** What a lane stops, in words, for every screen. Values come from the log: escape them as text from outside. */
import type { LaneMatch } from '../model/lane.ts';
import type { Backtest, LaneEnd, LaneStart } from '../model/told-event.ts';
import { formatDuration } from './duration.ts';
import { formatCount } from './number.ts';

type LaneSurplus = Pick<LaneStart, 'coverage' | 'surplus' | 'clients' | 'seconds'>;

/** `would have touched 3 of 41,000 clients of the last 1d`. */
export function describeBacktest({ hours, clients, clients_matched }: Backtest): string {
  return `would have touched ${formatCount(clients_matched)} of ${formatCount(clients)} clients of the last ${formatDuration(Math.round(hours * 60) * 60_000)}`;
}

/** `96 % of 5,120 requests above normal, from 4,980 clients, in 60 s`. */
export function describeSurplus({ coverage, surplus, clients, seconds }: LaneSurplus): string {
  const share = `${Math.round(coverage * 100)} % of ${formatCount(surplus)} requests above normal`;
  return `${share}, from ${formatCount(clients)} clients, in ${seconds} s`;
}

type LaneEndReason = Pick<LaneEnd, 'clients_touched' | 'followed_by' | 'gave_way'>;

/** `the swarm is over`. */
export function describeLaneEnd({ clients_touched: touched, followed_by: next, gave_way }: LaneEndReason): string {
  if (next !== undefined) return `the swarm goes on after a day, and lane ${next} takes over`;
  if (gave_way) return 'it stopped least of all lanes, and another needed its place';
  if (touched === undefined) return 'the swarm is over';
  return `it touched ${formatCount(touched)} clients who came before the swarm`;
}

/** `user agent "Mozilla/5.0 …", no referer`: what a request has that the lane matches. */
export function describeMatch(match: LaneMatch): string {
  const { user_agent, path, query_keys, network, method, referer } = match;
  const parts = [
    network !== undefined && `network ${network}`,
    user_agent !== undefined && (user_agent === '-' ? 'no user agent' : `user agent "${user_agent}"`),
    method !== undefined && `method ${method}`,
    path !== undefined && `path ${path}`,
    query_keys !== undefined && (query_keys.length === 0 ? 'no query' : `query with ${query_keys.join(', ')}`),
    referer !== undefined && (referer === 'absent' ? 'no referer' : 'a referer'),
  ];
  return parts.filter((part) => part !== false).join(', ');
}
