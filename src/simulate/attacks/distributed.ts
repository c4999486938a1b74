/** Floods in which no client is conspicuous: a hundred requests a second, five a minute from each of 1,200 clients. */
import type { AttackKind, Sender } from '../access-event.ts';
import { botIpv4, botIpv6, ipv4Address, ipv6Address } from '../addresses.ts';
import { dynamicRequest } from '../population/requests.ts';
import { attackerAgent, browserAgent } from '../user-agents.ts';
import { type Attack, pour } from './pour.ts';

const BOT_COUNT = 1200;
const RATE_RPS = 100;

/** From everywhere, with the tools' own names: one expensive path. */
export function floodFromMany(attack: Attack): void {
  const { random } = attack;
  floodFrom(
    attack,
    recruit(attack, 'distributed', 257, () => attackerAgent(random)),
    () => '/search?q=a',
  );
}

/** From six networks /24 or /48, all with the same tool: the site's own front page. */
export function floodFromNear(attack: Attack): void {
  const userAgent = attackerAgent(attack.random);
  floodFrom(
    attack,
    recruit(attack, 'distributed-near', 1, () => userAgent),
    () => '/',
  );
}

/** From everywhere, under browsers' names: another query every time, so that no cache helps. */
export function floodAtRandom(attack: Attack): void {
  const { random } = attack;
  const bots = recruit(attack, 'distributed-random', 257, () => browserAgent(random));
  floodFrom(attack, bots, () => `/category/sale?q=${random.hex(10)}&page=${random.int(1, 999)}`);
}

/** Clients `stride` addresses apart: 1 are neighbours, 257 live in one network each. A fifth of them have IPv6. */
function recruit(
  { random, world }: Attack,
  role: AttackKind,
  stride: number,
  userAgent: () => string,
): readonly Sender[] {
  const first = random.int(0, 255) << 8;
  return Array.from({ length: BOT_COUNT }, (_, n) => {
    const index = first + Math.floor(n / 5) * stride;
    const address =
      n % 5 === 0 ? ipv6Address(botIpv6(index), random) : ipv4Address(botIpv4(first + (n - Math.ceil(n / 5)) * stride));
    return { ...address, userAgent: userAgent(), host: world.site.host, role };
  });
}

/** The bots take turns. The backend answers some with 503 when it has enough. */
function floodFrom(attack: Attack, bots: readonly Sender[], path: () => string): void {
  const { random, world } = attack;
  let sent = 0;
  pour(attack, RATE_RPS, (timeMs) => {
    const bot = bots[sent++ % bots.length];
    const status = random.chance(0.9) ? 200 : 503;
    if (bot) world.send(dynamicRequest(random, bot, timeMs, 'GET', path(), status, 31_000));
  });
}
