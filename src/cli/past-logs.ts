/** The configured logs, and what rotation moved aside of them, read back for a person who waits. */
import type { Config } from '../config/schema.ts';
import type { Position } from '../model/chunk.ts';
import { Parser } from '../parse/parser.ts';
import { ROW, SECOND, type Tally } from '../parse/tally.ts';
import { findLogs } from '../source/discover.ts';
import { findEnd, findHistory, type HistoryFile, type HistoryOptions, readHistory } from '../source/log-history.ts';
import { SourceError } from '../source/source-error.ts';
import { workerSetup } from '../workers/worker-setup.ts';

const NEWLINE = 0x0a;

/** The line that begins there. */
export function lineAt(bytes: Uint8Array, start: number): Uint8Array {
  const end = bytes.indexOf(NEWLINE, start);
  return bytes.subarray(start, end < 0 ? undefined : end);
}

export interface PastLog {
  readonly path: string;
  readonly parser: Parser;
  /** Behind its last whole line. */
  readonly end: Position;
}

export class PastLogs {
  readonly all: PastLog[] = [];
  /** What could not be looked at, in words. */
  readonly notes: string[];

  /** Looks which logs there are; those that can't be read become notes. `hashKey` is that of what was learned. */
  constructor(config: Config, hashKey?: number) {
    const { parsers } = workerSetup(config, config.logs, hashKey);
    const { logs, unmatched } = findLogs(config.logs.map(({ path }) => path));
    this.notes = unmatched.map((glob) => `no log matches ${glob}`);
    for (const { path, index } of logs) {
      const options = parsers[index];
      try {
        const end = findEnd(path);
        if (options && end) this.all.push({ path, end, parser: new Parser(options) });
        else this.notes.push(`${path} is missing`);
      } catch (error) {
        this.noteError(error);
      }
    }
  }

  /** The pieces of a log with the lines of some time, the newest first. */
  findPieces({ parser, end }: PastLog, options: Omit<HistoryOptions, 'secondOf'>): readonly HistoryFile[] {
    const secondOf = (lines: Uint8Array) => {
      const { rows, count } = parser.parse(lines, Number.POSITIVE_INFINITY);
      return count === 0 ? undefined : rows[SECOND];
    };
    return findHistory(end, { ...options, secondOf }).toReversed();
  }

  /** Parses a piece of a log, a chunk at a time, until `visit` has seen enough; it gets the seconds of the first and the last line too. */
  async read(
    { path, parser }: PastLog,
    piece: HistoryFile,
    visit: (first: number, last: number, tally: Tally, bytes: Uint8Array) => boolean,
  ): Promise<void> {
    try {
      for await (const { bytes } of readHistory(path, piece)) {
        const tally = parser.parse(bytes, Number.POSITIVE_INFINITY);
        const [first, last] = [tally.rows[SECOND], tally.rows[(tally.count - 1) * ROW + SECOND]];
        if (tally.count > 0 && !visit(first ?? 0, last ?? 0, tally, bytes)) return;
      }
    } catch (error) {
      this.noteError(error);
    }
  }

  private noteError(error: unknown): void {
    if (!(error instanceof SourceError)) throw error;
    this.notes.push(error.message);
  }
}
