/** Crowds for a page that is known here, where the log has the files of pages and where it has not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { START } from '../support/traffic.ts';
import { anyAddress, BROWSERS, crowd, isOfSwarm, logOf, type Request, replay, USUAL_SECONDS } from './story.ts';

const browser = (n: number) => `Mozilla/5.0 (Linux; Android ${n % 7})`;
/** A page that many have read. */
const read = Array.from({ length: 60 }, (_, n) => {
  return { second: START + 180 * n, ip: anyAddress(), agent: BROWSERS[n % 3] as string, path: '/old/7' };
});
let next = 0;

function actsOn(ask: (n: number) => Omit<Request, 'second' | 'ip'>, hasFiles: boolean) {
  const lines = logOf([...read, ...crowd(4, 600, ask)]);
  return replay(hasFiles ? lines : lines.filter((line) => !line.includes('/style.css'))).filter(isOfSwarm);
}

test('a link that spreads, and a newsletter: who asks may be a reader unless visitors load files here', () => {
  const crowds: readonly ((n: number) => Omit<Request, 'second' | 'ip'>)[] = [
    (n) => ({ path: '/old/7', agent: browser(n) }),
    (n) => ({ path: `/old/7?reader=${n}`, agent: browser(n) }),
  ];
  for (const ask of crowds) {
    assert.deepEqual(actsOn(ask, false), [], JSON.stringify(ask(1)));
    assert.notDeepEqual(actsOn(ask, true), [], JSON.stringify(ask(1)));
  }
});

test('the home page, one user agent, or another address each time: a swarm gets its lane', () => {
  const swarms: readonly ((n: number) => Omit<Request, 'second' | 'ip'>)[] = [
    (n) => ({ path: '/', agent: browser(n) }),
    () => ({ path: '/old/7', agent: browser(1) }),
    (n) => ({ path: `/old/7?v=${next++}`, agent: browser(n) }),
  ];
  for (const ask of swarms) assert.notDeepEqual(actsOn(ask, false), [], JSON.stringify(ask(1)));
});

test('a new form that its senders opened minutes before, each its own, is theirs', () => {
  const page = crowd(4, 600, (n) => ({ path: `/survey/${n}`, agent: browser(n) }));
  const form = page.map((asked) => ({ ...asked, second: asked.second + 90, method: 'POST', status: 302 }));
  assert.deepEqual(replay(logOf([...page, ...form])).filter(isOfSwarm), []);
  assert.notDeepEqual(replay(logOf(form)).filter(isOfSwarm), []);
});

test('one new thing that most of a surplus comes for, each by an address of its own, beside busier usual strangers: nothing is done', () => {
  const usual = Array.from({ length: (USUAL_SECONDS + 3600) / 2 }, (_, n) => {
    const [second, ip] = [START + 2 * n, anyAddress()];
    return [0, 5, 10].map((later) => {
      return { second: second + later, ip, agent: BROWSERS[n % 3] as string, path: `/page/${(n + later) % 9}` };
    });
  });
  const pupils = Array.from({ length: 1200 }, (_, n) => {
    return { second: START + USUAL_SECONDS + n, ip: anyAddress(), agent: browser(n), path: `/survey/${n}` };
  });
  assert.deepEqual(replay(logOf([...usual.flat(), ...pupils])).filter(isOfSwarm), []);
});
