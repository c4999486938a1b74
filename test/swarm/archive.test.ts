/** Clients by one new user agent that ask for pages which few read: of two readers each it is a swarm, of more they may be visitors. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { START } from '../support/traffic.ts';
import { anyAddress, BROWSERS, crowd, isOfSwarm, logOf, OLD_BROWSER, replay, USUAL_SECONDS } from './story.ts';

const PAGES = 200;

/** What is done when so many had read each page before, of whom the digest has kept one line of four. */
function actsWith(readers: number) {
  const read = Array.from({ length: readers * PAGES }, (_, n) => ({
    second: START + 60 + ((n * 977) % (USUAL_SECONDS - 1200)),
    ip: anyAddress(),
    agent: BROWSERS[n % 3] as string,
    path: `/old/${n % PAGES}`,
  }));
  const swarm = crowd(4, 600, (n) => ({ agent: OLD_BROWSER, path: `/old/${(7 * n) % PAGES}` }));
  return replay(logOf([...read, ...swarm])).filter(isOfSwarm);
}

test('who asks for pages that two read each is of a swarm; what five read is usual, though hardly one line of four is known', () => {
  assert.notDeepEqual(actsWith(2), []);
  assert.deepEqual(actsWith(5), []);
});
