/** JSON's escape sequences (RFC 8259 section 7), read from bytes. */
import { hexDigit } from '../net/read-address.ts';

const [BACKSLASH, LETTER_U] = [0x5c, 0x75];
/** What follows a backslash, and what both stand for; 0 for everything else. */
const MEANING = new Uint8Array(256);
for (const [letter, byte] of Object.entries({ '"': 34, '\\': 92, '/': 47, b: 8, f: 12, n: 10, r: 13, t: 9 })) {
  MEANING[letter.charCodeAt(0)] = byte;
}
/** Length of `\u0001`. */
export const UNICODE_ESCAPE_LENGTH = 6;

/** The UTF-16 unit of the four digits at `at`, or -1. */
function unitAt(bytes: Uint8Array, at: number): number {
  let unit = 0;
  for (let i = at; i < at + 4; i++) {
    const digit = hexDigit(bytes[i] as number);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

/** Length of the escape sequence whose backslash is at `at`, or -1 when it is none. */
export function escapeLength(bytes: Uint8Array, at: number): number {
  const c = bytes[at + 1] as number;
  if (c === LETTER_U) return unitAt(bytes, at + 2) < 0 ? -1 : UNICODE_ESCAPE_LENGTH;
  return (MEANING[c] ?? 0) === 0 ? -1 : 2;
}

/**
 * Writes what `start`…`end` stands for into `out` from `at`, where it never takes more room; the position behind it. Its
 * escape sequences are whole. Bytes that are no UTF-8 stay as they are; half a surrogate pair becomes U+FFFD.
 */
export function unescapeJson(bytes: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
  let to = at;
  for (let from = start; from < end; from++) {
    const c = bytes[from] as number;
    if (c !== BACKSLASH) {
      out[to++] = c;
      continue;
    }
    const letter = bytes[++from] as number;
    if (letter !== LETTER_U) {
      out[to++] = MEANING[letter] as number;
      continue;
    }
    let code = unitAt(bytes, from + 1);
    from += 4;
    if (code >= 0xd800 && code < 0xdc00 && bytes[from + 1] === BACKSLASH && bytes[from + 2] === LETTER_U) {
      const low = unitAt(bytes, from + 3);
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x1_0000 + ((code - 0xd800) << 10) + low - 0xdc00;
        from += UNICODE_ESCAPE_LENGTH;
      }
    }
    to = writeUtf8(code >= 0xd800 && code < 0xe000 ? 0xfffd : code, out, to);
  }
  return to;
}

/** RFC 3629. */
function writeUtf8(code: number, out: Uint8Array, at: number): number {
  if (code < 0x80) {
    out[at] = code;
    return at + 1;
  }
  const more = code < 0x800 ? 1 : code < 0x1_0000 ? 2 : 3;
  out[at] = ([0xc0, 0xe0, 0xf0][more - 1] as number) | (code >> (6 * more));
  for (let i = 1; i <= more; i++) out[at + i] = 0x80 | ((code >> (6 * (more - i))) & 0x3f);
  return at + 1 + more;
}
