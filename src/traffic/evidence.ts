/**
 * Evidence costs nothing per line: the raw chunks of the last lines are kept with their tallies, and searched only when
 * a client is flagged.
 */
import type { Sample } from '../model/event.ts';
import { printable } from '../model/text.ts';
import { formatSecond } from '../model/time.ts';
import type { LineReader, LineValues } from '../parse/line-format.ts';
import { type LogRecord, requestOf } from '../parse/record.ts';
import { HIGH, INFO, LINE, LOW, ROW, SECOND, type Tally } from '../parse/tally.ts';
import { spread } from './hash.ts';

/** Lines kept behind the newest; the same for every chunk size, so that samples never depend on it. */
export const LINES_KEPT = 20_000;
/** However long the lines are. */
const BYTES_KEPT_MAX = 16 * 1024 * 1024;
/** Of which so many are looked at to count some kind of them: whose each is has to be looked up. */
const COUNTED_AT = 200;
const SAMPLES_MAX = 5;
/** Of one client, looked at for their user agents. */
const AGENT_RECORDS_MAX = 200;
const TEXT_LENGTH_MAX = 200;
const NEWLINE = 0x0a;
/** Clients, many of whom are neighbours, are told apart by what is higher than these bits. */
const LOW_BITS = 16;

/** Told of a chunk and its tally once nothing remembers them any more: their memory may be freed at once. */
export type Release = (bytes: Uint8Array, tally: Tally) => void;

/** The client with most of the site's newest requests, if any has half of them. */
export interface BusiestClient {
  readonly high: number;
  readonly low: number;
  /** Share of the requests looked at that is its own, 0–1. */
  readonly share: number;
}

/** Part of a chunk. */
export interface Segment {
  readonly bytes: Uint8Array;
  readonly tally: Tally;
  readonly source: number;
  readonly from: number;
  /** How many lines came before row `from`. */
  readonly before: number;
  /** Rows from…to are in the segment; `to` grows while the engine works through it. */
  to: number;
}

/** Text from a log as it may be shown: no control characters, of readable length. */
export function cleanText(text: string): string {
  const clean = printable(text);
  // Well-formed, because a cut may fall between the halves of a character.
  return (clean.length > TEXT_LENGTH_MAX ? `${clean.slice(0, TEXT_LENGTH_MAX)}…` : clean).toWellFormed();
}

export class Evidence {
  private readonly reader: LineReader;
  private readonly release: Release;
  /** Those before `first` are dropped. */
  private segments: (Segment | undefined)[] = [];
  private first = 0;
  private rows = 0;
  /** Rows since findBusiest() was called. */
  private fresh = 0;
  /** Rows so far, dropped ones included. */
  total = 0;
  private bytes = 0;

  constructor(reader: LineReader, release: Release = () => {}) {
    this.reader = reader;
    this.release = release;
  }

  /** Second of the oldest line kept; Infinity without any. */
  get oldestSecond(): number {
    const segment = this.segments[this.first];
    if (!segment || segment.to === segment.from) return Number.POSITIVE_INFINITY;
    return segment.tally.rows[segment.from * ROW + SECOND] as number;
  }

  /** Lines that walk() shows. */
  get kept(): number {
    return Math.min(this.rows, LINES_KEPT);
  }

  /** Opens a segment at row `from`; grow it by extend(). */
  open(source: number, bytes: Uint8Array, tally: Tally, from: number): void {
    this.drop();
    this.segments.push({ source, bytes, tally, from, before: this.total, to: from });
  }

  /** The newest segment now reaches to row `to`. */
  extend(to: number): void {
    const last = this.segments.at(-1);
    if (!last) return;
    this.rows += to - last.to;
    this.fresh += to - last.to;
    this.total += to - last.to;
    this.bytes += lineStart(last, to) - lineStart(last, last.to);
    last.to = to;
  }

  /** Up to five newest requests of a client, oldest first. */
  samples(high: number, low: number): Sample[] {
    return this.samplesOf((otherHigh, otherLow) => otherLow === low && otherHigh === high);
  }

  /** The same of all clients that `isMeant`. */
  samplesOf(isMeant: (high: number, low: number) => boolean): Sample[] {
    const found: Sample[] = [];
    this.walk((segment, at) => {
      const { rows } = segment.tally;
      if (!isMeant(rows[at + HIGH] as number, rows[at + LOW] as number)) return true;
      const record = this.record(segment, at);
      if (record) found.push(toSample(record, rows[at + SECOND] as number));
      return found.length < SAMPLES_MAX;
    });
    return found.reverse();
  }

  /** The newest request of a client; undefined when it can't be read. */
  newestRecord(high: number, low: number): LogRecord | undefined {
    let found: LogRecord | undefined;
    this.walk((segment, at) => {
      const { rows } = segment.tally;
      if (rows[at + LOW] !== low || rows[at + HIGH] !== high) return true;
      found = this.record(segment, at);
      return false;
    });
    return found;
  }

  /**
   * The client with most of the requests since the last call, of the newest `max`, banned ones included; without one that
   * has half of them, any. Undefined when there were fewer than `least`.
   */
  findBusiest(least: number, max: number): BusiestClient | undefined {
    const looked = Math.min(this.fresh, max);
    this.fresh = 0;
    if (looked < least) return undefined;
    // Majority vote (Boyer and Moore, 1981): this is called every minute, and a table of the clients costs too much.
    let [votes, high, low] = [0, 0, 0];
    this.walk(({ tally: { rows } }, at) => {
      if (votes === 0) [high, low] = [rows[at + HIGH] as number, rows[at + LOW] as number];
      votes += rows[at + LOW] === low && rows[at + HIGH] === high ? 1 : -1;
      return true;
    }, looked);
    let own = 0;
    this.walk(({ tally: { rows } }, at) => {
      if (rows[at + LOW] === low && rows[at + HIGH] === high) own++;
      return true;
    }, looked);
    return { high, low, share: own / looked };
  }

  /** Different user agents among a client's newest requests, of which up to 200 are read. */
  countAgents(high: number, low: number): number {
    const agents = new Set<string>();
    let left = AGENT_RECORDS_MAX;
    this.walk((segment, at) => {
      const { rows } = segment.tally;
      if (rows[at + LOW] !== low || rows[at + HIGH] !== high) return true;
      agents.add(this.record(segment, at)?.user_agent ?? '');
      return --left > 0;
    });
    return agents.size;
  }

  /** Shows the newest lines (their rows begin at `at`), up to `max`, newest first, until `visit` returns false. */
  walk(visit: (segment: Segment, at: number) => boolean, max = LINES_KEPT): void {
    let left = max;
    for (let i = this.segments.length - 1; i >= this.first; i--) {
      const segment = this.segments[i] as Segment;
      for (let row = segment.to - 1; row >= segment.from; row--) {
        if (left-- === 0 || !visit(segment, row * ROW)) return;
      }
    }
  }

  /**
   * The same lines, but of those that have any of these INFO bits only those of one client of `every`, a power of two: always the same
   * clients for the same `phase`, which are told from others. Takes little for those that are left out.
   */
  walkSome(
    bits: number,
    every: number,
    phase: number,
    visit: (segment: Segment, at: number, isOneOfEvery: boolean) => boolean,
  ): void {
    let left = LINES_KEPT;
    for (let i = this.segments.length - 1; i >= this.first; i--) {
      const segment = this.segments[i] as Segment;
      const { rows } = segment.tally;
      for (let at = (segment.to - 1) * ROW; at >= segment.from * ROW; at -= ROW) {
        if (left-- === 0) return;
        const client = (rows[at + HIGH] as number) ^ (rows[at + LOW] as number) ^ phase;
        const isOneOfEvery = ((spread(client) >>> LOW_BITS) & (every - 1)) === 0;
        if (!isOneOfEvery && ((rows[at + INFO] as number) & bits) !== 0) continue;
        if (!visit(segment, at, isOneOfEvery)) return;
      }
    }
  }

  /** About how many of the lines kept are meant; takes little. */
  count(isMeant: (segment: Segment, at: number) => boolean): number {
    const shown = Math.min(this.kept, COUNTED_AT);
    let count = 0;
    this.sample(this.kept, shown, 0, (segment, at) => {
      if (isMeant(segment, at)) count++;
    });
    return shown === 0 ? 0 : (count * this.kept) / shown;
  }

  /**
   * Shows `count` of the newest `lines`, evenly spread, newest first; `phase`, from 0 to below 1, says which. Takes no time for
   * the lines between them.
   */
  sample(lines: number, count: number, phase: number, visit: (segment: Segment, at: number) => void): void {
    const spread = Math.min(lines, LINES_KEPT) / count;
    let [shown, newer] = [0, 0];
    for (let i = this.segments.length - 1; i >= this.first && shown < count; i--) {
      const segment = this.segments[i] as Segment;
      const rows = segment.to - segment.from;
      for (let place = pick(shown); shown < count && place < newer + rows; place = pick(++shown))
        visit(segment, (segment.to - 1 - place + newer) * ROW);
      newer += rows;
    }
    function pick(index: number): number {
      return Math.floor((index + phase) * spread);
    }
  }

  /** Reads a line that walk() showed; undefined when it can't be read. */
  record({ source, bytes, tally }: Segment, at: number): LogRecord | undefined {
    const start = tally.rows[at + LINE] as number;
    const end = bytes.indexOf(NEWLINE, start);
    return this.reader.record(source, bytes.subarray(start, end < 0 ? undefined : end));
  }

  /** Where the values of such a line are, valid until the next line is scanned. */
  scan({ source, bytes, tally }: Segment, at: number): LineValues | undefined {
    return this.reader.scan(source, bytes, tally.rows[at + LINE] as number);
  }

  private drop(): void {
    for (; this.first < this.segments.length; this.first++) {
      const segment = this.segments[this.first] as Segment;
      const rows = segment.to - segment.from;
      if (this.rows - rows < LINES_KEPT && this.bytes <= BYTES_KEPT_MAX) break;
      this.rows -= rows;
      this.bytes -= lineStart(segment, segment.to) - lineStart(segment, segment.from);
      this.segments[this.first] = undefined;
      // A chunk's slices come in order, so this was the last of them.
      if (segment.to === segment.tally.count) this.release(segment.bytes, segment.tally);
    }
    // Rarely, because slices may be as short as a line.
    if (this.first * 2 < this.segments.length) return;
    this.segments = this.segments.slice(this.first);
    this.first = 0;
  }
}

/** Where a row's line starts; refused lines belong to the row before, or to the first. */
function lineStart({ tally, bytes }: Segment, row: number): number {
  if (row === 0) return 0;
  return row < tally.count ? (tally.rows[row * ROW + LINE] as number) : bytes.length;
}

/** A request as it may be shown. */
export function toSample(record: LogRecord, second: number): Sample {
  const { method, path } = requestOf(record);
  return {
    time: formatSecond(second),
    method: cleanText(method),
    path: cleanText(path),
    status: Number(record.status ?? 0) || 0,
    userAgent: cleanText(record.user_agent ?? ''),
  };
}
