/** Reads addresses from bytes into client keys (net/client-key.ts), without a string. */
import { IPV4_HIGH, type Ipv6Clients } from '../net/client-key.ts';
import { hexDigit } from './escapes.ts';

const [ZERO, DOT, COLON] = [0x30, 0x2e, 0x3a];

/** Where parseAddress leaves the client it read. */
export interface ClientWords {
  high: number;
  low: number;
}

const groups = new Uint16Array(8);

/** IPv4 as a number, or -1: four parts of 0–255 without leading zeros. */
function parseIpv4(bytes: Uint8Array, start: number, end: number): number {
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

/** Fills `groups`; false when the bytes are no IPv6 address (RFC 4291 section 2.2). */
function parseIpv6(bytes: Uint8Array, start: number, end: number): boolean {
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
      const v4 = count <= 6 ? parseIpv4(bytes, from, end) : -1;
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

/**
 * Reads an IPv4 or IPv6 address into `out`; IPv4-mapped IPv6 counts as IPv4, other IPv6 addresses are the client that
 * `clients` says. False when the bytes are no address, or one that no client can have.
 */
export function parseAddress(
  bytes: Uint8Array,
  start: number,
  end: number,
  clients: Ipv6Clients,
  out: ClientWords,
): boolean {
  const v4 = parseIpv4(bytes, start, end);
  if (v4 >= 0) {
    out.high = IPV4_HIGH;
    out.low = v4;
    return true;
  }
  if (end - start > 45 || !parseIpv6(bytes, start, end)) return false;
  const [a, b, c, d] = [groups[0] as number, groups[1] as number, groups[2] as number, groups[3] as number];
  if ((a | b | c | d | (groups[4] as number)) === 0 && groups[5] === 0xffff) {
    out.high = IPV4_HIGH;
    out.low = (groups[6] as number) * 65_536 + (groups[7] as number);
    return true;
  }
  return clients.find(groups, out);
}
