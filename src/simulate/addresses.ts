/**
 * Every address of the simulation lies in a range that is routed nowhere: documentation (RFC 5737, RFC 3849),
 * benchmarks (RFC 2544) or shared carrier space (RFC 6598). The roles have ranges of their own, so that a reader of
 * the log sees at a glance who is who, and an attacker never shares a client with an honest visitor.
 */
import type { Random } from './random.ts';

/** An address and the client it counts as. */
export interface Address {
  readonly ip: string;
  readonly client: string;
}

/** Home connections with IPv4: 198.18.0.0/16. `index` is 0–65535. */
export function homeIpv4(index: number): string {
  return `198.18.${(index >>> 8) & 255}.${index & 255}`;
}

/** Home connections with IPv6: the first 64 bits of one in 2001:db8:1000::/36, ending in a colon. */
export function homeIpv6(index: number): string {
  return `2001:db8:${(0x1000 + (index >>> 8)).toString(16)}:${(index & 255).toString(16)}:`;
}

/** Phones in 100.64.0.0/11. `index` is 0–2097151. */
export function phoneIpv4(index: number): string {
  return `100.${64 + ((index >>> 16) & 31)}.${(index >>> 8) & 255}.${index & 255}`;
}

/** Gateways of carriers. */
export const CARRIERS = 6;

/** Gateways that many people share: offices in 192.0.2.0/24, carriers in 100.127.0.0/24. */
export function sharedIpv4(kind: 'office' | 'carrier', index: number): string {
  return kind === 'office' ? `192.0.2.${100 + index}` : `100.127.0.${10 + index}`;
}

/** Crawlers and monitors: 198.51.100.0/24. */
export function machineIpv4(index: number): string {
  return `198.51.100.${1 + (index % 254)}`;
}

/** Background probes: 100.96.0.0/12. */
export function proberIpv4(random: Random): string {
  return `100.${random.int(96, 111)}.${random.int(0, 255)}.${random.int(1, 254)}`;
}

/** An IPv6 attacker's network of 64 bits in 2001:db8:bad::/48, ending in a colon. */
export function attackerIpv6(random: Random): string {
  return `2001:db8:bad:${random.int(1, 0xffff).toString(16)}:`;
}

/** Hands out the addresses of single attackers, so that no two share one before all have had their turn. */
export class AttackerAddresses {
  private next: number;

  constructor(random: Random) {
    this.next = random.int(0, 253);
  }

  /** 203.0.113.0/24. */
  ipv4(): string {
    return `203.0.113.${1 + (this.next++ % 254)}`;
  }

  /** A carrier's gateway that honest people use as well. */
  carrier(): string {
    return sharedIpv4('carrier', this.next++ % CARRIERS);
  }
}

/** One of the many sources of a distributed attack: 198.19.0.0/16, neighbours in one /24. `index` is 0–65535. */
export function botIpv4(index: number): string {
  return `198.19.${(index >>> 8) & 255}.${index & 255}`;
}
/** The same with IPv6: the first 64 bits of one in 2001:db8:2000::/36, 256 neighbours in one /48, ending in a colon. */
export function botIpv6(index: number): string {
  return `2001:db8:${(0x2000 + ((index >>> 8) & 0xfff)).toString(16)}:${(index & 255).toString(16)}:`;
}

/** The visitor number `index` of a crowd: home connections all over the range, one in ten of which has been here before. */
export function crowdIpv4(index: number): string {
  return homeIpv4((index * 40_503) & 0xffff);
}
export function crowdIpv6(index: number): string {
  return homeIpv6((index * 40_503) & 0xf_ffff);
}

/** An IPv4 address as a sender. */
export function ipv4Address(ip: string): Address {
  return { ip, client: ip };
}

/** A host of an IPv6 network (`network` ends in a colon) with a random interface identifier (RFC 8981). */
export function ipv6Address(network: string, random: Random): Address {
  const groups = [];
  for (let group = 0; group < 4; group++) groups.push(random.int(1, 0xffff).toString(16));
  return { ip: network + groups.join(':'), client: `${network}:/64` };
}
