/** Something new on the site that new clients come for: whom it was made for, and whom not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BROWSERS, crowd, isOfSwarm, logOf, type Request, replay } from './story.ts';

type Asked = Omit<Request, 'second' | 'ip'>;

const PROGRAM = 'PartnerHooks/1.0';
const browser = (n: number) => `Mozilla/5.0 (Linux; Android ${n % 12})`;
let next = 0;

const actsOn = (ask: (n: number) => Asked) => replay(logOf(crowd(4, 600, ask))).filter(isOfSwarm);

test('each by one address of its own, in the query or the path, and forms of programs: nothing is done', () => {
  const crowds: readonly ((n: number) => Asked)[] = [
    (n) => ({ path: `/go?token=${n}`, agent: browser(n) }),
    (n) => ({ path: `/go/token-${n}`, agent: browser(n) }),
    (n) => ({ path: `/state?id=${n}`, agent: PROGRAM }),
    () => ({ path: '/lesson/17', agent: browser(1) }),
    () => ({ path: '/hooks', agent: PROGRAM, method: 'POST' }),
    () => ({ path: `/hooks/${next++}`, agent: PROGRAM, method: 'POST', status: 204 }),
    (n) => ({ path: `/meter/${n}/readings`, agent: PROGRAM, method: 'POST' }),
    (n) => ({ path: `/unsubscribe?u=${n}`, agent: 'Mozilla/5.0', method: 'POST' }),
    (n) => ({ path: '/collect', agent: browser(n), method: 'POST', status: 204 }),
    () => ({ path: `/.well-known/acme-challenge/${next++}`, agent: PROGRAM }),
  ];
  for (const ask of crowds) assert.deepEqual(actsOn(ask), [], JSON.stringify(ask(1)));
});

test('a new form that its senders opened first is theirs: nothing is done about a vote', () => {
  const page = crowd(4, 600, (n) => ({ path: '/vote', agent: browser(n) }));
  const form = page.map((asked) => ({ ...asked, second: asked.second + 3, method: 'POST', status: 302 }));
  assert.deepEqual(replay(logOf([...page, ...form])).filter(isOfSwarm), []);
  assert.notDeepEqual(replay(logOf(form)).filter(isOfSwarm), []);
});

test('viewers who open the home page get time to go on, and nothing is done about them when they do; a flood of it gets its lane', () => {
  const home = crowd(20, 120, (n) => ({ path: '/', agent: BROWSERS[n % 3] as string }));
  const some = home.filter((_, place) => place % 2 === 0);
  const more = some.map((asked) => ({ ...asked, second: asked.second + 12, path: `/page/${next++ % 9}` }));
  assert.deepEqual(replay(logOf([...home, ...more])).filter(isOfSwarm), []);
  assert.notDeepEqual(replay(logOf(home)).filter(isOfSwarm), []);
});

test('by another address each time, refused, all over many folders, by forms of browsers, log-ins or the home page: a swarm gets its lane', () => {
  const swarms: readonly ((n: number) => Asked)[] = [
    (n) => ({ path: `/go?token=${next++}`, agent: browser(n) }),
    () => ({ path: `/state?id=${next++}`, agent: PROGRAM }),
    (n) => ({ path: `/state?id=${n}`, agent: PROGRAM, status: 404 }),
    (n) => ({ path: `/go?token=${n}`, agent: browser(1) }),
    (n) => ({ path: `/archive-${n % 7}/item-${n}`, agent: browser(n % 4) }),
    (n) => ({ path: '/comments', agent: browser(n), method: 'POST', status: 302 }),
    () => ({ path: '/', agent: PROGRAM }),
    () => ({ path: '/login', agent: PROGRAM, method: 'POST' }),
    () => ({ path: '/collect', agent: browser(1), method: 'POST', status: 204 }),
    (n) => ({ path: `/.well-known/${next++}`, agent: browser(n) }),
  ];
  for (const ask of swarms) assert.notDeepEqual(actsOn(ask), [], JSON.stringify(ask(1)));
});
