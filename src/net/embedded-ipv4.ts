/**
 * IPv4 addresses inside IPv6 addresses. Behind a translator (NAT64, RFC 6146; SIIT-DC, RFC 7755) all IPv4 visitors come from
 * one prefix, and a /64 of it is the whole IPv4 Internet: there the IPv4 address is the client.
 */
import { maskPrefix, type Prefix, parsePrefix } from './prefix.ts';

/** Lengths that a translation prefix may have (RFC 6052 section 2.2). */
export const TRANSLATION_BITS = [32, 40, 48, 56, 64, 96] as const;
/** Octet 8 stays zero ("u") under prefixes shorter than /96. */
const U_OCTET = 8;
/** Whose IPv4 address stands behind the first 16 bits (6to4, RFC 3056). */
export const SIX_TO_FOUR = 0x2002;
/** `64:ff9b:`, the beginning of both well-known prefixes. */
const [WELL_KNOWN_0, WELL_KNOWN_1] = [0x64, 0xff9b];

/** A prefix of a translator. */
export interface Translation {
  readonly prefix: Prefix;
  /** The prefix as 8 groups of 16 bits. */
  readonly groups: Uint16Array;
  /** Where the address's four octets stand among sixteen. */
  readonly octets: readonly number[];
}

export function groupsOf(value: bigint): Uint16Array {
  return Uint16Array.from({ length: 8 }, (_, group) => Number((value >> BigInt(112 - 16 * group)) & 0xffffn));
}

export function toTranslation(prefix: Prefix): Translation {
  const octets = Array.from({ length: 16 - prefix.bits / 8 }, (_, index) => index + prefix.bits / 8);
  const usable = octets.filter((octet) => octet !== U_OCTET || prefix.bits === 96);
  return { prefix, groups: groupsOf(prefix.value), octets: usable.slice(0, 4) };
}

/** `64:ff9b::/96` (RFC 6052), and the prefix for local use (RFC 8215), whose own length is told by what lies behind it. */
const WELL_KNOWN = ['64:ff9b::/96', '64:ff9b:1::/48'];

/** The translators whose prefixes are known: the well-known ones, and `prefixes` of the configuration. */
export function translationsOf(prefixes: readonly string[]): readonly Translation[] {
  return [...WELL_KNOWN, ...prefixes].flatMap((text) => {
    const prefix = parsePrefix(text);
    return prefix ? [toTranslation(prefix)] : [];
  });
}

const octetAt = (groups: Uint16Array, octet: number): number =>
  ((groups[octet >> 1] as number) >> (octet & 1 ? 0 : 8)) & 0xff;

/** The IPv4 address that a host under the prefix stands for, or -1 when it is none. */
export function embeddedIpv4(groups: Uint16Array, { prefix, groups: wanted, octets }: Translation): number {
  const whole = prefix.bits >> 4;
  for (let group = 0; group < whole; group++) if (groups[group] !== wanted[group]) return -1;
  if ((prefix.bits & 8) !== 0 && octetAt(groups, whole * 2) !== octetAt(wanted, whole * 2)) return -1;
  let value = 0;
  for (let octet = prefix.bits >> 3, taken = 0; octet < 16; octet++) {
    if (octet === octets[taken]) {
      value = value * 256 + octetAt(groups, octet);
      taken++;
    } else if (octetAt(groups, octet) !== 0) return -1;
  }
  return value;
}

/** The host that stands for an IPv4 address. */
export function embedIpv4(ipv4: number, { prefix, octets }: Translation): Prefix {
  const value = octets.reduce(
    (sum, octet, index) => sum | (BigInt((ipv4 >>> (24 - 8 * index)) & 0xff) << BigInt(8 * (15 - octet))),
    prefix.value,
  );
  return { family: 6, value, bits: 128 };
}

/** True in 64:ff9b:1::/48. */
export function isLocalUse(groups: Uint16Array): boolean {
  return groups[0] === WELL_KNOWN_0 && groups[1] === WELL_KNOWN_1 && groups[2] === 1;
}

/** Subnet of a host in `64:ff9b:1:SUBNET::/96`, as the prefix for local use is mostly divided; -1 for all others. */
export function localSubnet(groups: Uint16Array): number {
  const isIpv4 = groups[4] === 0 && groups[5] === 0 && (groups[6] as number) + (groups[7] as number) > 0;
  return isLocalUse(groups) && isIpv4 ? (groups[3] as number) : -1;
}

/** The translator of {@link localSubnet}. */
export function localTranslation(subnet: number): Translation {
  const value = (BigInt(WELL_KNOWN_0) << 112n) | (BigInt(WELL_KNOWN_1) << 96n) | (1n << 80n) | (BigInt(subnet) << 64n);
  return toTranslation({ family: 6, value, bits: 96 });
}

/**
 * The IPv4 network that an IPv6 network stands for, as far as it does: what holds for the one holds for the other.
 * A network that contains a translator's whole prefix stands for all of IPv4.
 */
export function ipv4Of(prefix: Prefix, translations: readonly Translation[]): Prefix | undefined {
  if (prefix.family === 4) return undefined;
  const groups = groupsOf(prefix.value);
  if (groups[0] === SIX_TO_FOUR && prefix.bits >= 16) return ipv4Network(prefix.value >> 80n, prefix.bits - 16);
  // A whole translator may be behind every subnet.
  if (isLocalUse(groups) && prefix.bits <= 96) return ipv4Network(0n, 0);
  const subnet = localSubnet(groups);
  const known = subnet < 0 ? translations : [localTranslation(subnet), ...translations];
  for (const translation of known) {
    const { bits } = translation.prefix;
    const common = Math.min(bits, prefix.bits);
    if (maskPrefix(prefix, common).value !== maskPrefix(translation.prefix, common).value) continue;
    if (prefix.bits <= bits) return ipv4Network(0n, 0);
    const covered = translation.octets.reduce(
      (sum, octet) => sum + Math.min(8, Math.max(0, prefix.bits - 8 * octet)),
      0,
    );
    const value = translation.octets.reduce((sum, octet) => sum * 256 + octetAt(groups, octet), 0);
    return ipv4Network(BigInt(value), covered);
  }
  return undefined;
}

function ipv4Network(value: bigint, bits: number): Prefix {
  const width = Math.min(32, bits);
  return maskPrefix({ family: 4, value: value & 0xffffffffn, bits: width }, width);
}
