/** A line of the log as the signature of a site-wide anomaly needs it: numbers to compare, names to tell. */
import { isIpv4Client } from '../net/client-key.ts';
import { formatPrefix } from '../net/prefix.ts';
import { type LogRecord, requestOf } from '../parse/record.ts';
import { ASSET, HIGH, INFO, LOW, PATTERN, QUERY, REFERRED, SECOND, STATUS_MASK, URL } from '../parse/tally.ts';
import type { Clients } from '../traffic/clients.ts';
import { cleanText } from '../traffic/evidence.ts';
import { hashText, mixBits } from '../traffic/hash.ts';

/** What a request may be; a line has any of these bits. */
export const TRAITS = { file: 1, referred: 2, refused: 4, query: 8, newcomer: 16 } as const;
export type Trait = keyof typeof TRAITS;

/** What a line is compared by; paths of one pattern (tally.ts) are one. */
export type Dimension = 'path' | 'agent' | 'network';

export interface SiteLine extends Readonly<Record<Dimension, number>> {
  readonly traits: number;
}

/** A line with its names, cleaned of what a terminal would obey, but not escaped. */
export interface NamedLine extends SiteLine {
  readonly names: Readonly<Record<Dimension, string>>;
  /** Slot of the client; -1 when it is forgotten. */
  readonly client: number;
  /** Hashes of the path without query above, of the whole URL below, 16 bits each. */
  readonly url: number;
}

/** Path without query; the pattern that lines are compared by takes all pictures of a page for one. */
export const exactPath = ({ url }: NamedLine): number => url >>> 16;

export const isFile = ({ traits }: SiteLine): boolean => (traits & TRAITS.file) !== 0;

/** Seconds for which a client is new. */
const NEW_SECONDS = 60;

/** True for a client first seen within the last minute; after a clock was set back it may have been seen later. */
export function isNewcomer(clients: Clients, slot: number, second: number): boolean {
  const first = clients.firstSecond(slot);
  return first <= second && first + NEW_SECONDS > second;
}

/** The network that a client's neighbours share: /24 for IPv4, /48 for IPv6. Its low word. */
const networkLow = (high: number, low: number): number =>
  (low & (isIpv4Client(high) ? 0xffff_ff00 : 0xffff_0000)) >>> 0;

function networkName(high: number, low: number): string {
  const words = BigInt(networkLow(high, low));
  if (isIpv4Client(high)) return formatPrefix({ family: 4, value: words, bits: 24 });
  return formatPrefix({ family: 6, value: ((BigInt(high) << 32n) | words) << 64n, bits: 48 });
}

/** Compares the row of a tally that begins at `at`, whose line has this user agent. */
export function readSiteLine(clients: Clients, rows: Uint32Array, at: number, agent: string): SiteLine {
  const [high, low] = [rows[at + HIGH] as number, rows[at + LOW] as number];
  const info = rows[at + INFO] as number;
  const status = info & STATUS_MASK;
  const client = clients.find(high, low);
  const isNew = client < 0 || isNewcomer(clients, client, rows[at + SECOND] as number);
  return {
    path: rows[at + PATTERN] as number,
    agent: hashText(agent),
    network: mixBits(mixBits(high) ^ networkLow(high, low)),
    traits:
      (info & ASSET ? TRAITS.file : 0) |
      (info & REFERRED ? TRAITS.referred : 0) |
      (status >= 400 && status < 499 ? TRAITS.refused : 0) |
      (info & QUERY ? TRAITS.query : 0) |
      (isNew ? TRAITS.newcomer : 0),
  };
}

/** The same with names, which takes longer. */
export function readNamedLine(clients: Clients, rows: Uint32Array, at: number, record: LogRecord): NamedLine {
  const [high, low] = [rows[at + HIGH] as number, rows[at + LOW] as number];
  return {
    ...readSiteLine(clients, rows, at, record.user_agent ?? ''),
    names: {
      path: cleanText(requestOf(record).path.replace(/[?#].*$/s, '')),
      agent: cleanText(record.user_agent ?? '-'),
      network: networkName(high, low),
    },
    client: clients.find(high, low),
    url: rows[at + URL] as number,
  };
}
