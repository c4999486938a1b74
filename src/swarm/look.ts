/** What a request looks like, in the traits that a lane can match: as hashes to compare, and as texts to match by. */
import type { LaneMatch } from '../model/lane.ts';
import { IPV4_HIGH, isIpv4Client } from '../net/client-key.ts';
import { formatPrefix, parsePrefix } from '../net/prefix.ts';
import { type LogRecord, requestOf } from '../parse/record.ts';
import { hashText, mixBits } from '../traffic/hash.ts';

/** How requests are looked at. */
export interface LookOptions {
  /** A trait may be no wider than this network: bits for IPv4, for IPv6. */
  readonly ipv4: number;
  readonly ipv6: number;
  /** Key of the hashes: nobody outside can find a user agent that collides with the usual ones here. */
  readonly hashKey: number;
}

/**
 * Every trait, and the part of a match that it becomes: of two for the same part a match has one. Folders are what a path begins with, up
 * to its second, third and fourth slash: a lane for one stops whatever lies below it.
 */
export const TRAITS = [
  { name: 'agent', part: 'user_agent' },
  { name: 'path', part: 'path' },
  { name: 'folder', part: 'path' },
  { name: 'second folder', part: 'path' },
  { name: 'third folder', part: 'path' },
  { name: 'keys', part: 'query_keys' },
  { name: 'method', part: 'method' },
  { name: 'referer', part: 'referer' },
  { name: 'network', part: 'network' },
  { name: 'provider', part: 'network' },
] as const satisfies readonly { readonly name: string; readonly part: keyof LaneMatch }[];

/** Places of some of them. */
export const [AGENT_TRAIT, PATH_TRAIT, KEYS] = [0, 1, 5] as const;
export const FOLDER_TRAITS = [2, 3, 4] as const;
/** Bits of a trait's network for IPv4 and IPv6: what one site gets, and what a small provider has. */
const NETWORK_BITS = [
  { ipv4: 24, ipv6: 48 },
  { ipv4: 16, ipv6: 32 },
] as const;
const NAMES_SEPARATOR = '\n';
const PATTERN_BYTES_MAX = 3900;

/** The client's network of a level as text; undefined for one that is too wide, or of a client behind a translator. */
function networkText(high: number, low: number, level: 0 | 1, widest: LookOptions): string | undefined {
  const bits = networkBits(high, level, widest);
  if (bits === 0) return undefined;
  if (isIpv4Client(high)) return `${low >>> 24}.${(low >>> 16) & 255}.${level === 0 ? (low >>> 8) & 255 : 0}.0/${bits}`;
  const words = (BigInt(high) << 32n) | BigInt(level === 0 ? (low & 0xffff_0000) >>> 0 : 0);
  return formatPrefix({ family: 6, value: words << 64n, bits });
}

/** The hash of that text by the client's words; 0 where there is none. */
export function hashNetwork(high: number, low: number, level: 0 | 1, options: LookOptions): number {
  const bits = networkBits(high, level, options);
  if (bits === 0) return 0;
  const kept = bits === 24 ? low & 0xffff_ff00 : bits === 32 ? 0 : low & 0xffff_0000;
  return hashWords(high, kept, bits, options.hashKey);
}

/** 0 without a network. */
function networkBits(high: number, level: 0 | 1, widest: LookOptions): number {
  const { ipv4, ipv6 } = NETWORK_BITS[level];
  if (isIpv4Client(high)) return high !== IPV4_HIGH || ipv4 < widest.ipv4 ? 0 : ipv4;
  return ipv6 < widest.ipv6 ? 0 : ipv6;
}

/** The bits of the address behind the network are 0. */
function hashWords(high: number, low: number, bits: number, hashKey: number): number {
  return mixBits(mixBits(high ^ hashKey) ^ (low | bits)) || 1;
}

/** The names in a query, each once, sorted. */
export function joinNames(query: string): string {
  const names = query.split('&').flatMap((pair) => (pair === '' ? [] : [pair.split('=', 1)[0] as string]));
  return [...new Set(names)].sort().join(NAMES_SEPARATOR);
}

/** What a path begins with up to the slash of a level, counted from 0 behind the first character; undefined where it ends before. */
function folderOf(path: string, level: number): string | undefined {
  let end = 0;
  for (let slashes = 0; slashes <= level && end >= 0; slashes++) end = path.indexOf('/', end + 1);
  return end < 0 ? undefined : `${path.slice(0, end + 1)}*`;
}

/** The texts of a request's traits in their order; undefined for one that it lacks. */
export function readLook(record: LogRecord, high: number, low: number, widest: LookOptions): (string | undefined)[] {
  const { method, path: url } = requestOf(record);
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  return [
    record.user_agent ?? '-',
    // An asterisk at its end would make it a prefix.
    path.endsWith('*') ? undefined : path,
    ...FOLDER_TRAITS.map((_, level) => folderOf(path, level)),
    mark < 0 ? '' : joinNames(url.slice(mark + 1)),
    method || 'GET',
    record.referer === undefined ? 'absent' : 'present',
    networkText(high, low, 0, widest),
    networkText(high, low, 1, widest),
  ];
}

/** The texts as hashes, 0 for none. */
export function hashLook(texts: readonly (string | undefined)[], hashKey: number, into: Uint32Array, at: number): void {
  for (let trait = 0; trait < texts.length; trait++) {
    const text = texts[trait];
    into[at + trait] = text === undefined ? 0 : hashTrait(trait, text, hashKey);
  }
}

/** The hash of a trait's text; never 0. */
export function hashTrait(trait: number, text: string, hashKey: number): number {
  const prefix = TRAITS[trait]?.part === 'network' ? parsePrefix(text) : undefined;
  if (!prefix) return finishHash(hashText(text, hashKey));
  const { family, value, bits } = prefix;
  return family === 4
    ? hashWords(IPV4_HIGH, Number(value), bits, hashKey)
    : hashWords(Number(value >> 96n), Number((value >> 64n) & 0xffff_ffffn), bits, hashKey);
}

/** Mixed, because the digest keeps the low bits, and those of FNV-1a depend on the low bits of the key alone. */
export function finishHash(hash: number): number {
  return mixBits(hash >>> 0) || 1;
}

/**
 * False where nginx could not compare the text: it is no UTF-8, or may become longer than a word of its configuration (4096 bytes), in
 * which a byte takes four at most, and a query's names stand twice each with 23 bytes around them.
 */
export function isMatchable(trait: number, text: string): boolean {
  const bytes = new TextEncoder().encode(text).length;
  const most = trait === KEYS ? 8 * bytes + 23 * text.split(NAMES_SEPARATOR).length : 4 * bytes;
  return most <= PATTERN_BYTES_MAX && !text.includes('\ufffd');
}

/** The match that asks for these traits. */
export function matchOf(traits: readonly { readonly trait: number; readonly text: string }[]): LaneMatch {
  const match: Record<string, unknown> = {};
  for (const { trait, text } of traits) {
    const part = (TRAITS[trait] as (typeof TRAITS)[number]).part;
    match[part] = trait === KEYS ? text.split(NAMES_SEPARATOR).filter(Boolean) : text;
  }
  return match;
}

/** The traits that a match asks for, as texts. */
export function traitsOf(match: LaneMatch): { readonly trait: number; readonly text: string }[] {
  return TRAITS.flatMap(({ name, part }, trait) => {
    const value = match[part];
    if (value === undefined) return [];
    if (trait === KEYS) return [{ trait, text: (value as readonly string[]).join(NAMES_SEPARATOR) }];
    const text = value as string;
    if (part === 'path' && trait !== pathTraitOf(text)) return [];
    if (part === 'network' && isProvider(text) !== (name === 'provider')) return [];
    return [{ trait, text }];
  });
}

/** No request has a prefix that ends within a name, or lies deeper, as its last folder: nothing is known of such lanes. */
function pathTraitOf(text: string): number {
  if (!text.endsWith('*')) return PATH_TRAIT;
  const level = Math.min(text.split('/').length - 2, FOLDER_TRAITS.length) - 1;
  return FOLDER_TRAITS[Math.max(0, level)] as number;
}

function isProvider(network: string): boolean {
  return NETWORK_BITS[1].ipv4 === bitsOf(network) || NETWORK_BITS[1].ipv6 === bitsOf(network);
}

const bitsOf = (network: string): number => Number(network.slice(network.indexOf('/') + 1));
