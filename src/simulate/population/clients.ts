/** The people: who comes back from where, with which browser. */
import type { Role } from '../access-event.ts';
import type { Actor } from '../actor.ts';
import { CARRIERS, homeIpv4, homeIpv6, ipv4Address, ipv6Address, sharedIpv4 } from '../addresses.ts';
import type { Random } from '../random.ts';
import { browserAgent } from '../user-agents.ts';
import type { World } from '../world.ts';

/** A person's browser on a home connection. */
export interface HomeClient {
  /** An IPv4 address, or the network part of an IPv6 one, ending in a colon. */
  readonly connection: string;
  readonly userAgent: string;
  /** Milliseconds between the first and the last file of an ordinary page. */
  readonly pageSpreadMs: number;
  /** Whether the browser still holds the site's files from an earlier visit. */
  knowsSite: boolean;
}

/** The people of a site of `rateRps` requests a second: a quarter of them on IPv6, a third known from earlier days. */
export function homeClients(random: Random, rateRps: number): HomeClient[] {
  const count = Math.min(60_000, Math.max(150, Math.round(rateRps * 900)));
  return Array.from({ length: count }, (_, index) => ({
    connection: random.chance(0.25) ? homeIpv6(index) : homeIpv4(index),
    userAgent: browserAgent(random),
    pageSpreadMs: Math.min(25_000, random.lognormal(1800, 0.9)),
    knowsSite: random.chance(0.33),
  }));
}

/** A home client in one session: IPv6 hosts show a new address of their network every time. */
export function atHome(world: World, random: Random, home: HomeClient, role: Role = 'visitor'): Actor {
  const address = home.connection.endsWith(':') ? ipv6Address(home.connection, random) : ipv4Address(home.connection);
  return { world, random, from: { ...address, userAgent: home.userAgent, host: world.site.host, role } };
}

/** Somebody with one IPv4 address. */
export function atAddress(
  world: World,
  random: Random,
  ip: string,
  userAgent: string,
  role: Role,
  host = world.site.host,
): Actor {
  return { world, random, from: { ...ipv4Address(ip), userAgent, host, role } };
}

/** One of the many people behind a shared address: another browser each time, always the same few addresses. */
export function atGateway(
  world: World,
  random: Random,
  kind: 'office' | 'carrier',
  userAgent?: string,
  host?: string,
): Actor {
  const ip = sharedIpv4(kind, random.int(0, kind === 'office' ? 1 : CARRIERS - 1));
  return atAddress(world, random, ip, userAgent ?? browserAgent(random), kind, host);
}
