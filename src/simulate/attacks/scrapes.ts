/** Scrapes: all there is, answered every time. */
import { type Attack, pour, send } from './pour.ts';

/** Copies the whole catalogue through the API, 1.5 pages of it a second. */
export function scrapeApi(attack: Attack): void {
  let page = 0;
  pour(attack, 1.5, (timeMs) => send(attack, timeMs, 'GET', `/api/v2/items?page=${++page}`, 200, 24_000));
}

/** Fetches every page of the site, one a second and nothing that belongs to it. */
export function harvestPages(attack: Attack): void {
  const { pages } = attack.world.site;
  let count = attack.random.int(0, pages.length - 1);
  pour(attack, 1, (timeMs) => {
    const page = pages[count++ % pages.length];
    if (page) send(attack, timeMs, 'GET', page.path, 200, page.bytes);
  });
}
