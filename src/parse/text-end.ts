/** Finds where a text ends, four bytes at a time. */

const [QUOTE, BACKSLASH, SPACE] = [0x22, 0x5c, 0x20];
/** A byte in each of four. */
const EACH = 0x0101_0101;
const HIGH_BITS = 0x80 * EACH;

/**
 * The first quote, backslash or control character from `from` on; `size`, which is how many bytes `view` has, without one.
 * By the tests for a byte in a word of https://graphics.stanford.edu/~seander/bithacks.html: what they say of the first
 * byte that they find is exact. With a bit turned around, quotes follow on the control characters, and one test finds both.
 */
export function findTextEnd(view: DataView, from: number, size: number): number {
  let at = from;
  for (const last = size - 4; at <= last; at += 4) {
    const word = view.getInt32(at, true);
    const low = word ^ (0x02 * EACH);
    const slash = word ^ (BACKSLASH * EACH);
    const found = (((low - 0x21 * EACH) & ~low) | ((slash - EACH) & ~slash)) & HIGH_BITS;
    if (found !== 0) return at + ((31 - Math.clz32(found & -found)) >> 3);
  }
  for (; at < size; at++) {
    const c = view.getUint8(at);
    if (c === QUOTE || c === BACKSLASH || c < SPACE) break;
  }
  return at;
}
