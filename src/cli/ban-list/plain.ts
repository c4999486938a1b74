/**
 * One address or network a line; after it, if anything, how long and why: `203.0.113.9 2h hammers the login`. Comments
 * begin with # or ;.
 */
import type { ActiveBan } from '../../model/audit.ts';
import { parsePrefix } from '../../net/prefix.ts';
import { parseBanDuration } from '../options.ts';
import { type BanList, type Entry, listOf } from './list.ts';

/** The beginning of a line of nginx's combined log: banning everybody in an access log is hardly what was meant. */
const ACCESS_LOG = /^\S+ \S+ \S+ \[\d\d\/\w{3}\/\d{4}:/;

export function parsePlain(text: string): BanList {
  return listOf(text.split('\n').map((line, index) => ({ line: index + 1, entry: parseLine(line) })));
}

function parseLine(text: string): Entry {
  if (ACCESS_LOG.test(text)) return 'a line of an access log, not of a list';
  const [word = '', second = '', ...rest] = text
    .replace(/[#;].*/, '')
    .trim()
    .split(/[\s,]+/);
  if (word === '') return undefined;
  if (parsePrefix(word) && parsePrefix(second)) return 'more than one address: put each on a line of its own';
  // A bare number is no time here: too many lists have other numbers in their second column.
  const forMs = /[a-z]$/i.test(second) ? parseBanDuration(second) : undefined;
  const reason = (forMs === undefined ? [second, ...rest] : rest).join(' ').trim();
  return { target: word, forMs, reason: reason === '' ? undefined : reason };
}

/** The addresses and networks alone, as other tools take them. */
export function formatPlain(bans: readonly ActiveBan[]): string {
  return bans.map(({ client }) => client).join('\n');
}
