/** What a log format is to the parser. docs/extending.md shows how to add one. */
import { SCANNED } from './fields.ts';
import type { LogRecord } from './record.ts';

/** Where the values of a line are, valid until the next line is scanned. */
export interface LineValues {
  readonly bytes: Uint8Array;
  /** Ranges by place in SCANNED; a start of -1 where the line has none. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

export class FoundValues implements LineValues {
  bytes: Uint8Array = new Uint8Array(0);
  readonly starts = new Int32Array(SCANNED.length);
  readonly ends = new Int32Array(SCANNED.length);

  /** Forgets the line before; `bytes` has the values of the next. */
  open(bytes: Uint8Array): void {
    const { starts } = this;
    this.bytes = bytes;
    // Ten numbers: fill() takes longer.
    for (let field = 0; field < starts.length; field++) starts[field] = -1;
  }

  /** An empty value and nginx's `-` count as absent. */
  keep(field: number, start: number, end: number): void {
    if (end === start || (end === start + 1 && this.bytes[start] === 0x2d)) return;
    this.starts[field] = start;
    this.ends[field] = end;
  }

  /** The same as text. */
  toRecord(): LogRecord {
    return recordOf(this);
  }
}

/** The values as texts. */
export function recordOf({ bytes, starts, ends }: LineValues): LogRecord {
  const decoder = new TextDecoder();
  const found = SCANNED.flatMap((name, field) => {
    const start = starts[field] as number;
    return start < 0 ? [] : [[name, decoder.decode(bytes.subarray(start, ends[field]))]];
  });
  return Object.fromEntries(found);
}

/** Reads lines of every source again, after they were parsed. */
export interface LineReader {
  /** The whole record of a line; undefined when it is malformed. */
  record(source: number, line: Uint8Array): LogRecord | undefined;
  /** The values of the line that starts at `start`, valid until the next line is scanned. */
  scan(source: number, bytes: Uint8Array, start: number): LineValues | undefined;
}

/** Finds the values of a line of the usual layout, and its end as well, faster than a search for the newline and `scan`. */
export interface KnownLayout extends Pick<LineValues, 'starts' | 'ends'> {
  /** Scans the line at `start` if it is of the usual layout; the position of its newline, or -1. */
  scanKnown(bytes: Uint8Array, start: number): number;
}

export interface LineFormat {
  /** Whether `auto` takes the line at `start` for one of this format, by what no client chooses; without it only its name does. */
  readonly detect?: (bytes: Uint8Array, start: number) => boolean;
  /** The values of the line `start`…`end` (without its newline); undefined when it has another shape. */
  scan(bytes: Uint8Array, start: number, end: number): LineValues | undefined;
  /** A whole line as named texts, for samples; undefined when it has another shape. */
  record(line: Uint8Array): LogRecord | undefined;
  readonly known?: KnownLayout;
}
