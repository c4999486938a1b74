/** What a lane stops, in words, for every screen. Values come from the log: escape them as text from outside. */
import type { LaneMatch } from '../model/lane.ts';

/** `user agent "Mozilla/5.0 …", no referer`: what a request has that the lane matches. */
export function tellMatch(match: LaneMatch): string {
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
