/**
 * A client of the data plane in two unsigned 32-bit words: an IPv4 address, an IPv4 address behind a translator, or an IPv6
 * network of at most 64 bits. What is no IPv6 network lives at high words within 0000::/8, which IANA reserves, so it never
 * meets a routable one: 1 for IPv4, 2 and so on for the translators in their order, 0x10000 and the subnet for
 * 64:ff9b:1:SUBNET::/96; the low word is the IPv4 address.
 *
 * Of 6to4 (2002::/16) a /48 is a client: it is one IPv4 address's. Teredo (2001::/32) is left as it is: the client's
 * address stands in the last bits, behind a port that it can change at will, so that no ban would hold it.
 */
import {
  embeddedIpv4,
  embedIpv4,
  groupsOf,
  ipv4Of,
  isLocalUse,
  localSubnet,
  localTranslation,
  SIX_TO_FOUR,
  type Translation,
  translationsOf,
} from './embedded-ipv4.ts';
import { dottedIpv4, formatPrefix, type Prefix } from './prefix.ts';

/** A client's two words. */
export interface ClientKey {
  readonly high: number;
  readonly low: number;
}

/** What is one client: section `detection` of the configuration. */
export interface ClientScheme {
  /** Bits of an IPv6 client, 32–64. */
  readonly ipv6_prefix: number;
  /** Prefixes of translators beside the well-known ones. */
  readonly translation_prefixes: readonly string[];
}

/** High word of every IPv4 client. */
export const IPV4_HIGH = 1;
const TRANSLATED_HIGH = 2;
const LOCAL_HIGH = 0x1_0000;
/** Behind all high words that stand for IPv4 addresses. */
const IPV4_HIGH_END = LOCAL_HIGH * 2;
const SIX_TO_FOUR_BITS = 48;
/** First group of the well-known prefixes. */
const WELL_KNOWN = 0x64;

const known = new WeakMap<readonly string[], readonly Translation[]>();
function translations({ translation_prefixes }: ClientScheme): readonly Translation[] {
  const found = known.get(translation_prefixes) ?? translationsOf(translation_prefixes);
  known.set(translation_prefixes, found);
  return found;
}

/** Tells which client an IPv6 address belongs to. */
export class Ipv6Clients {
  private readonly translations: readonly Translation[];
  private readonly bits: number;
  private readonly isConfigured: boolean;

  constructor(scheme: ClientScheme) {
    this.isConfigured = scheme.translation_prefixes.length > 0;
    this.translations = translations(scheme);
    this.bits = scheme.ipv6_prefix;
  }

  /**
   * Writes the client of the address, given as 8 groups of 16 bits, into `out`. False for addresses where other clients
   * live, and for those in 64:ff9b:1::/48 that stand for no IPv4 address: a whole Internet may be behind their /64.
   */
  find(groups: Uint16Array, out: { high: number; low: number }): boolean {
    const [a, b, c, d] = [groups[0] as number, groups[1] as number, groups[2] as number, groups[3] as number];
    out.high = a * 65_536 + b;
    if (a === WELL_KNOWN || this.isConfigured) {
      if (this.findTranslated(groups, out)) return true;
      if (isLocalUse(groups)) return false;
    }
    if (isIpv4Client(out.high)) return false;
    const bits = a === SIX_TO_FOUR ? SIX_TO_FOUR_BITS : this.bits;
    out.low = bits === 64 ? c * 65_536 + d : (((c << 16) | d) & (bits === 32 ? 0 : -1 << (64 - bits))) >>> 0;
    return true;
  }

  private findTranslated(groups: Uint16Array, out: { high: number; low: number }): boolean {
    // Backwards: what the configuration says counts first.
    for (let index = this.translations.length - 1; index >= 0; index--) {
      const ipv4 = embeddedIpv4(groups, this.translations[index] as Translation);
      if (ipv4 < 0) continue;
      out.high = TRANSLATED_HIGH + index;
      out.low = ipv4;
      return true;
    }
    const subnet = localSubnet(groups);
    if (subnet < 0) return false;
    out.high = LOCAL_HIGH + subnet;
    out.low = (groups[6] as number) * 65_536 + (groups[7] as number);
    return true;
  }
}

/** True when the client is an IPv4 address, be it behind a translator. */
export function isIpv4Client(high: number): boolean {
  return high > 0 && high < IPV4_HIGH_END;
}

/** The client as a prefix: what a firewall must match to stop it. */
export function clientPrefix(high: number, low: number, scheme: ClientScheme): Prefix {
  if (high === IPV4_HIGH) return { family: 4, value: BigInt(low >>> 0), bits: 32 };
  const translation = high >= LOCAL_HIGH && high < IPV4_HIGH_END ? localTranslation(high - LOCAL_HIGH) : undefined;
  const translator = translation ?? translations(scheme)[high - TRANSLATED_HIGH];
  if (translator) return embedIpv4(low, translator);
  const bits = high >>> 16 === SIX_TO_FOUR ? SIX_TO_FOUR_BITS : scheme.ipv6_prefix;
  return { family: 6, value: ((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)) << 64n, bits };
}

/** Canonical text of a client: `192.0.2.1`, `64:ff9b::c000:201` or `2001:db8::/64`. */
export function formatClient(high: number, low: number, scheme: ClientScheme): string {
  if (high === IPV4_HIGH) return dottedIpv4(low);
  return formatPrefix(clientPrefix(high, low, scheme));
}

/** The IPv4 address that an IPv6 client stands for, as text; undefined for all others. */
export function formatIpv4(high: number, low: number, scheme: ClientScheme): string | undefined {
  if (high === IPV4_HIGH) return undefined;
  const ipv4 = findIpv4(clientPrefix(high, low, scheme), scheme);
  return ipv4?.bits === 32 ? formatPrefix(ipv4) : undefined;
}

/** The client that a prefix stands for, or undefined when it is wider than one client (IPv6 hosts fall into their network). */
export function findClientKey(prefix: Prefix, scheme: ClientScheme): ClientKey | undefined {
  if (prefix.family === 4) return prefix.bits === 32 ? { high: IPV4_HIGH, low: Number(prefix.value) } : undefined;
  const key = { high: 0, low: 0 };
  if (!new Ipv6Clients(scheme).find(groupsOf(prefix.value), key)) return undefined;
  return clientPrefix(key.high, key.low, scheme).bits <= prefix.bits ? key : undefined;
}

/** The client that exactly this prefix is, or undefined: a ban of one IPv6 host says nothing about its neighbours. */
export function findWholeClient(prefix: Prefix, scheme: ClientScheme): ClientKey | undefined {
  const key = findClientKey(prefix, scheme);
  return key && clientPrefix(key.high, key.low, scheme).bits === prefix.bits ? key : undefined;
}

/** The IPv4 network that an IPv6 network stands for by this scheme. */
export function findIpv4(prefix: Prefix, scheme: ClientScheme): Prefix | undefined {
  return ipv4Of(prefix, translations(scheme));
}

/**
 * The hosts that an IPv4 address arrives as through the translators of this scheme. In 64:ff9b:1::/48, that is with a translator
 * of the whole /48: those of its subnets are unknown.
 */
export function findTranslated({ value }: Prefix, scheme: ClientScheme): readonly Prefix[] {
  return translations(scheme).map((translation) => embedIpv4(Number(value), translation));
}
