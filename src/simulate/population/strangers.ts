import { machineIpv4 } from '../addresses.ts';
import type { Random } from '../random.ts';
import { browserAgent } from '../user-agents.ts';
import { recur, type World } from '../world.ts';
import { senderAt } from './clients.ts';
import { dynamicRequest } from './requests.ts';

/** Four walks a day. */
const WALKS_PER_SECOND = 1 / 21_600;

/** A crawler that calls itself a browser but is gentle: a page every 15 to 30 seconds, an hour or two long, few of them gone. */
export function runStrangers(world: World, random: Random): void {
  recur(world, random, WALKS_PER_SECOND, (timeMs) => {
    const from = senderAt(machineIpv4(random.int(200, 229)), browserAgent(random), world.site.host, 'stranger');
    let left = random.int(100, 300);
    const walk = (atMs: number): void => {
      const page = random.pick(world.site.pages);
      const isGone = random.chance(0.04);
      const path = isGone ? `${page.path}-old` : page.path;
      world.send(dynamicRequest(random, from, atMs, 'GET', path, isGone ? 404 : 200, isGone ? 5200 : page.bytes));
      if (--left <= 0) return;
      const nextMs = atMs + random.int(15_000, 30_000);
      world.wake(nextMs, () => walk(nextMs));
    };
    walk(timeMs);
  });
}
