/** Lists of bans in files: what every format is read into. */

import type { BanOrder } from '../../control/protocol.ts';
import { REASON_LENGTH_MAX } from '../../model/limits.ts';
import { printable } from '../../model/text.ts';
import { formatPrefix, hasHostBits, parsePrefix } from '../../net/prefix.ts';

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
  /** Networks that were written with an address in them, and how: all of such a network is meant. */
  readonly widened: ReadonlyMap<string, string>;
}

/** What an entry comes to: a ban with its target as it was written, a problem in words, or nothing. */
export type Entry = BanOrder | string | undefined;

/** Puts what the lines came to together. */
export function listOf(entries: Iterable<{ readonly line: number; readonly entry: Entry }>): BanList {
  const bans: BanOrder[] = [];
  const lines: number[] = [];
  const problems: LineProblem[] = [];
  const widened = new Map<string, string>();
  for (const { line, entry } of entries) {
    const prefix = typeof entry === 'object' ? parsePrefix(entry.target) : undefined;
    if (typeof entry === 'string') problems.push({ line, message: entry });
    else if (entry !== undefined && prefix === undefined)
      problems.push({ line, message: `${quote(entry.target)} is neither an address nor a network` });
    else if (entry !== undefined && prefix !== undefined) {
      const target = formatPrefix(prefix);
      if (hasHostBits(entry.target)) widened.set(target, entry.target);
      bans.push({ ...entry, target, reason: entry.reason?.slice(0, REASON_LENGTH_MAX) });
      lines.push(line);
    }
  }
  return { bans, lines, problems, widened };
}

/** A word of the list, short enough for a message. */
export const quote = (word: string): string => printable(word.slice(0, QUOTED_LENGTH_MAX));
