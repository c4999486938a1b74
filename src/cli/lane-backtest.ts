/** Whom a lane would have touched, by the logs as they are: what a person sees before opening one. */
import type { Config } from '../config/schema.ts';
import type { Backtest, LaneMatch } from '../model/lane.ts';
import { createLaneMatcher } from '../parse/lane-matcher.ts';
import { Parser } from '../parse/parser.ts';
import { HIGH, LINE, LOW, ROW, SECOND, type Tally } from '../parse/tally.ts';
import { findLogs } from '../source/discover.ts';
import { findEnd, findHistory, readHistory } from '../source/log-history.ts';
import { SourceError } from '../source/source-error.ts';
import { workerSetup } from '../workers/worker-setup.ts';

/** A week has every day of it once. */
const BACK_MS = 7 * 86_400_000;
/** Newest bytes read of one log, and how long all may take. */
const [BYTES_MAX, READ_MS_MAX] = [512 * 1_048_576, 30_000];
const NEWLINE = 0x0a;

export interface Backtested {
  readonly backtest: Backtest;
  /** What could not be looked at, in words. */
  readonly notes: readonly string[];
}

export async function backtestLane(config: Config, match: LaneMatch, now: () => number): Promise<Backtested> {
  const count = new Count(match);
  const notes: string[] = [];
  const deadlineMs = now() + READ_MS_MAX;
  const { parsers } = workerSetup(config);
  const { logs, unmatched } = findLogs(config.logs.map(({ path }) => path));
  notes.push(...unmatched.map((glob) => `no log matches ${glob}`));
  for (const { path, index } of logs) {
    const options = parsers[index];
    if (!options) continue;
    const parser = new Parser(options);
    try {
      const end = findEnd(path);
      if (!end) continue;
      const secondOf = (lines: Uint8Array) => {
        const { rows, count: lineCount } = parser.parse(lines, Number.POSITIVE_INFINITY);
        return lineCount === 0 ? undefined : rows[SECOND];
      };
      const pieces = findHistory(end, { fromMs: now() - BACK_MS, bytesMax: BYTES_MAX, secondOf });
      for (const piece of pieces.toReversed()) {
        if (now() > deadlineMs) break;
        for await (const { bytes } of readHistory(path, piece)) {
          count.add(parser.parse(bytes, Number.POSITIVE_INFINITY), bytes, parser, (now() - BACK_MS) / 1000);
          if (now() <= deadlineMs) continue;
          notes.push(`the look back stopped after ${READ_MS_MAX / 1000} s, within ${piece.file}`);
          break;
        }
      }
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      notes.push(error.message);
    }
  }
  return { backtest: count.result(), notes };
}

class Count {
  private readonly matches: ReturnType<typeof createLaneMatcher>;
  private readonly clients = new Set<bigint>();
  private readonly matched = new Set<bigint>();
  private requests = 0;
  private requestsMatched = 0;
  private first = Number.POSITIVE_INFINITY;
  private last = 0;

  constructor(match: LaneMatch) {
    this.matches = createLaneMatcher(match);
  }

  add({ rows, count }: Tally, bytes: Uint8Array, parser: Parser, fromSecond: number): void {
    for (let at = 0; at < count * ROW; at += ROW) {
      const second = rows[at + SECOND] as number;
      if (second < fromSecond) continue;
      const start = rows[at + LINE] as number;
      const end = bytes.indexOf(NEWLINE, start);
      const record = parser.readRecord(bytes.subarray(start, end < 0 ? undefined : end));
      if (!record) continue;
      const client = (BigInt(rows[at + HIGH] as number) << 32n) | BigInt(rows[at + LOW] as number);
      this.requests++;
      this.clients.add(client);
      this.first = Math.min(this.first, second);
      this.last = Math.max(this.last, second);
      if (!this.matches(record)) continue;
      this.requestsMatched++;
      this.matched.add(client);
    }
  }

  result(): Backtest {
    return {
      hours: Math.max(0, this.last - this.first) / 3600,
      clients: this.clients.size,
      clients_matched: this.matched.size,
      requests: this.requests,
      requests_matched: this.requestsMatched,
    };
  }
}
