/** Floods: far more requests than a visitor has, all of them answered as long as the backend can. */
import { type Attack, pour, send } from './pour.ts';

/** 500 a second on one path. The backend answers some with 503 when it has enough. */
export function flood(attack: Attack): void {
  pour(attack, 500, (timeMs) => send(attack, timeMs, 'GET', '/', attack.random.chance(0.85) ? 200 : 503, 28_000));
}

/** 20 a second on pages that hardly anybody reads, each with another query, so that no cache helps. */
export function floodRarePages(attack: Attack): void {
  const { random, world } = attack;
  const { pages } = world.site;
  const rare = pages.slice(Math.floor(pages.length / 2));
  pour(attack, 20, (timeMs) =>
    send(attack, timeMs, 'GET', `${random.pick(rare).path}?v=${random.hex(8)}`, 200, 28_000),
  );
}

/** 20 a second to the path that the pages' own scripts report to. */
export function floodWithPosts(attack: Attack): void {
  pour(attack, 20, (timeMs) => send(attack, timeMs, 'POST', '/api/v2/track', 200, 31));
}

/** From nothing to 20 a second, on pages that everybody reads. */
export function ramp(attack: Attack): void {
  const { random, world } = attack;
  const { pages, popularity } = world.site;
  const visitPage = (timeMs: number): void => {
    const page = pages[popularity.draw(random)];
    if (page) send(attack, timeMs, 'GET', page.path, 200, page.bytes);
  };
  pour(attack, 20, visitPage, (progress) => progress);
}
