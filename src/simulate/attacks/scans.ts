/** Scans: requests for what the site does not have, in search of what it should not have. */
import { loadPage } from '../population/visitors.ts';
import { probePath } from '../probe-paths.ts';
import { type Attack, attackerOf, pour, send } from './pour.ts';

/** 5 to 30 a second over a word list: not found, forbidden or sent elsewhere. */
export function scan(attack: Attack): void {
  const { random } = attack;
  let count = random.int(0, 10);
  pour(attack, random.between(5, 30), (timeMs) => {
    const kind = random.next();
    const status = kind < 0.8 ? 404 : kind < 0.9 ? 403 : kind < 0.98 ? 302 : 200;
    send(attack, timeMs, 'GET', probePath(count++), status, random.int(150, 600));
  });
}

/** One probe a second, and between them whole page loads, as a real browser under a scanner's control makes them. */
export function scanBehindPageLoads(attack: Attack): void {
  const { random } = attack;
  let count = random.int(0, 10);
  pour(attack, 1, (timeMs) => {
    send(attack, timeMs, 'GET', probePath(count++), random.chance(0.9) ? 404 : 403, 548);
    if (random.chance(0.1)) loadPage(attackerOf(attack), timeMs);
  });
}

/** 2 to 10 a second at a site that sends whatever it does not know to its front page. */
export function scanRedirected(attack: Attack): void {
  const { random } = attack;
  let count = random.int(0, 10);
  pour(attack, random.between(2, 10), (timeMs) =>
    send(attack, timeMs, 'GET', probePath(count++), random.pick([301, 302]), 162),
  );
}

/** A probe every half minute: below what a rate can see. */
export function scanSlowly(attack: Attack): void {
  let count = 0;
  pour(attack, 1 / 30, (timeMs) => send(attack, timeMs, 'GET', probePath(count++), 404, 548));
}
