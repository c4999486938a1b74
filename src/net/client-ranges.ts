/** Networks in which clients are looked up by their keys, one look for every new client. */
import { IPV4_HIGH, isIpv4Client } from './client-key.ts';
import type { Prefix } from './prefix.ts';

/** Networks as ranges of client keys, to be searched without an object or a bigint for each client. */
export class ClientRanges {
  private readonly count: number;
  /** In the order of their first client, none within another: words of the first and of the last client. */
  private readonly words: Uint32Array;

  constructor(networks: readonly Prefix[]) {
    const ranges: (readonly [bigint, bigint])[] = [];
    for (const range of networks.filter(isRoutable).map(rangeOf).sort(byStart)) {
      // The wider of two that begin alike comes first.
      if ((ranges.at(-1)?.[1] ?? -1n) < range[0]) ranges.push(range);
    }
    this.count = ranges.length;
    this.words = Uint32Array.from(ranges.flat().flatMap((key) => [Number(key >> 32n), Number(key & 0xffff_ffffn)]));
  }

  /** A client behind a translator is looked up by its IPv4 address. */
  has(clientHigh: number, low: number): boolean {
    const { words } = this;
    const high = isIpv4Client(clientHigh) ? IPV4_HIGH : clientHigh;
    let [from, to] = [0, this.count];
    while (from < to) {
      const middle = (from + to) >> 1;
      const at = middle * 4;
      const isBefore = high < (words[at] as number) || (high === words[at] && low < (words[at + 1] as number));
      if (isBefore) to = middle;
      else from = middle + 1;
    }
    if (from === 0) return false;
    const last = (from - 1) * 4 + 2;
    return high < (words[last] as number) || (high === words[last] && low <= (words[last + 1] as number));
  }
}

/** False within 0000::/8, which IANA reserves, and where the keys of IPv4 clients lie. */
function isRoutable({ family, value }: Prefix): boolean {
  return family === 4 || value >> 120n > 0n;
}

/** First and last client of a network as 64-bit keys; one IPv6 address stands for its network of 64 bits. */
function rangeOf({ family, value, bits }: Prefix): readonly [bigint, bigint] {
  const first = family === 4 ? (BigInt(IPV4_HIGH) << 32n) | value : value >> 64n;
  const free = (family === 4 ? 32 : 64) - bits;
  return [first, free <= 0 ? first : first + (1n << BigInt(free)) - 1n];
}

function byStart([a, lastOfA]: readonly [bigint, bigint], [b, lastOfB]: readonly [bigint, bigint]): number {
  if (a !== b) return a < b ? -1 : 1;
  return lastOfA > lastOfB ? -1 : 1;
}
