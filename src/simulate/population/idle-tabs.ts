import type { Sender } from '../access-event.ts';
import type { Random } from '../random.ts';
import { recur, type World } from '../world.ts';
import { homeClients, homeSender } from './clients.ts';
import { dynamicRequest } from './requests.ts';
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
    const from: Sender = { ...homeSender(random, random.pick(people), world.site.host), role: 'visitor' };
    const referer = `https://${world.site.host}/`;
    loadPage(world, random, from, timeMs);
    const overMs = timeMs + 3_600_000;
    const closedMs = overMs + random.int(1, 8) * 3_600_000;
    let count = 0;
    const ask = (atMs: number): void => {
      const status = atMs < overMs ? 200 : 401;
      world.send(dynamicRequest(random, from, atMs, 'GET', '/api/v2/notifications', status, 120, referer));
      if (status === 401 && count++ % 8 === 0)
        world.send(dynamicRequest(random, from, atMs + 80, 'POST', '/api/v2/session/renew', 401, 60, referer));
      const nextMs = atMs + 15_000;
      if (nextMs < closedMs) world.wake(nextMs, () => ask(nextMs));
    };
    ask(timeMs + 5000);
  });
}
