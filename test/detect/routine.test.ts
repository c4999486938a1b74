/** What pages and programs of the site do again and again, and who poses as such, as short stories with the default configuration. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Asked, go, line, name, PAGE, ready } from './site.ts';

test('a page of the site that asks by POST, and gets other answers, asks: search as you type, queries of a page', () => {
  const ask = (n: number): Asked[] => [
    { method: 'POST', path: '/instant', size: 300 + ((n * 977) % 4000), referer: PAGE },
  ];
  assert.equal(go(ready(), 300, 0.2, ask), undefined);
  const guess = (): Asked[] => [{ method: 'POST', path: '/instant', size: 3000, referer: PAGE }];
  assert.equal(go(ready(), 300, 0.2, guess)?.condition, 'brute_force');
});

test('a screen on the wall sends the same query each five seconds, all day; a second is a guess', () => {
  const query = (): Asked[] => [{ method: 'POST', path: '/api/panel', size: 2400, referer: PAGE }];
  assert.equal(go(ready(), 2000, 5, query), undefined);
  assert.equal(go(ready(), 200, 1, query)?.condition, 'brute_force');
});

test('a password in a query is tried once: a screen that shows the same address is no guesser, nor is a program that is answered variously', () => {
  const show = (): Asked[] => [{ path: '/board?view=ops&password=summer', size: 9000 }];
  assert.equal(go(ready(), 400, 10, show), undefined);
  const list = (n: number): Asked[] => [{ path: `/player?password=summer&action=${name(n)}`, size: 300 + 777 * n }];
  assert.equal(go(ready(), 12, 1, list), undefined);
  const guess = (n: number): Asked[] => [{ path: `/player?password=${name(n)}`, size: 300 }];
  assert.equal(go(ready(), 20, 1, guess)?.condition, 'brute_force');
});

test('a log-in that is not granted yet is asked about: POST 404 with nothing to read, each five seconds', () => {
  const poll = (size: number) =>
    go(ready(), 120, 5, () => [{ method: 'POST', path: '/login/v2/poll', status: 404, size }]);
  assert.equal(poll(2), undefined);
  assert.equal(poll(900)?.condition, 'brute_force');
});

test('the same query with code in it is one attempt: a monitor asks seven of them again and again', () => {
  const ask = (n: number): Asked[] => [{ path: `/api/v1/query?query=sum(rate(${name(n % 7)}))` }];
  assert.equal(go(ready(), 700, 1, ask), undefined);
  const inject = (n: number): Asked[] => [{ path: `/api/v1/query?query=sum(rate(${name(n)}))` }];
  assert.equal(go(ready(), 20, 1, inject)?.condition, 'scan');
});

test('what is gone where the client is served is a list with holes: faces of people', () => {
  const face = (n: number): Asked => ({ path: `/api/people/${1000 + 7 * n}/face`, status: n % 3 ? 200 : 404 });
  assert.equal(
    go(ready(), 75, 1, (n) => [face(n)]),
    undefined,
  );
});

test('a form that is sent on (302) is no probe: tickets changed one after the other', () => {
  const change = (n: number): Asked[] => [
    { method: 'POST', path: `/ticket/${1000 + n}`, status: 302, size: 0, referer: PAGE },
  ];
  assert.equal(go(ready(), 60, 5, change), undefined);
});

test('only a change that was accepted excuses one that is refused: not what any visitor may send', () => {
  const ban = go(ready(), 60, 1, (n) => [
    { method: 'POST', path: '/beacon', status: 204, size: 0 },
    { method: 'PROPFIND', path: `/probe-${name(n)}`, status: 404 },
  ]);
  assert.ok(ban?.condition === 'scan' && ban.errors <= 16, `${ban?.condition} ${ban?.errors}`);
});

test('visitors who make popular pages fail free neither a scanner nor a guesser who is answered', () => {
  for (const [condition, asked] of [
    ['scan', (n: number): Asked => ({ path: `/probe-${name(n)}`, status: 404 })],
    ['brute_force', (): Asked => ({ method: 'POST', path: '/wp-login.php', size: 4000 })],
  ] as const) {
    const { bench, now } = ready();
    const helpers = (second: number, status: number) => {
      for (let n = 0; n < 12; n++)
        bench.feed(line(second, { ip: `198.18.2.${n + 1}`, path: `/page/${'abcd'[second % 4]}`, status }));
    };
    for (let second = 0; second < 5; second++) helpers(now + second, 200);
    helpers(now + 10, 416);
    helpers(now + 20, 416);
    const ban = go({ bench, now: now + 21 }, 80, 0.25, (n) => [asked(n)]);
    assert.equal(ban?.condition, condition);
  }
});
