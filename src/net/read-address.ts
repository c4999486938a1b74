/** Reads addresses from bytes, without a string. */

const [ZERO, DOT, COLON] = [0x30, 0x2e, 0x3a];

/** Value of a hexadecimal digit, or -1. */
export function hexDigit(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const lower = c | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** IPv4 as a number, or -1: four parts of 0–255 without leading zeros. */
export function readIpv4(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  let part = 0;
  let length = 0;
  let dots = 0;
  for (let i = start; i < end; i++) {
    const c = bytes[i] as number;
    if (c === DOT) {
      if (length === 0) return -1;
      value = value * 256 + part;
      part = length = 0;
      dots++;
    } else {
      const digit = c - ZERO;
      if (digit < 0 || digit > 9 || (length > 0 && part === 0)) return -1;
      part = part * 10 + digit;
      if (part > 255) return -1;
      length++;
    }
  }
  return dots === 3 && length > 0 ? value * 256 + part : -1;
}

/** Fills the 8 `groups`; false when the bytes are no IPv6 address (RFC 4291 section 2.2). */
export function readIpv6(bytes: Uint8Array, start: number, end: number, groups: Uint16Array): boolean {
  groups.fill(0);
  let count = 0;
  let gap = -1;
  let at = start;
  if (bytes[at] === COLON) {
    if (bytes[at + 1] !== COLON) return false;
    at++;
  }
  while (at < end) {
    if (bytes[at] === COLON) {
      if (gap >= 0) return false;
      gap = count;
      at++;
      if (at >= end) break;
    }
    let value = 0;
    let from = at;
    for (; at < end; at++) {
      const digit = hexDigit(bytes[at] as number);
      if (digit < 0) break;
      value = value * 16 + digit;
    }
    if (at < end && bytes[at] === DOT) {
      const v4 = count <= 6 ? readIpv4(bytes, from, end) : -1;
      if (v4 < 0) return false;
      groups[count++] = v4 >>> 16;
      groups[count++] = v4 & 0xffff;
      from = at = end;
    } else {
      if (at === from || at - from > 4 || count > 7) return false;
      groups[count++] = value;
      if (at < end) {
        if (bytes[at] !== COLON) return false;
        at++;
        if (at >= end) return false;
      }
    }
  }
  if (gap < 0) return count === 8;
  if (count > 7) return false;
  groups.copyWithin(8 - (count - gap), gap, count);
  groups.fill(0, gap, 8 - (count - gap));
  return true;
}
