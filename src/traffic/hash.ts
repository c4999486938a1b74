/** Bits of hashes. */
import { FNV_OFFSET, step } from '../parse/fnv.ts';

/** Mixes 32 bits so that every bit of `x` moves every bit of the result (Chris Wellons, hash-prospector). */
export function mixBits(x: number): number {
  let h = x ^ (x >>> 16);
  h = Math.imul(h, 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Spreads numbers that follow one another over 32 bits, the higher ones best (Knuth's multiplicative hash). */
export function spread(x: number): number {
  return Math.imul(x, 0x9e37_79b1) >>> 0;
}

/** How many of 32 bits are set. */
export function countBits(x: number): number {
  let n = x - ((x >>> 1) & 0x5555_5555);
  n = (n & 0x3333_3333) + ((n >>> 2) & 0x3333_3333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}

/** FNV-1a, 32 bits (RFC 9923), over the UTF-16 units of a text; `key` sets the hashes of one installation apart. */
export function hashText(text: string, key = 0): number {
  let hash = FNV_OFFSET ^ key;
  for (let index = 0; index < text.length; index++) hash = step(hash, text.charCodeAt(index));
  return hash >>> 0;
}

/** 32 bits that stand for a client. */
export function clientHash(high: number, low: number): number {
  return mixBits(Math.imul(high, 0x9e37_79b1) ^ low);
}

/** The bit that stands for a client of this hash in a set of 32. */
export function clientBit(hash: number): number {
  return 1 << (hash & 31);
}

/** Linear counting (Whang et al., 1990): how many clients set that many of 32 bits; 110 when all are set. */
const DISTINCT = Float64Array.from({ length: 33 }, (_, ones) => (ones === 32 ? 110 : 32 * Math.log(32 / (32 - ones))));

/** About how many distinct clients are in a set of 32 bits. */
export function distinctClients(set: number): number {
  return DISTINCT[countBits(set)] as number;
}
