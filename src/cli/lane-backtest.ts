/** Whom a lane would have touched, by the logs as they are: what a person sees before opening one. */
import type { Config } from '../config/schema.ts';
import type { LaneMatch } from '../model/lane.ts';
import type { Backtest } from '../model/told-event.ts';
import { createLaneMatcher } from '../parse/lane-matcher.ts';
import type { Parser } from '../parse/parser.ts';
import { HIGH, LINE, LOW, ROW, SECOND, type Tally } from '../parse/tally.ts';
import { lineAt, PastLogs } from './past-logs.ts';

/** A week has every day of it once. */
const BACK_MS = 7 * 86_400_000;
/** Newest bytes read of one log, and how long all may take. */
const [BYTES_MAX, READ_MS_MAX] = [512 * 1_048_576, 30_000];

/** `notes` say what could not be looked at. */
export async function backtestLane(config: Config, match: LaneMatch, now: () => number) {
  const count = new Count(match);
  const logs = new PastLogs(config);
  const fromMs = now() - BACK_MS;
  const deadlineMs = now() + READ_MS_MAX;
  for (const log of logs.all) {
    for (const piece of logs.findPieces(log, { fromMs, bytesMax: BYTES_MAX })) {
      if (now() > deadlineMs) break;
      await logs.read(log, piece, (_first, _last, tally, bytes) => {
        count.add(tally, bytes, log.parser, fromMs / 1000);
        if (now() <= deadlineMs) return true;
        logs.notes.push(`the look back stopped after ${READ_MS_MAX / 1000} s, within ${piece.file}`);
        return false;
      });
    }
  }
  return { backtest: count.result(), notes: logs.notes };
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
      const record = parser.readRecord(lineAt(bytes, rows[at + LINE] as number));
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
