/** An object of JSON a line (`escape=json`): the scanner where it can, JSON.parse where it must. */
import { unescapeJson } from './escapes.ts';
import { type FieldKeys, SCANNED } from './fields.ts';
import { JsonScanner } from './json-scanner.ts';
import { FoundValues, type LineFormat, type LineValues } from './line-format.ts';
import { type LogRecord, parseJsonRecord } from './record.ts';

const [SPACE, OPEN] = [0x20, 0x7b];

export class JsonFormat implements LineFormat {
  readonly known: JsonScanner;
  private readonly keys: FieldKeys;
  /** Values that do not stand in the chunk as they are. */
  private readonly unescaped = new FoundValues();
  private buffer = new Uint8Array(4096);
  private readonly encoder = new TextEncoder();
  private readonly decoder = new TextDecoder();

  constructor(keys: FieldKeys) {
    this.keys = keys;
    this.known = new JsonScanner(keys);
  }

  /** By the brace that it begins with. */
  detect(bytes: Uint8Array, start: number): boolean {
    while (bytes[start] === SPACE) start++;
    return bytes[start] === OPEN;
  }

  scan(bytes: Uint8Array, start: number, end: number): LineValues | undefined {
    const { known } = this;
    known.bytes = bytes;
    if (!known.scan(bytes, start, end)) return this.scanSlowly(bytes.subarray(start, end));
    return known.hasEscapes ? this.unescape(end - start) : known;
  }

  record(line: Uint8Array): LogRecord | undefined {
    return parseJsonRecord(this.decoder.decode(line), this.keys);
  }

  private unescape(length: number): LineValues {
    const { known, unescaped } = this;
    // No escape sequence is shorter than what it stands for.
    const buffer = this.reserve(length);
    for (let field = 0, at = 0; field < SCANNED.length; field++) {
      const start = known.starts[field] as number;
      if (start < 0) continue;
      const end = unescapeJson(known.bytes, start, known.ends[field] as number, buffer, at);
      unescaped.keep(field, at, end);
      at = end;
    }
    return unescaped;
  }

  /** JSON that the scanner did not understand. */
  private scanSlowly(line: Uint8Array): LineValues | undefined {
    const record = this.record(line);
    if (!record) return undefined;
    const values = SCANNED.map((name) => this.encoder.encode(record[name] ?? ''));
    const buffer = this.reserve(values.reduce((sum, value) => sum + value.length, 0));
    let at = 0;
    for (const [field, value] of values.entries()) {
      buffer.set(value, at);
      this.unescaped.keep(field, at, at + value.length);
      at += value.length;
    }
    return this.unescaped;
  }

  private reserve(length: number): Uint8Array {
    if (length > this.buffer.length) this.buffer = new Uint8Array(2 * length);
    this.unescaped.open(this.buffer);
    return this.buffer;
  }
}
