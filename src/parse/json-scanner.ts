/**
 * The fast path for JSON lines: finds the needed values as byte ranges, without a string or an object. It accepts
 * only what JSON.parse accepts too and gives up (`false`) on everything unusual: nested objects, odd numbers, malformed
 * text. The slow path (record.ts) then decides.
 */
import { escapeLength, UNICODE_ESCAPE_LENGTH } from './escapes.ts';
import { type FieldKeys, REQUEST_TIME, SCANNED, TIMESTAMP } from './fields.ts';
import type { KnownLayout, LineValues } from './line-format.ts';
import { LineLayout, type SeenMember, UNKNOWN } from './line-layout.ts';
import { findTextEnd } from './text-end.ts';

/** So many lines of another layout in a row, and that one is learned. */
const LEARN_AFTER = 32;
const [NEWLINE, QUOTE, MINUS, BACKSLASH, COLON, COMMA, OPEN, CLOSE] = [0x0a, 0x22, 0x2d, 0x5c, 0x3a, 0x2c, 0x7b, 0x7d];
const TABLE_SIZE = 512;
/** Ten digits of seconds, a dot and microseconds. */
const NUMBER_LENGTH_MAX = 17;
/** A dot and microseconds: a smaller number has an exponent in the text of its value. */
const FRACTION_MAX = 7;

interface KnownKey {
  readonly bytes: Uint8Array;
  readonly field: number;
  readonly rank: number;
}

function isSpace(c: number): boolean {
  return c === 0x20 || c === 0x09 || c === 0x0d;
}

export class JsonScanner implements LineValues, KnownLayout {
  bytes: Uint8Array = new Uint8Array(0);
  readonly starts = new Int32Array(SCANNED.length);
  readonly ends = new Int32Array(SCANNED.length);
  /** A value has escape sequences, after scan(). */
  hasEscapes = false;
  private readonly ranks = new Uint8Array(SCANNED.length);
  private readonly table: (KnownKey | undefined)[] = new Array(TABLE_SIZE).fill(undefined);
  private field = 0;
  private rank = 0;
  private layout: LineLayout | undefined;
  /** Lines in a row that were laid out otherwise; the very first line is learned. */
  private misses = LEARN_AFTER - 1;
  private viewed: Uint8Array | undefined;
  private view: DataView = new DataView(new ArrayBuffer(0));

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

  scanKnown(bytes: Uint8Array, start: number): number {
    const { layout, starts, ends } = this;
    if (!layout) return -1;
    if (bytes !== this.viewed) {
      this.viewed = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    const { view } = this;
    const end = bytes.length;
    this.clear();
    let at = start;
    for (const { before, quoted, field, rank, isOnly } of layout.members) {
      if (!before.matches(view, at, end)) return -1;
      at += before.length;
      if (quoted) {
        const valueAt = at;
        at = findTextEnd(view, at, end);
        if (at >= end || bytes[at] !== QUOTE) return -1;
        if (isOnly) {
          const isAbsent = at === valueAt || (at === valueAt + 1 && bytes[valueAt] === MINUS);
          starts[field] = isAbsent ? -1 : valueAt;
          ends[field] = at;
        } else if (field !== UNKNOWN && !this.keep(bytes, valueAt, at, field, rank)) return -1;
        at++;
      } else at = this.scanBare(bytes, at, end, field, rank);
      if (at < 0) return -1;
    }
    if (!layout.tail.matches(view, at, end)) return -1;
    this.misses = 0;
    return at + layout.tail.length - 1;
  }

  /** Scans the line `start`…`end` (without its newline); false sends it to the slow path. */
  scan(bytes: Uint8Array, start: number, end: number): boolean {
    this.clear();
    this.hasEscapes = false;
    const learn = ++this.misses % LEARN_AFTER === 0 && bytes[end] === NEWLINE;
    const seen: SeenMember[] | undefined = learn ? [] : undefined;
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
      const quoted = bytes[at] === QUOTE;
      const valueAt = quoted ? at + 1 : at;
      const { field, rank } = this;
      at = quoted ? this.scanString(bytes, valueAt, end, field, rank) : this.scanBare(bytes, at, end, field, rank);
      if (at < 0) return false;
      seen?.push({ valueAt, end: at, quoted, field, rank });
      while (at < end && isSpace(bytes[at] as number)) at++;
      const c = bytes[at++];
      if (c === COMMA) continue;
      if (c !== CLOSE || at > end) return false;
      while (at < end && isSpace(bytes[at] as number)) at++;
      if (at === end && seen) this.layout = new LineLayout(bytes, start, end, seen);
      return at === end;
    }
  }

  private clear(): void {
    const { starts } = this;
    for (let field = 0; field < starts.length; field++) starts[field] = -1;
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

  private scanString(bytes: Uint8Array, at: number, end: number, field: number, rank: number): number {
    const start = at;
    let escapes = 0;
    for (; at < end; at++) {
      const c = bytes[at] as number;
      if (c === QUOTE) {
        if (field === UNKNOWN) return at + 1;
        if (escapes > 0) {
          this.hasEscapes = true;
          // It may stand for nginx's `-`, which counts as absent.
          if (at - start === UNICODE_ESCAPE_LENGTH && bytes[start] === BACKSLASH) return -1;
        }
        return this.keep(bytes, start, at, field, rank) ? at + 1 : -1;
      }
      if (c === BACKSLASH) {
        const length = escapeLength(bytes, at);
        if (length < 0) return -1;
        at += length - 1;
        escapes++;
      } else if (c < 0x20) return -1;
    }
    return -1;
  }

  /** A number of digits and one dot; everything else (true, null, exponents) is left to the slow path. */
  private scanBare(bytes: Uint8Array, at: number, end: number, field: number, rank: number): number {
    const start = at;
    let dots = 0;
    for (; at < end; at++) {
      const c = bytes[at] as number;
      if (c === 0x2e && dots === 0 && at > start) dots = at;
      else if (c < 0x30 || c > 0x39) break;
    }
    if (at === start || dots === at - 1) return -1;
    if (bytes[start] === 0x30 && at - start > 1 && dots !== start + 1) return -1;
    if (field === UNKNOWN) return at;
    // Where a number's own text may differ from the text of its value (0.0000001, 200.0, more digits than a double has).
    const mayDiffer = field === REQUEST_TIME ? at - dots > FRACTION_MAX : field !== TIMESTAMP || bytes[start] === 0x30;
    const odd = at - start > NUMBER_LENGTH_MAX || (dots > 0 && mayDiffer);
    return !odd && this.keep(bytes, start, at, field, rank) ? at : -1;
  }

  /**
   * An empty value or nginx's `-` counts as absent; of several keys for a field the preferred one wins, of equals the
   * last. False when that last one takes a value back.
   */
  private keep(bytes: Uint8Array, start: number, end: number, field: number, rank: number): boolean {
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
