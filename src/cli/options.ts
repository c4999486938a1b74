/** Reads what people type as option values. */

import { parseDuration } from '../english/duration.ts';
import { BAN_MS_MAX } from '../model/limits.ts';
import { printable } from '../model/text.ts';
import { isHostName } from '../net/host-name.ts';
import { formatPrefix, hasHostBits, type Prefix, parsePrefix } from '../net/prefix.ts';
import { wrongUsage } from './exit.ts';

const DAY_MS = 86_400_000;
/** Standard input where a file is expected; a lone - means the same. */
export const STDIN = '/dev/stdin';

/** What some commands take beside targets, and people write like one. */
type TargetOption = 'all' | 'for';

/**
 * Each address or network in its canonical form, host names as they are where `names` allows them; all that are none
 * are named at once, with exit code 2.
 */
export function readTargets(
  words: readonly string[],
  { names = false, option }: { readonly names?: boolean; readonly option?: TargetOption } = {},
): readonly string[] {
  const bad: string[] = [];
  const targets = new Set<string>();
  for (const word of words.map((each) => each.trim())) {
    const prefix = parsePrefix(word);
    if (prefix !== undefined) targets.add(formatPrefix(prefix));
    else if (names && isHostName(word)) targets.add(word.toLowerCase());
    else bad.push(word);
  }
  if (bad.length === 0) return [...targets];
  throw wrongUsage(
    bad.map((word) => `${printable(word)} is neither an address nor a network${whatIsMeant(word, option)}`).join('\n'),
  );
}

/** Within an address with a port, a URL, a line of a log: IPv4, or IPv6 in brackets or with a zone. */
const ADDRESSES = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])|(?<=\[)[\da-f:.]+(?=\])|^[\da-f:]+(?=%)/gi;
/** As long as a log line may be worth reading for it. */
const SEARCHED_CHARS_MAX = 65_536;

/** Where it can be told: ` (did you mean 203.0.113.9?)`. */
export function whatIsMeant(word: string, option?: TargetOption): string {
  if (option === 'all' && /^all$/i.test(word)) return ' (did you mean --all?)';
  if (option === 'for' && parseBanDuration(word) !== undefined) return ` (did you mean --for ${word}?)`;
  const found = [...new Set(word.slice(0, SEARCHED_CHARS_MAX).match(ADDRESSES))].flatMap(
    (text) => parsePrefix(text) ?? [],
  );
  const [first] = found;
  if (first === undefined) return '';
  if (found.length === 1 && !/\/\d+$/.test(word)) return ` (did you mean ${formatPrefix(first)}?)`;
  return ': one address or network a word, a range as networks such as 203.0.113.0/24';
}

/** Networks that were written with an address in them, by their canonical names: all of such a network is banned or allowed. */
export function findWidened(words: readonly string[]): ReadonlyMap<string, string> {
  const widened = words.map((word) => word.trim()).filter(hasHostBits);
  return new Map(widened.flatMap((word) => readTargets([word]).map((network) => [network, word])));
}

/** An address or a network. */
export function readPrefix(option: string, text: string | undefined): Prefix | undefined {
  const prefix = text === undefined ? undefined : parsePrefix(text);
  if (text === undefined || prefix) return prefix;
  throw wrongUsage(`--${option} ${printable(text)}: neither an address nor a network`);
}

const UNITLESS = /^\d+(\.\d+)?$/;

/** What a number without a unit should have been; 60 may be meant as seconds or as minutes. */
function refuseUnitless(option: string, text: string): void {
  if (!UNITLESS.test(text)) return;
  const examples = ['s', 'm', 'h'].map((unit) => text + unit).join(', ');
  throw wrongUsage(`--${option} ${text}: the unit is missing: ${examples} or ${text}d`);
}

/** How long a ban is to last: milliseconds, null for `permanent`, undefined for what is no time of a second to a thousand years. */
export function parseBanDuration(text: string): number | null | undefined {
  if (/^(permanent|forever)$/i.test(text)) return null;
  const ms = parseDuration(text);
  return ms !== undefined && ms >= 1000 && ms <= BAN_MS_MAX ? Math.round(ms) : undefined;
}

/** `parseBanDuration` of `--for`, undefined where the option is absent. */
export function readBanDuration(text: string | undefined): number | null | undefined {
  if (text === undefined) return undefined;
  refuseUnitless('for', text);
  const ms = parseBanDuration(text);
  if (ms !== undefined) return ms;
  throw wrongUsage(
    `--for ${printable(text)}: expected a duration from 1s to ${BAN_MS_MAX / DAY_MS}d such as 30m, 1h or 7d, or permanent`,
  );
}

/** A whole number from `min` to `max`. */
export function readCount(option: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw wrongUsage(`--${option} ${printable(text)}: expected a whole number from ${min} to ${max}`);
}

/** Ends the command with exit code 2 where `text` has more than `max` characters. */
export function refuseLonger(what: string, text: string, max: number): void {
  if (text.length <= max) return;
  throw wrongUsage(`${what} has ${text.length} characters: at most ${max}`);
}

/** A time span such as `1h`, in milliseconds. */
export function readSpan(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  refuseUnitless(option, text);
  const ms = parseDuration(text);
  if (ms !== undefined && Number.isFinite(ms)) return ms;
  throw wrongUsage(`--${option} ${printable(text)}: expected a time span such as 30m, 1h or 7d`);
}

/** A number above 0. */
export function readPositive(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && Number.isFinite(value)) return value;
  throw wrongUsage(`--${option} ${printable(text)}: expected a number above 0`);
}
