/**
 * A client of the data plane: an IPv4 address, or an IPv6 network of at most 64 bits, in two unsigned 32-bit
 * words. IPv4 lives at high word 1, inside 0000::/8, which IANA reserves, so it never meets a routable IPv6 network.
 */
import { formatPrefix, type Prefix } from './prefix.ts';

/** A client's two words. */
export interface ClientKey {
  readonly high: number;
  readonly low: number;
}

/** High word of every IPv4 client. */
export const IPV4_HIGH = 1;

/** The client as a prefix; `ipv6Bits` (32–64) is the configured length of IPv6 clients. */
export function clientPrefix(high: number, low: number, ipv6Bits: number): Prefix {
  if (high === IPV4_HIGH) return { family: 4, value: BigInt(low >>> 0), bits: 32 };
  return { family: 6, value: ((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)) << 64n, bits: ipv6Bits };
}

/** Canonical text of a client: `192.0.2.1` or `2001:db8::/64`. */
export function formatClient(high: number, low: number, ipv6Bits: number): string {
  if (high === IPV4_HIGH) return `${low >>> 24}.${(low >>> 16) & 255}.${(low >>> 8) & 255}.${low & 255}`;
  return formatPrefix(clientPrefix(high, low, ipv6Bits));
}

/** The client that a prefix stands for, or undefined when it is wider than one client (IPv6 hosts fall into their network). */
export function findClientKey(prefix: Prefix, ipv6Bits: number): ClientKey | undefined {
  if (prefix.family === 4) return prefix.bits === 32 ? { high: IPV4_HIGH, low: Number(prefix.value) } : undefined;
  if (prefix.bits < ipv6Bits) return undefined;
  const host = BigInt(64 - ipv6Bits);
  const network = ((prefix.value >> 64n) >> host) << host;
  return { high: Number(network >> 32n), low: Number(network & 0xffffffffn) };
}

/** The client that exactly this prefix is, or undefined: a ban of one IPv6 host says nothing about its neighbours. */
export function findWholeClient(prefix: Prefix, ipv6Bits: number): ClientKey | undefined {
  return prefix.family === 4 || prefix.bits === ipv6Bits ? findClientKey(prefix, ipv6Bits) : undefined;
}
