import { ask } from '../actor.ts';
import { proberIpv4 } from '../addresses.ts';
import { PROBE_PATHS } from '../probe-paths.ts';
import type { Random } from '../random.ts';
import { attackerAgent } from '../user-agents.ts';
import { recur, type World } from '../world.ts';
import { atAddress } from './clients.ts';

/** One prober in ten minutes, whatever the size of the site. */
const PROBERS_PER_SECOND = 1 / 600;

/** What every public address sees all day: one to six probes from somewhere, too few to be worth a ban. */
export function runProbers(world: World, random: Random): void {
  recur(world, random, PROBERS_PER_SECOND, (timeMs) => {
    const prober = atAddress(world, random, proberIpv4(random), attackerAgent(random), 'prober', '192.0.2.80');
    const count = random.int(1, 6);
    for (let index = 0; index < count; index++)
      ask(prober, timeMs + index * 700, 'GET', random.pick(PROBE_PATHS), 404, 548);
  });
}
