/** Paths as RFC 3986 says that they are the same: 6.2.2 (escapes) and 5.2.4 (dot segments); and what ends one. */
import { hexDigit } from '../net/read-address.ts';

const [SPACE, HASH, PERCENT, DOT, SLASH, SEMICOLON, QUESTION] = [0x20, 0x23, 0x25, 0x2e, 0x2f, 0x3b, 0x3f];

/** True at what follows a path. */
export function isPathEnd(bytes: Uint8Array, at: number, end: number): boolean {
  const c = bytes[at] as number;
  return at >= end || c === QUESTION || c === SPACE || c === HASH;
}

/** The end of the path that begins at `start`, before its query. */
export function pathEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (!isPathEnd(bytes, at, end)) at++;
  return at;
}

/** The byte that the escape at `at` stands for, 256 when it is none. */
export function escapedByte(bytes: Uint8Array, at: number, end: number): number {
  if (at + 2 >= end) return 256;
  const high = hexDigit(bytes[at + 1] as number);
  const low = hexDigit(bytes[at + 2] as number);
  return high < 0 || low < 0 ? 256 : high * 16 + low;
}

/** The path read last, without escapes, repeated slashes, dot segments and parameters (`;jsessionid=1`; RFC 3986, 3.3). */
export class NormalPath {
  bytes = new Uint8Array(1024);
  length = 0;

  read(bytes: Uint8Array, start: number, end: number): void {
    if (this.bytes.length < end - start) this.bytes = new Uint8Array(2 * (end - start));
    this.length = 0;
    let inParameter = false;
    for (let at = start; at < end; at++) {
      let c = bytes[at] as number;
      inParameter = c === SEMICOLON || (inParameter && c !== SLASH);
      if (inParameter) continue;
      if (c === PERCENT) {
        const plain = escapedByte(bytes, at, end);
        // What would end the path stays escaped.
        if (plain < 256 && plain !== QUESTION && plain !== SPACE && plain !== HASH) {
          c = plain;
          at += 2;
        }
      }
      if (c === SLASH) this.closeSegment();
      this.bytes[this.length++] = c;
    }
    this.closeSegment();
    // Nothing is left of the root but itself (RFC 3986, 5.2.4).
    if (this.length === 0 && bytes[start] === SLASH) this.bytes[this.length++] = SLASH;
  }

  /** Drops an empty segment and `.`; `..` with the segment before it. */
  private closeSegment(): void {
    const { bytes, length } = this;
    let at = length;
    while (at > 0 && bytes[at - 1] !== SLASH) at--;
    if (at === 0) return;
    const size = length - at;
    if (size === 0 || (size === 1 && bytes[at] === DOT)) this.length = at - 1;
    else if (size === 2 && bytes[at] === DOT && bytes[at + 1] === DOT) {
      at--;
      while (at > 0 && bytes[at - 1] !== SLASH) at--;
      this.length = Math.max(0, at - 1);
    }
  }
}
