/**
 * One address or network a line; after it, if anything, how long and why: `203.0.113.9 2h hammers the login`. Comments
 * begin with # or ;.
 */
import { formatPrefix, parsePrefix } from '../../core/net/prefix.ts';
import { parseBanDuration } from '../options.ts';
import { printable } from '../text.ts';
import { type BanList, collectList, type Entry } from './list.ts';

/** What is left of a line when it is quoted. */
const QUOTED_LENGTH_MAX = 60;
/** The beginning of a line of nginx's combined log: banning everybody in an access log is hardly what was meant. */
const ACCESS_LOG = /^\S+ \S+ \S+ \[\d\d\/\w{3}\/\d{4}:/;

export function parsePlain(text: string): BanList {
  return collectList(text.split('\n').map(parseLine));
}

function parseLine(text: string): Entry {
  if (ACCESS_LOG.test(text)) return 'a line of an access log, not of a list';
  const [word = '', ...rest] = text
    .replace(/[#;].*/, '')
    .trim()
    .split(/[\s,]+/);
  if (word === '') return undefined;
  const target = readTarget(word);
  if (target === undefined) return notAnAddress(word);
  // A bare number is no time here: too many lists have other numbers in their second column.
  const forMs = /[a-z]$/i.test(rest[0] ?? '') ? parseBanDuration(rest[0] ?? '') : undefined;
  const reason = (forMs === undefined ? rest : rest.slice(1)).join(' ');
  return { target, forMs, reason: reason === '' ? undefined : reason };
}

/** Canonical text of an address or network. */
export function readTarget(word: string): string | undefined {
  const prefix = parsePrefix(word);
  return prefix && formatPrefix(prefix);
}

export function notAnAddress(word: string): string {
  return `${printable(word.slice(0, QUOTED_LENGTH_MAX))} is neither an address nor a network`;
}
