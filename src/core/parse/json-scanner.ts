/**
 * The fast path for JSON lines: finds the needed values as byte ranges, without a string or an object. It accepts
 * only what JSON.parse accepts too and gives up (`false`) on everything unusual: escapes in a needed value, nested
 * objects, odd numbers, malformed text. The slow path (record.ts) then decides.
 */
import { type FieldKeys, SCANNED, TIMESTAMP } from './fields.ts';

const [QUOTE, BACKSLASH, COLON, COMMA, OPEN, CLOSE] = [0x22, 0x5c, 0x3a, 0x2c, 0x7b, 0x7d];
const TABLE_SIZE = 512;
const UNKNOWN = 255;
/** Ten digits of seconds, a dot and microseconds. */
const NUMBER_LENGTH_MAX = 17;

/** 1 for the bytes that may follow a backslash in a value that is skipped (`\u` needs its digits checked: slow path). */
const SIMPLE_ESCAPE = new Uint8Array(256);
for (const c of '"\\/bfnrt') SIMPLE_ESCAPE[c.charCodeAt(0)] = 1;

interface KnownKey {
  readonly bytes: Uint8Array;
  readonly field: number;
  readonly rank: number;
}

function isSpace(c: number): boolean {
  return c === 0x20 || c === 0x09 || c === 0x0d;
}

export class JsonScanner {
  /** Ranges of the values of SCANNED, valid after scan(); start is -1 where the line has none. */
  readonly starts = new Int32Array(SCANNED.length);
  readonly ends = new Int32Array(SCANNED.length);
  private readonly ranks = new Uint8Array(SCANNED.length);
  private readonly table: (KnownKey | undefined)[] = new Array(TABLE_SIZE).fill(undefined);
  private field = 0;
  private rank = 0;

  constructor(keys: FieldKeys) {
    const encoder = new TextEncoder();
    for (const [field, name] of SCANNED.entries()) {
      for (const [rank, key] of keys[name].entries()) {
        const bytes = encoder.encode(key);
        let slot = bytes.reduce((hash, c) => (Math.imul(hash, 31) + c) | 0, 0) & (TABLE_SIZE - 1);
        while (this.table[slot]) slot = (slot + 1) & (TABLE_SIZE - 1);
        this.table[slot] = { bytes, field, rank };
      }
    }
  }

  /** Scans the line `start`…`end` (without its newline); false sends it to the slow path. */
  scan(bytes: Uint8Array, start: number, end: number): boolean {
    this.starts.fill(-1);
    let at = start;
    while (at < end && isSpace(bytes[at] as number)) at++;
    if (bytes[at] !== OPEN) return false;
    at++;
    for (;;) {
      while (at < end && isSpace(bytes[at] as number)) at++;
      if (bytes[at] !== QUOTE) return false;
      at = this.scanKey(bytes, at + 1, end);
      if (at < 0) return false;
      while (at < end && isSpace(bytes[at] as number)) at++;
      if (bytes[at] !== COLON) return false;
      at++;
      while (at < end && isSpace(bytes[at] as number)) at++;
      at = bytes[at] === QUOTE ? this.scanString(bytes, at + 1, end) : this.scanBare(bytes, at, end);
      if (at < 0) return false;
      while (at < end && isSpace(bytes[at] as number)) at++;
      const c = bytes[at++];
      if (c === COMMA) continue;
      if (c !== CLOSE || at > end) return false;
      while (at < end && isSpace(bytes[at] as number)) at++;
      return at === end;
    }
  }

  /** Sets field and rank of the key at `at`; the position behind its quote, or -1. */
  private scanKey(bytes: Uint8Array, at: number, end: number): number {
    const start = at;
    let hash = 0;
    for (; at < end; at++) {
      const c = bytes[at] as number;
      if (c === QUOTE) break;
      if (c === BACKSLASH || c < 0x20) return -1;
      hash = (Math.imul(hash, 31) + c) | 0;
    }
    if (at >= end) return -1;
    this.field = UNKNOWN;
    let slot = hash & (TABLE_SIZE - 1);
    for (let known = this.table[slot]; known; known = this.table[slot]) {
      if (known.bytes.length === at - start && matches(bytes, start, known.bytes)) {
        this.field = known.field;
        this.rank = known.rank;
        break;
      }
      slot = (slot + 1) & (TABLE_SIZE - 1);
    }
    return at + 1;
  }

  private scanString(bytes: Uint8Array, at: number, end: number): number {
    const start = at;
    for (; at < end; at++) {
      const c = bytes[at] as number;
      if (c === QUOTE) {
        return this.field === UNKNOWN || this.keep(bytes, start, at) ? at + 1 : -1;
      }
      if (c === BACKSLASH) {
        if (this.field !== UNKNOWN || SIMPLE_ESCAPE[bytes[++at] as number] === 0) return -1;
      } else if (c < 0x20) return -1;
    }
    return -1;
  }

  /** A number of digits and one dot; everything else (true, null, exponents) is left to the slow path. */
  private scanBare(bytes: Uint8Array, at: number, end: number): number {
    const start = at;
    let dots = 0;
    for (; at < end; at++) {
      const c = bytes[at] as number;
      if (c === 0x2e && dots === 0 && at > start) dots = at;
      else if (c < 0x30 || c > 0x39) break;
    }
    if (at === start || dots === at - 1) return -1;
    if (bytes[start] === 0x30 && at - start > 1 && dots !== start + 1) return -1;
    if (this.field === UNKNOWN) return at;
    // Where a number's own text may differ from the text of its value (0.0000001, 200.0, more digits than a double has).
    const odd = at - start > NUMBER_LENGTH_MAX || (dots > 0 && (this.field !== TIMESTAMP || bytes[start] === 0x30));
    return !odd && this.keep(bytes, start, at) ? at : -1;
  }

  /**
   * An empty value or nginx's `-` counts as absent; of several keys for a field the preferred one wins, of equals the
   * last. False when that last one takes a value back.
   */
  private keep(bytes: Uint8Array, start: number, end: number): boolean {
    const { field, rank } = this;
    const known = (this.starts[field] as number) >= 0;
    if (end === start || (end - start === 1 && bytes[start] === 0x2d)) return !known || this.ranks[field] !== rank;
    if (known && (this.ranks[field] as number) < rank) return true;
    this.starts[field] = start;
    this.ends[field] = end;
    this.ranks[field] = rank;
    return true;
  }
}

function matches(bytes: Uint8Array, at: number, key: Uint8Array): boolean {
  for (let i = 0; i < key.length; i++) if (bytes[at + i] !== key[i]) return false;
  return true;
}
