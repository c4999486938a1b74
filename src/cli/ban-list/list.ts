/** Lists of bans in files: what every format is read into. */

import { REASON_LENGTH_MAX } from '../../control/limits.ts';
import type { BanOrder } from '../../control/protocol.ts';
import { printable } from '../../model/text.ts';
import { formatPrefix, parsePrefix } from '../../net/prefix.ts';

/** Longer lists are refused before they fill the memory. */
export const LIST_BYTES_MAX = 64 * 1_048_576;
/** Entries of one list: as many as may be in force at once by default. */
export const LIST_ENTRIES_MAX = 1_000_000;
/** What is left of a word when it is quoted. */
const QUOTED_LENGTH_MAX = 60;

/** A line that cannot be used, and why; the first line is 1. */
export interface LineProblem {
  readonly line: number;
  readonly message: string;
}

export interface BanList {
  readonly bans: readonly BanOrder[];
  /** The line of each ban. */
  readonly lines: readonly number[];
  readonly problems: readonly LineProblem[];
}

/** What an entry comes to: a ban, a problem in words, or nothing. */
export type Entry = BanOrder | string | undefined;

/** Puts what the lines came to together. */
export function listOf(entries: Iterable<{ readonly line: number; readonly entry: Entry }>): BanList {
  const bans: BanOrder[] = [];
  const lines: number[] = [];
  const problems: LineProblem[] = [];
  for (const { line, entry } of entries) {
    if (typeof entry === 'string') problems.push({ line, message: entry });
    else if (entry !== undefined) {
      bans.push({ ...entry, reason: entry.reason?.slice(0, REASON_LENGTH_MAX) });
      lines.push(line);
    }
  }
  return { bans, lines, problems };
}

/** The canonical text of an address or network; undefined for anything else. */
export function readTarget(word: string): string | undefined {
  const prefix = parsePrefix(word);
  return prefix && formatPrefix(prefix);
}

export function notAnAddress(word: string): string {
  return `${printable(word.slice(0, QUOTED_LENGTH_MAX))} is neither an address nor a network`;
}
