/** A lane's path that ends with an asterisk stops what lies in folders below as well, so the proof counts that too. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { START } from '../support/traffic.ts';
import { BROWSERS, crowd, isOfSwarm, logOf, replay, USUAL_SECONDS } from './story.ts';

const browser = (n: number) => `Mozilla/5.0 (Linux; Android ${n % 12})`;
let next = 0;

test('visitors of folders below are touched by a lane for the folder: none is opened', () => {
  const readers = Array.from({ length: USUAL_SECONDS / 10 }, (_, n) => {
    const agent = BROWSERS[n % 3] as string;
    return { second: START + 10 * n, ip: `81.2.${n % 40}.${1 + (n % 3)}`, agent, path: `/wiki/a/${n % 9}` };
  });
  const swarm = crowd(4, 600, (n) => ({ path: `/wiki/${next++}`, agent: BROWSERS[n % 3] as string }));
  const acts = replay(logOf([...readers, ...swarm])).filter(isOfSwarm);
  assert.deepEqual(
    acts.flatMap((event) => (event.event === 'lane' ? [event.match] : [])),
    [],
  );
});

test('what lies below one folder, each page in a folder of its own, has that folder in common', () => {
  const swarm = crowd(4, 600, (n) => ({ path: `/calendar/${next++}/${n % 12}/${n % 28}/`, agent: browser(n) }));
  const [lane] = replay(logOf(swarm)).filter(isOfSwarm);
  assert.ok(lane?.event === 'lane');
  assert.equal(lane.match.path, '/calendar/*');
});
