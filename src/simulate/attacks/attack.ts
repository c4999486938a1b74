import type { Sender, SituationKind } from '../access-event.ts';
import { type Address, attackerIpv4, attackerIpv6, ipv4Address, ipv6Address } from '../addresses.ts';
import { dynamicRequest } from '../population/requests.ts';
import type { Random } from '../random.ts';
import { attackerAgent } from '../user-agents.ts';
import type { World } from '../world.ts';
import { floodAtRandom, floodFromMany, floodFromNear } from './distributed.ts';
import { gatherCrowd } from './flash-crowd.ts';
import type { AttackPlan } from './plan.ts';
import { type Attack, pour } from './pour.ts';
import { probePath } from './probe-paths.ts';

/** Lets the planned attack happen, as often as it repeats. */
export function runAttack(world: World, random: Random, plan: AttackPlan): void {
  const home = attackerHome(random, plan);
  const begin = (startMs: number): void => {
    if (startMs >= world.endMs) return;
    world.wake(startMs, () => {
      const source = plan.kind === 'flood' ? home : attackerHome(random, plan);
      LAUNCH[plan.kind]({
        world,
        random,
        plan,
        startMs,
        sender: sendersAt(random, plan.kind, world.site.host, source),
      });
      if (plan.everyMs !== undefined) begin(startMs + plan.everyMs);
    });
  };
  begin(world.startMs + plan.atMs);
}

/** An IPv4 address, or an IPv6 network ending in a colon. */
function attackerHome(random: Random, plan: AttackPlan): string {
  return plan.isIpv6 ? attackerIpv6(random) : attackerIpv4(random);
}

function sendersAt(random: Random, kind: SituationKind, host: string, home: string): () => Sender {
  const userAgent = attackerAgent(random);
  const fixed: Address | undefined = home.endsWith(':') ? undefined : ipv4Address(home);
  const hosts = fixed ? [fixed] : Array.from({ length: 40 }, () => ipv6Address(home, random));
  const senders = hosts.map((address): Sender => ({ ...address, userAgent, host, role: kind }));
  return () => random.pick(senders);
}

const LAUNCH: Readonly<Record<SituationKind, (attack: Attack) => void>> = {
  flood,
  scanner: scan,
  login: guessPasswords,
  ramp,
  distributed: floodFromMany,
  'distributed-near': floodFromNear,
  'distributed-random': floodAtRandom,
  'api-scrape': scrape,
  'slow-scan': scanSlowly,
  'flash-crowd': gatherCrowd,
};

/** 500 a second on one path. The backend answers some with 503 when it has enough. */
function flood(attack: Attack): void {
  const { random, sender, world } = attack;
  pour(attack, 500, (timeMs) =>
    world.send(dynamicRequest(random, sender(), timeMs, 'GET', '/', random.chance(0.85) ? 200 : 503, 28_000)),
  );
}

/** 5 to 30 a second over a word list: not found, forbidden or sent elsewhere. */
function scan(attack: Attack): void {
  const { random, sender, world } = attack;
  let count = random.int(0, 10);
  pour(attack, random.between(5, 30), (timeMs) => {
    const kind = random.next();
    const status = kind < 0.8 ? 404 : kind < 0.9 ? 403 : kind < 0.98 ? 302 : 200;
    world.send(dynamicRequest(random, sender(), timeMs, 'GET', probePath(count++), status, random.int(150, 600)));
  });
}

/** 1 to 3 a second at one sign-in; some sites answer a wrong password with 200, some with 403. */
function guessPasswords(attack: Attack): void {
  const { random, sender, world } = attack;
  const path = random.pick(['/blog/wp-login.php', '/blog/xmlrpc.php']);
  const status = path.endsWith('xmlrpc.php') ? 200 : random.pick([200, 403]);
  pour(attack, random.between(1, 3), (timeMs) =>
    world.send(dynamicRequest(random, sender(), timeMs, 'POST', path, status, 7600)),
  );
}

/** From nothing to 20 a second, on pages that everybody reads. */
function ramp(attack: Attack): void {
  const { random, sender, world } = attack;
  const visitPage = (timeMs: number): void => {
    const page = world.site.pages[world.site.popularity.draw(random)];
    if (page) world.send(dynamicRequest(random, sender(), timeMs, 'GET', page.path, 200, page.bytes));
  };
  pour(attack, 20, visitPage, (progress) => progress);
}

/** Copies the whole catalogue through the API, 1.5 pages of it a second, and is answered every time. */
function scrape(attack: Attack): void {
  const { random, sender, world } = attack;
  let page = 0;
  pour(attack, 1.5, (timeMs) =>
    world.send(dynamicRequest(random, sender(), timeMs, 'GET', `/api/v2/items?page=${++page}`, 200, 24_000)),
  );
}

/** A probe every half minute: below what a rate can see. */
function scanSlowly(attack: Attack): void {
  const { random, sender, world } = attack;
  let count = 0;
  pour(attack, 1 / 30, (timeMs) =>
    world.send(dynamicRequest(random, sender(), timeMs, 'GET', probePath(count++), 404, 548)),
  );
}
