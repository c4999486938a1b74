/** Words and addresses that trials draw. */
import type { Random } from '../../src/simulate/random.ts';

const SYLLABLES =
  'ba be bo bra ca ce co cla da de do dra fa fe fo ga ge go gra ha ho ka ki la le lo ma me mo na ne no pa pe po pra ra re ro sa se so sta ta te to tra va ve vo wa wo za zo'.split(
    ' ',
  );

/** A word that no site of the simulation knows. */
export function word(random: Random, syllables: number = random.int(2, 4)): string {
  return Array.from({ length: syllables }, () => random.pick(SYLLABLES)).join('');
}

/** A number within ± `share` of the given one. */
export function around(random: Random, number: number, share = 0.4): number {
  return number * random.between(1 - share, 1 + share);
}

export function shuffle<T>(random: Random, items: readonly T[]): T[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = random.int(0, last);
    [shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T];
  }
  return shuffled;
}

/** The first three parts of a network of 256 IPv4 addresses, ending in a dot: in 198.19.0.0/16, which is routed nowhere (RFC 2544). */
export function ipv4Network(random: Random): string {
  return `198.19.${random.int(0, 255)}.`;
}

export function ipv4(random: Random): string {
  return ipv4Network(random) + random.int(1, 254);
}

/** The first 48 bits of an IPv6 site in 2001:db8:4000::/34 (RFC 3849), ending in a colon. */
export function ipv6Site(random: Random): string {
  return `2001:db8:${random.int(0x4000, 0x7fff).toString(16)}:`;
}

/** An address in the network `index` of 64 bits of an IPv6 site. */
export function ipv6In(random: Random, site: string, index: number): string {
  return `${site}${index.toString(16)}::${random.int(1, 0xffff).toString(16)}`;
}

/** One client, on IPv6 one time in five. */
export function address(random: Random): string {
  return random.chance(0.2) ? ipv6In(random, ipv6Site(random), random.int(1, 0xffff)) : ipv4(random);
}
