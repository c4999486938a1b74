/**
 * Notices requests that the logs hold twice, and that would count twice: two logs of one site, or one log into which
 * nginx writes each request in two formats. Rows of one second are compared by client, status and URL.
 */
import { HIGH, INFO, LINE, LOW, ROW, SECOND, STATUS_MASK, type Tally, URL } from '../parse/tally.ts';

/** Of a log's lines within one second, as many are compared. */
const ROWS_PER_SECOND = 50;
/** Requests in two places that tell doubled lines from chance, and the share of all that they must be. */
const MATCHES_MIN = 20;
const SHARE_MIN = 0.8;
/** Rows of a log after which counting begins anew. */
const WINDOW_ROWS = 200;
/** Rows that wait for their double; the oldest are forgotten. */
const WAITING_MAX = 16_384;
const BRACE = 0x7b;

/** One log's lines in one format. */
interface Stream {
  readonly log: string;
  readonly isJson: boolean;
  second: number;
  inSecond: number;
  rows: number;
  /** Requests that the other stream had as well. */
  readonly matches: Map<Stream, number>;
}

/** Two logs with the same requests; the same log twice when it has them in two formats. */
export type DoubledPair = readonly [log: string, other: string];

export class DoubledLines {
  private readonly streams = new Map<string, Stream>();
  private readonly waiting = new Map<string, Stream[]>();
  private found: readonly DoubledPair[] = [];

  /** @param fromSecond rows of earlier seconds are left out */
  add(log: string, { rows, count }: Pick<Tally, 'rows' | 'count'>, bytes: Uint8Array, fromSecond = 0): void {
    for (let at = 0; at < count * ROW; at += ROW) {
      const second = rows[at + SECOND] ?? 0;
      if (second < fromSecond) continue;
      const stream = this.streamOf(log, bytes[rows[at + LINE] ?? 0] === BRACE);
      if (second !== stream.second) [stream.second, stream.inSecond] = [second, 0];
      if (stream.inSecond++ >= ROWS_PER_SECOND) continue;
      stream.rows++;
      const [high, low, status, url] = [rows[at + HIGH], rows[at + LOW], rows[at + INFO], rows[at + URL]];
      this.match(stream, `${second} ${high} ${low} ${(status ?? 0) & STATUS_MASK} ${url}`);
    }
  }

  /** The pairs that the newest lines show. */
  pairs(): readonly DoubledPair[] {
    const streams = [...this.streams.values()];
    const doubled = streams.flatMap((stream) =>
      [...stream.matches].flatMap(([other, matches]): DoubledPair[] =>
        matches >= MATCHES_MIN && matches >= SHARE_MIN * Math.max(stream.rows, other.rows)
          ? [[stream.log, other.log]]
          : [],
      ),
    );
    const isOver = streams.some(({ rows }) => rows >= WINDOW_ROWS);
    if (doubled.length > 0 || isOver) this.found = doubled;
    if (isOver) this.streams.clear();
    return this.found;
  }

  private streamOf(log: string, isJson: boolean): Stream {
    const key = `${isJson} ${log}`;
    let stream = this.streams.get(key);
    if (!stream) {
      stream = { log, isJson, second: 0, inSecond: 0, rows: 0, matches: new Map() };
      this.streams.set(key, stream);
    }
    return stream;
  }

  private match(stream: Stream, request: string): void {
    const waiting = this.waiting.get(request) ?? [];
    const at = waiting.findIndex(({ log, isJson }) => log !== stream.log || isJson !== stream.isJson);
    const [other] = at < 0 ? [] : waiting.splice(at, 1);
    if (other) {
      // Counted on one side only, whichever came first.
      const [first, second] =
        other.log < stream.log || (other.log === stream.log && other.isJson) ? [other, stream] : [stream, other];
      first.matches.set(second, (first.matches.get(second) ?? 0) + 1);
      if (waiting.length === 0) this.waiting.delete(request);
      return;
    }
    waiting.push(stream);
    this.waiting.set(request, waiting);
    if (this.waiting.size > WAITING_MAX) this.waiting.delete(this.waiting.keys().next().value ?? '');
  }
}
