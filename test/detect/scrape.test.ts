/** Scraping, as short stories through the engine with the default configuration. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Request } from '../../src/detect/request.ts';
import { REFUTED, VERIFIED } from '../../src/detect/robot-verdicts.ts';
import { scrape } from '../../src/detect/scrape.ts';
import { describeReason } from '../../src/english/reason.ts';
import { ATTACKER, keyOf } from '../engine/story.ts';
import { type Asked, go, line, name, PAGE, pageLoad, ready, served } from './site.ts';

const rare = (n: number, more: Partial<Asked> = {}): Asked => ({ path: `/archive/${name(n)}`, ...more });

test('one page after the other that nobody else asks for is a ban', () => {
  const ban = go(ready(), 60, 1, (n) => [rare(n)]);
  assert.equal(ban?.condition, 'scrape');
  assert.ok((ban.points ?? 0) > (ban.points_limit ?? Number.NaN));
});

for (const [disguise, asked] of [
  ['by PATCH', (n: number) => [rare(n, { method: 'PATCH' })]],
  ['in pieces (206)', (n: number) => [rare(n, { status: 206 })]],
  ['with a referer of anywhere', (n: number) => [rare(n, { referer: 'https://elsewhere.example/' })]],
  [
    'after eight changes that were accepted',
    (n: number) => [n < 8 ? { method: 'PUT', path: '/', status: 204 } : rare(n)],
  ],
  ['after eight style sheets', (n: number) => [n < 8 ? { path: '/site.css', referer: PAGE } : rare(n)]],
  ['with a style sheet beside each page', (n: number) => [{ path: '/site.css', referer: PAGE }, rare(n)]],
] as const) {
  test(`whatever it looks like: ${disguise}`, () => {
    const pages = served(ready(), 1200, 0.2, asked);
    assert.ok(pages <= 100, `${pages} pages`);
  });
}

test('a crawler that loads a file now and then is as bare as one that loads none', () => {
  const crawl = (gap: number, files: number) =>
    served(ready(), 200, gap, (n) => [rare(n), ...(n % 6 === 5 && n < 6 * files ? [{ path: '/site.css' }] : [])]);
  assert.ok(crawl(2, 9) <= crawl(2, 0) + 2, `${crawl(2, 9)}`);
  assert.ok(crawl(8, 0) > 2 * crawl(2, 0), 'one that waits as robots.txt may ask it to reads longer');
});

test('counting through numbers is scraping, too', () => {
  const ban = go(ready(), 300, 0.5, (n) => [{ path: `/item/${1000 + n}` }]);
  assert.equal(ban?.condition, 'scrape');
});

test('so is counting through the numbers of a query', () => {
  const ban = go(ready(), 300, 0.5, (n) => [{ path: `/item?id=${1000 + n}` }]);
  assert.equal(ban?.condition, 'scrape');
});

test('who was only ever answered well is banned for the shortest time, and that is said; who also probed is not', () => {
  const reader = go(ready(), 60, 1, (n) => [rare(n)]);
  assert.equal(reader?.lenient, true);
  assert.match(describeReason('scrape', reader)?.tolerated ?? '', /Nothing else counts against it/);
  const prober = go(ready(), 60, 1, (n) => [rare(n), ...(n < 4 ? [{ path: `/${name(n)}.php`, status: 404 }] : [])]);
  assert.deepEqual([prober?.condition, prober?.lenient], ['scrape', undefined]);
  assert.doesNotMatch(describeReason('scrape', prober ?? {})?.tolerated ?? '', /Nothing else/);
  const liar = ready();
  const { high, low } = keyOf(ATTACKER);
  liar.bench.feed(...[rare(0)].map((asked) => line(liar.now, asked)));
  liar.bench.engine.robots.answer([{ high, low, verdict: REFUTED }]);
  const lied = go(liar, 60, 1, (n) => [rare(n + 1)]);
  assert.deepEqual([lied?.condition, lied?.lenient], ['scrape', undefined]);
});

// The innocent.

test('who reads with a browser may read on: a page every three seconds', () => {
  assert.equal(
    go(ready(), 300, 3, (n) => pageLoad(`/archive/${name(n)}`)),
    undefined,
  );
});

test('who goes from page to page, one every three seconds for ten minutes, reads, also with all files cached', () => {
  assert.equal(
    go(ready(), 220, 2.7, (n) => [rare(n, { referer: PAGE })]),
    undefined,
  );
  assert.ok(served(ready(), 600, 0.7, (n) => [rare(n, { referer: PAGE })]) <= 90);
});

test('what a client gets again and again is its habit: dashboards, health checks, polled feeds', () => {
  const paths = (prefix: string): Asked[] =>
    'abcdef'.split('').map((c) => ({ path: `${prefix}/${c}`, agent: 'poll/1' }));
  assert.equal(
    go(ready(), 1200, 3, () => paths('/api')),
    undefined,
  );
  assert.equal(
    go(ready(), 720, 10, () => paths('/healthz')),
    undefined,
  );
  const many = 'abcdefghijkl'.split('').map((c): Asked => ({ path: `/panel/${c}` }));
  assert.equal(
    go(ready(), 360, 10, () => many),
    undefined,
    'a dozen in rotation',
  );
});

test('changes that the site accepts are no scraping', () => {
  for (const [method, status] of [
    ['PUT', 201],
    ['PROPFIND', 207],
    ['DELETE', 204],
    ['POST', 201],
  ] as const) {
    assert.equal(
      go(ready(), 600, 0.2, (n) => [{ method, path: `/dav/${name(n)}`, status }]),
      undefined,
      method,
    );
  }
});

test('a package manager fetches what nobody else does', () => {
  assert.equal(
    go(ready(), 400, 0.1, (n) => [{ path: `/pool/${name(n)}.tgz`, agent: 'apt/3.0' }]),
    undefined,
  );
});

test('a robot that its operator vouches for reads a rare page a second, follows links that are old, and goes from number to number', () => {
  const agent = 'Examplebot/2.0 (+https://example.org/bot)';
  for (const asked of [
    (n: number): Asked[] => [rare(n, { agent })],
    (n: number): Asked[] => [rare(n, { agent, status: n >= 40 && n < 76 ? 410 : 200 })],
    (n: number): Asked[] => [{ path: `/item/${5000 + n}`, size: 2000 + 300 * (n % 7), agent }],
  ]) {
    const scene = ready();
    assert.equal(
      go(scene, 1, 1, (n) => [rare(n, { agent })]),
      undefined,
    );
    const { high, low } = keyOf(ATTACKER);
    scene.bench.engine.robots.answer([{ high, low, verdict: VERIFIED }]);
    assert.equal(go({ ...scene, now: scene.now + 1 }, 600, 1, asked), undefined);
  }
});

test('a robot that says so may read more than a client that does not', () => {
  const silent = served(ready(), 600, 1, (n) => [rare(n)]);
  const told = served(ready(), 600, 1, (n) => [rare(n, { agent: 'Examplebot/2.0 (+https://example.org/bot)' })]);
  assert.ok(told > 2 * silent, `${told} ${silent}`);
});

test('pages that fail are none that it takes', () => {
  const request = Object.assign(new Request(), { rarity: 1 });
  assert.ok(scrape.weigh(request) > 0);
  request.failed = true;
  assert.equal(scrape.weigh(request), 0);
});

test('records that a client counts through are scraping, upwards and downwards, where others read some of them, too', () => {
  for (const step of [1, -1]) {
    const ban = go(ready(), 200, 1, (n) => [{ path: `/page/a?id=${5000 + step * n}`, size: 2000 + 300 * (n % 7) }]);
    assert.equal(ban?.condition, 'scrape');
  }
});

test('a counter in what is polled is no record: its answers are alike, or it comes again', () => {
  const poll = (n: number): Asked[] => [{ path: `/since/${n}`, size: 60, referer: PAGE }];
  assert.equal(go(ready(), 300, 1, poll), undefined);
  const gauges = (n: number): Asked[] => [{ path: `/gauge/${n % 6}`, size: 900 + 300 * (n % 6) }];
  assert.equal(go(ready(), 300, 1, gauges), undefined);
});

test('a page that the client has already (304) is none that it takes', () => {
  assert.equal(
    go(ready(), 60, 0.2, (n) => [rare(n, { status: 304, size: 0 })]),
    undefined,
  );
});
