/** Whether a request looks as a lane says, from the text of its log line: what nginx and the engine decide by their own means. */
import type { LaneMatch } from '../model/lane.ts';
import { parsePrefix, prefixContains } from '../net/prefix.ts';
import { type LogRecord, requestOf } from './record.ts';

/** Made once for a match, asked for every line. */
export function createLaneMatcher(match: LaneMatch): (record: LogRecord) => boolean {
  const { user_agent, path, query_keys: keys, method, referer } = match;
  const network = match.network === undefined ? undefined : parsePrefix(match.network);
  const isPath = (text: string) =>
    path === undefined || (path.endsWith('*') ? text.startsWith(path.slice(0, -1)) : text === path);
  return (record) => {
    if (user_agent !== undefined && (record.user_agent ?? '-') !== user_agent) return false;
    if (referer !== undefined && (record.referer === undefined) !== (referer === 'absent')) return false;
    if (network) {
      const client = parsePrefix(record.source_ip ?? '');
      if (!client || !prefixContains(network, client)) return false;
    }
    const request = requestOf(record);
    if (method !== undefined && request.method !== method) return false;
    const mark = request.path.indexOf('?');
    if (!isPath(mark < 0 ? request.path : request.path.slice(0, mark))) return false;
    return keys === undefined || isSame(keys, mark < 0 ? '' : request.path.slice(mark + 1));
  };
}

function isSame(keys: readonly string[], query: string): boolean {
  const names = new Set(query.split('&').flatMap((pair) => (pair === '' ? [] : [pair.split('=', 1)[0] ?? ''])));
  return names.size === new Set(keys).size && keys.every((key) => names.has(key));
}
