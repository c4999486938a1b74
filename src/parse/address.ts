/** Reads addresses from bytes into client keys (net/client-key.ts), without a string. */
import { IPV4_HIGH, type Ipv6Clients } from '../net/client-key.ts';
import { readIpv4, readIpv6 } from '../net/read-address.ts';

const groups = new Uint16Array(8);

/**
 * Reads an IPv4 or IPv6 address into `out`; IPv4-mapped IPv6 counts as IPv4, other IPv6 addresses are the client that
 * `clients` says. False when the bytes are no address, or one that no client can have.
 */
export function parseAddress(
  bytes: Uint8Array,
  start: number,
  end: number,
  clients: Ipv6Clients,
  out: { high: number; low: number },
): boolean {
  const v4 = readIpv4(bytes, start, end);
  if (v4 >= 0) {
    out.high = IPV4_HIGH;
    out.low = v4;
    return true;
  }
  if (end - start > 45 || !readIpv6(bytes, start, end, groups)) return false;
  const [a, b, c, d] = [groups[0] as number, groups[1] as number, groups[2] as number, groups[3] as number];
  if ((a | b | c | d | (groups[4] as number)) === 0 && groups[5] === 0xffff) {
    out.high = IPV4_HIGH;
    out.low = (groups[6] as number) * 65_536 + (groups[7] as number);
    return true;
  }
  return clients.find(groups, out);
}
