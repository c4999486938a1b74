/** Floods in which no client is conspicuous: a hundred requests a second, five a minute from each of 1,200 clients. */
import { ask } from '../actor.ts';
import { botIpv4, botIpv6, ipv4Address, ipv6Address } from '../addresses.ts';
import { attackerAgent, browserAgent } from '../user-agents.ts';
import { type Attack, pour } from './pour.ts';

const BOT_COUNT = 1200;
const RATE_RPS = 100;
/** Addresses from one bot to the next: neighbours, or one in each network. */
const [NEAR, FAR] = [1, 257];

/** From everywhere, with the tools' own names: one expensive path. */
export function floodFromMany(attack: Attack): void {
  const tool = () => attackerAgent(attack.random);
  floodFrom(attack, FAR, tool, () => '/search?q=a');
}

/** From six networks /24 or /48, all with the same tool: the site's own front page. */
export function floodFromNear(attack: Attack): void {
  const tool = attackerAgent(attack.random);
  floodFrom(
    attack,
    NEAR,
    () => tool,
    () => '/',
  );
}

/** From everywhere, under browsers' names: another query every time, so that no cache helps. */
export function floodAtRandom(attack: Attack): void {
  const { random } = attack;
  const query = () => `/category/sale?q=${random.hex(10)}&page=${random.int(1, 999)}`;
  floodFrom(attack, FAR, () => browserAgent(random), query);
}

/** The bots, a fifth of them with IPv6, take turns. The backend answers some with 503 when it has enough. */
function floodFrom(attack: Attack, stride: number, userAgent: () => string, path: () => string): void {
  const { random, world, plan } = attack;
  const first = random.int(0, 255) << 8;
  const bots = Array.from({ length: BOT_COUNT }, (_, n) => {
    const sixth = Math.floor(n / 5);
    const address =
      n % 5 === 0
        ? ipv6Address(botIpv6(first + sixth * stride), random)
        : ipv4Address(botIpv4(first + (n - sixth - 1) * stride));
    return { ...address, userAgent: userAgent(), host: world.site.host, role: plan.kind };
  });
  let sent = 0;
  pour(attack, RATE_RPS, (timeMs) => {
    const from = bots[sent++ % bots.length];
    const status = random.chance(0.9) ? 200 : 503;
    if (from) ask({ world, random, from }, timeMs, 'GET', path(), status, 31_000);
  });
}
