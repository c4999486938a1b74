import { ask } from '../actor.ts';
import type { Random } from '../random.ts';
import { recur, repeat, type World } from '../world.ts';
import { atHome, homeClients } from './clients.ts';
import { loadPage } from './visitors.ts';

/** Six a day are left open. */
const TABS_PER_SECOND = 1 / 14_400;

/**
 * Pages that people leave open: their scripts ask for news four times a minute, and when the session is over, an hour later,
 * they are refused as often, and try to renew it every two minutes.
 */
export function runIdleTabs(world: World, random: Random): void {
  const people = homeClients(random, 0).slice(0, 20);
  recur(world, random, TABS_PER_SECOND, (timeMs) => {
    const tab = atHome(world, random, random.pick(people));
    const referer = `https://${world.site.host}/`;
    loadPage(tab, timeMs);
    const overMs = timeMs + 3_600_000;
    const closedMs = overMs + random.int(1, 8) * 3_600_000;
    let count = 0;
    repeat(world, timeMs + 5000, (atMs) => {
      const status = atMs < overMs ? 200 : 401;
      ask(tab, atMs, 'GET', '/api/v2/notifications', status, 120, referer);
      if (status === 401 && count++ % 8 === 0) ask(tab, atMs + 80, 'POST', '/api/v2/session/renew', 401, 60, referer);
      return atMs + 15_000 < closedMs ? atMs + 15_000 : undefined;
    });
  });
}
