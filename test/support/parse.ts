/** Parsers for tests: one line in, what became of it out. */
import type { ClientScheme } from '../../src/net/client-key.ts';
import { FIELD_NAMES, type FieldKeys, type FieldName, fieldKeys } from '../../src/parse/fields.ts';
import { Parser, type ParserOptions } from '../../src/parse/parser.ts';
import { ASSET, HIGH, INFO, LOW, PATTERN, SECOND, SKIP_REASONS, STATUS_MASK, URL } from '../../src/parse/tally.ts';

/** IPv6 networks of 64 bits are clients; no translators but the well-known ones. */
export const SCHEME: ClientScheme = { ipv6_prefix: 64, translation_prefixes: [] };

export const PARSER: ParserOptions = {
  format: 'auto',
  keys: fieldKeys(),
  staticExtensions: ['css', 'js', 'png', 'woff2'],
  clients: SCHEME,
  lineBytesMax: 65_536,
};

/** Late enough for every line. */
export const NEVER = 0xffff_ffff;

/** A row as an object, or the reason of the refusal. */
export type Outcome =
  | {
      readonly second: number;
      readonly high: number;
      readonly low: number;
      readonly status: number;
      readonly asset: boolean;
    }
  | string;

export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** What the parser makes of a single line. */
export function outcomeOf(parser: Parser, line: Uint8Array, secondMax = NEVER): Outcome {
  const { rows, count, skipped } = parser.parse(line, secondMax);
  if (count > 1) return `${count} rows`;
  if (count === 0) return SKIP_REASONS[skipped.indexOf(1)] ?? 'nothing';
  const info = rows[INFO] ?? 0;
  return {
    second: rows[SECOND] ?? 0,
    high: rows[HIGH] ?? 0,
    low: rows[LOW] ?? 0,
    status: info & STATUS_MASK,
    asset: (info & ASSET) !== 0,
  };
}

/** What the request was, beside its status: INFO's other bits and the hashes of the path; undefined when it was refused. */
export function featuresOf(
  parser: Parser,
  line: Uint8Array,
): { info: number; pattern: number; url: number } | undefined {
  const { rows, count } = parser.parse(line, NEVER);
  if (count !== 1) return undefined;
  return { info: (rows[INFO] ?? 0) & ~(STATUS_MASK | ASSET), pattern: rows[PATTERN] ?? 0, url: rows[URL] ?? 0 };
}

export const parseText = (text: string, options: Partial<ParserOptions> = {}): Outcome =>
  outcomeOf(new Parser({ ...PARSER, ...options }), bytesOf(text));

/**
 * The slow path alone. Leading white space is invisible to JSON and the scanner's fast path is left by a key it can't
 * read, so an escaped key in front sends any object to JSON.parse.
 */
export function slowly(line: string): string {
  const open = line.indexOf('{');
  const empty = /^\s*\{\s*\}\s*$/.test(line);
  return `${line.slice(0, open + 1)}"\\u0061":""${empty ? '' : ','}${line.slice(open + 1)}`;
}

/** Every key that is read, with the field it stands for. */
export function allKeys(keys: FieldKeys = PARSER.keys): { field: FieldName; key: string }[] {
  return FIELD_NAMES.flatMap((field) => keys[field].map((key) => ({ field, key })));
}
