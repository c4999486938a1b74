import type { Random } from '../random.ts';
import { recur, recurSessions, type World } from '../world.ts';
import { atGateway, homeClients } from './clients.ts';
import { loadPage, visit } from './visitors.ts';

const CLASS_SIZE = 30;
/** Three classes in ten hours. */
const CLASSES_PER_SECOND = 1 / 12_000;

const officeHours = (timeMs: number): number => {
  const hour = (timeMs / 3_600_000) % 24;
  return hour >= 7 && hour < 17 ? 2.2 : 0.08;
};

/**
 * Two offices full of people, one address each, from seven to seventeen (UTC): a visitor's habits, and now and then a
 * class of thirty who all open the site within two minutes, whatever its size.
 */
export function runOffices(world: World, random: Random, rateRps: number): void {
  const clients = homeClients(random, 0);
  const arrive = (on: World, timeMs: number): void =>
    visit(atGateway(on, random, 'office'), random.pick(clients), timeMs);
  recurSessions(world, random, rateRps, arrive, officeHours);
  const open = (timeMs: number): void => {
    const school = atGateway(world, random, 'office');
    for (let pupil = 0; pupil < CLASS_SIZE; pupil++) {
      const from = { ...school.from, userAgent: random.pick(clients).userAgent };
      const pages = random.int(1, 3);
      for (let page = 0; page < pages; page++)
        loadPage({ ...school, from }, timeMs + random.int(0, 60_000) + page * 30_000);
    }
  };
  recur(world, random, CLASSES_PER_SECOND, open, (timeMs) => (officeHours(timeMs) > 1 ? 1 : 0));
}
