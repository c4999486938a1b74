/**
 * Addresses and prefixes as values, for the control plane. The data plane keeps clients as two
 * 32-bit words instead (see client-key.ts).
 */

import { readIpv4, readIpv6 } from './read-address.ts';

/** An IPv4 or IPv6 network; a single address is a network of 32 or 128 bits. */
export interface Prefix {
  readonly family: 4 | 6;
  /** Network address, host bits zero. */
  readonly value: bigint;
  /** 0–32 for IPv4, 0–128 for IPv6. */
  readonly bits: number;
}

/** A network with the reason it is protected, in words, such as `peer of a live SSH session (port 22)`. */
export interface Reasoned {
  readonly prefix: Prefix;
  readonly reason: string;
}

export const WIDTH = { 4: 32, 6: 128 } as const;
/** A wider network than this is nobody's, and to ban or to believe it is a slip. */
export const BITS_MIN = { 4: 8, 6: 16 } as const;
const MAPPED_HIGH = 0xffffn;

/** Longer text is no address (RFC 4291 section 2.2). */
const TEXT_LENGTH_MAX = 45;
const bytes = new Uint8Array(TEXT_LENGTH_MAX);
const groups = new Uint16Array(8);

/** Undefined for text that is no address. By character, because a million bans are read at a start. */
function parseAddress(text: string, family: 4 | 6): bigint | undefined {
  const { length } = text;
  if (length > TEXT_LENGTH_MAX) return undefined;
  // What is no ASCII becomes a byte that no address has.
  for (let at = 0; at < length; at++) bytes[at] = Math.min(0xff, text.charCodeAt(at));
  if (family === 4) {
    const ipv4 = readIpv4(bytes, 0, length);
    return ipv4 < 0 ? undefined : BigInt(ipv4);
  }
  if (!readIpv6(bytes, 0, length, groups)) return undefined;
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

function mask(family: 4 | 6, value: bigint, bits: number): bigint {
  if (bits === WIDTH[family]) return value;
  const host = BigInt(WIDTH[family] - bits);
  return (value >> host) << host;
}

/**
 * Reads `192.0.2.1`, `192.0.2.0/24`, `2001:db8::1` or `2001:db8::/32` (RFC 4291 text forms, RFC 4632 prefixes).
 * Host bits are cleared; an IPv4-mapped IPv6 address becomes IPv4. Undefined for anything else.
 */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const length = slash < 0 ? undefined : text.slice(slash + 1);
  const family = address.includes(':') ? 6 : 4;
  const value = parseAddress(address, family);
  if (value === undefined) return undefined;
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return undefined;
  const bits = length === undefined ? WIDTH[family] : Number(length);
  if (bits > WIDTH[family]) return undefined;
  if (family === 6 && value >> 32n === MAPPED_HIGH && bits >= 96) {
    return { family: 4, value: mask(4, value & 0xffffffffn, bits - 96), bits: bits - 96 };
  }
  return { family, value: mask(family, value, bits), bits };
}

/** True of a network that was written with an address in it, such as 192.0.2.7/24: what is meant may be the address alone. */
export function hasHostBits(text: string): boolean {
  const [network, address] = [parsePrefix(text), parsePrefix(text.split('/', 1)[0] ?? '')];
  return network !== undefined && address !== undefined && address.value !== network.value;
}

/** Says of such a network what was written and what it comes to; undefined where the text has no host bits. */
export function explainHostBits(text: string, verb: string): string | undefined {
  const prefix = hasHostBits(text) ? parsePrefix(text) : undefined;
  return prefix && `${verb} all of ${formatPrefix(prefix)}, of which it names one address`;
}

function formatIpv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(112 - 16 * i)) & 0xffffn));
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.start < 0) return hex.join(':');
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`;
}

/** Dotted text of an IPv4 address in 32 bits. */
export function dottedIpv4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}

/** Canonical text (RFC 5952): a single address without its length, everything else with it. */
export function formatPrefix(prefix: Prefix): string {
  const { family, value, bits } = prefix;
  const address = family === 6 ? formatIpv6(value) : dottedIpv4(Number(value));
  return bits === WIDTH[family] ? address : `${address}/${bits}`;
}

/** The network of `bits` bits that the prefix lies in; `bits` is at most its own. */
export function maskPrefix({ family, value }: Prefix, bits: number): Prefix {
  return { family, value: mask(family, value, bits), bits };
}

/** True when every address of `inner` lies in `outer`. */
export function prefixContains(outer: Prefix, inner: Prefix): boolean {
  return (
    outer.family === inner.family &&
    outer.bits <= inner.bits &&
    mask(outer.family, inner.value, outer.bits) === outer.value
  );
}

/** True when the two share at least one address. */
export function prefixesOverlap(a: Prefix, b: Prefix): boolean {
  return prefixContains(a, b) || prefixContains(b, a);
}

/** Canonical texts of the networks that cover this one, itself included, narrowest first. */
export function coveringTexts({ family, value, bits }: Prefix): string[] {
  return Array.from({ length: bits + 1 }, (_, wider) => {
    const left = bits - wider;
    return formatPrefix({ family, value: mask(family, value, left), bits: left });
  });
}

/** What the canonical texts of all addresses and networks within this one begin with; empty when they share nothing. */
export function commonText({ family, value, bits }: Prefix): string {
  const size = family === 4 ? 8 : 16;
  const groups = Array.from({ length: Math.floor(bits / size) }, (_, i) =>
    Number((value >> BigInt(WIDTH[family] - size * (i + 1))) & ((1n << BigInt(size)) - 1n)),
  );
  if (family === 4)
    return groups
      .map((group) => `${group}.`)
      .join('')
      .replace(/^((\d+\.){3}\d+)\.$/, '$1');
  // A group of zeros may be part of `::`.
  const zero = groups.indexOf(0);
  const literal = (zero < 0 ? groups : groups.slice(0, zero)).map((group) => `${group.toString(16)}:`).join('');
  return groups.length === 8 && zero < 0 ? literal.slice(0, -1) : literal;
}
