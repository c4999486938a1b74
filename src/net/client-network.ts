/**
 * Networks of clients that may be judged as one: a /24 of IPv4, a /56 and a /48 of IPv6, as providers hand them out (RFC 6177).
 * Not those behind a translator, nor in 6to4: there an IPv6 network is one IPv4 address's, or a whole Internet's.
 */
import {
  type ClientKey,
  type ClientScheme,
  clientPrefix,
  findWholeClient,
  IPV4_HIGH,
  isIpv4Client,
} from './client-key.ts';
import { SIX_TO_FOUR } from './embedded-ipv4.ts';
import { formatPrefix, type Prefix } from './prefix.ts';

const IPV4_BITS = 24;
/** Narrowest first. */
const IPV6_BITS = [56, 48] as const;

/** What a ban may be of: a client, or a network of clients. */
export interface BanKey extends ClientKey {
  /** Length of a network's prefix; absent for a client. */
  readonly bits?: number | undefined;
}

export interface NetworkKey extends ClientKey {
  readonly bits: number;
}

/** Bits of a client's key that tell it from others of its network. */
const hostBitsOf = (high: number, bits: number): number => (high === IPV4_HIGH ? 32 : 64) - bits;

function networkOf(high: number, low: number, bits: number): NetworkKey {
  const hostBits = hostBitsOf(high, bits);
  return { high, low: ((low >>> hostBits) << hostBits) >>> 0, bits };
}

/** The networks of a client, the narrowest first. */
export function networksOf(high: number, low: number, scheme: ClientScheme): NetworkKey[] {
  if (high === IPV4_HIGH) return [networkOf(high, low, IPV4_BITS)];
  if (isIpv4Client(high) || high >>> 16 === SIX_TO_FOUR) return [];
  return IPV6_BITS.filter((bits) => bits < scheme.ipv6_prefix).map((bits) => networkOf(high, low, bits));
}

export function isWithin({ high, low, bits }: NetworkKey, clientHigh: number, clientLow: number): boolean {
  const hostBits = hostBitsOf(high, bits);
  return clientHigh === high && clientLow >>> hostBits === low >>> hostBits;
}

/** A client or network as a prefix: what a firewall must match to stop it. */
export function banPrefix({ high, low, bits }: BanKey, scheme: ClientScheme): Prefix {
  if (bits === undefined) return clientPrefix(high, low, scheme);
  if (high === IPV4_HIGH) return { family: 4, value: BigInt(low), bits };
  return { family: 6, value: ((BigInt(high) << 32n) | BigInt(low)) << 64n, bits };
}

/** Canonical text of a client or network. */
export function formatBanKey(key: BanKey, scheme: ClientScheme): string {
  return formatPrefix(banPrefix(key, scheme));
}

/** The client, or the network of clients, that exactly this prefix is. */
export function findBanKey(prefix: Prefix, scheme: ClientScheme): BanKey | undefined {
  const client = findWholeClient(prefix, scheme);
  if (client) return client;
  const { family, value, bits } = prefix;
  const [high, low] =
    family === 4 ? [IPV4_HIGH, Number(value)] : [Number(value >> 96n), Number((value >> 64n) & 0xffff_ffffn)];
  return networksOf(high, low, scheme).find((network) => network.bits === bits);
}
