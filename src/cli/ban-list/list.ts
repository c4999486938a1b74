/** Lists of bans in files: what every format is read into. */
import type { BanOrder } from '../../control/protocol.ts';

/** Longer lists are refused before they fill the memory. */
export const LIST_BYTES_MAX = 64 * 1_048_576;
/** Entries of one list: as many as may be in force at once by default. */
export const LIST_ENTRIES_MAX = 1_000_000;

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

/** What one line comes to: a ban, a problem in words, or nothing. */
export type Entry = BanOrder | string | undefined;

/** Puts what the lines came to together; `entries` are in the order of the lines, the first of which is `firstLine`. */
export function collectList(entries: Iterable<Entry>, firstLine = 1): BanList {
  const bans: BanOrder[] = [];
  const lines: number[] = [];
  const problems: LineProblem[] = [];
  let line = firstLine - 1;
  for (const entry of entries) {
    line++;
    if (typeof entry === 'string') problems.push({ line, message: entry });
    else if (entry !== undefined) {
      bans.push(entry);
      lines.push(line);
    }
  }
  return { bans, lines, problems };
}
