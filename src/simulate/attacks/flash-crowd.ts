import { crowdIpv4, crowdIpv6 } from '../addresses.ts';
import { atHome, type HomeClient } from '../population/clients.ts';
import { visit } from '../population/visitors.ts';
import { browserAgent } from '../user-agents.ts';
import { type Attack, pour } from './pour.ts';

/** Readers who open the letter in its first seconds, a second. */
const ARRIVALS_RPS = 8;
/** What is left of them in the end. */
const FADE = 5;
/** The letter praises one page, neither the front page nor a hidden one. */
const LANDING_RANK = 7;

/**
 * A newsletter's readers: thousands of people, nearly all of them new, with browsers of all kinds, land on one page, load
 * it as browsers do and read on. No attack, though the site has never seen so many.
 */
export function gatherCrowd(attack: Attack): void {
  const { random, world } = attack;
  const landing = world.site.pages[LANDING_RANK];
  let readers = random.int(0, 0xffff);
  const arrive = (timeMs: number): void => {
    const index = readers++;
    const home: HomeClient = {
      connection: random.chance(0.25) ? crowdIpv6(index) : crowdIpv4(index),
      userAgent: browserAgent(random),
      pageSpreadMs: Math.min(25_000, random.lognormal(1800, 0.9)),
      knowsSite: false,
    };
    visit(atHome(world, random, home, 'flash-crowd'), home, timeMs, landing);
  };
  pour(attack, ARRIVALS_RPS, arrive, (progress) => Math.exp(-FADE * progress));
}
