/** Flooding, as short stories through the engine with the default configuration. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENGINE } from '../support/engine.ts';
import { visitorIp } from '../support/traffic.ts';
import { type Asked, DEFAULTS, go, line, name, PAGE, pageLoad, ready, served } from './site.ts';

test('500 requests a second for the most popular page are ended within two seconds', () => {
  const scene = ready();
  const ban = go(scene, 1500, 1 / 500, () => [{ path: '/page/a' }]);
  assert.ok(ban && Date.parse(ban.time) / 1000 <= scene.now + 1, ban?.time);
});

test('names that look static do not make a flood light: refused pictures, style sheets that a program answers', () => {
  const missing = go(ready(), 3000, 0.02, (n) => [{ path: `/x-${name(n)}.png`, status: 404 }]);
  assert.ok(missing, 'refused');
  const dynamic = go(ready(), 3000, 0.02, (n) => [{ path: `/x-${name(n)}.css` }]);
  assert.equal(dynamic?.condition, 'flood');
});

test('five requests a second with ever new queries are a flood in the end', () => {
  assert.ok(served(ready(), 3600, 0.2, (n) => [{ path: `/list?page=${n}` }]) < 1200);
});

test('one path of nobody else, at the same pace, is a flood as well', () => {
  assert.ok(served(ready(), 9000, 0.1, () => [{ path: '/tea' }]) < 9000);
});

// The innocent.

test('a page load of 140 files weighs little, and so do a hundred clients that load one', () => {
  const { bench, now } = ready();
  for (let visitor = 0; visitor < 12; visitor++) {
    const ip = visitorIp(visitor);
    const files = Array.from({ length: 140 }, (_, n): Asked => ({ ip, path: `/assets/${name(n)}.js`, referer: PAGE }));
    bench.feed(...[...pageLoad('/page/a', ip), ...files].map((asked) => line(now + 30 * visitor, asked)));
  }
  assert.deepEqual(bench.of('ban'), []);
});

test('seven requests a second for what others ask for, all various, are an office at lunch; for one of them, or fifteen, a flood', () => {
  const ask = (n: number): Asked => ({ path: `/sticker/${n % 97}`, size: 900 });
  const scene = () => {
    const { bench, now } = ready();
    for (let visitor = 0; visitor < 12; visitor++)
      bench.feed(line(now + visitor, { ...ask(visitor), ip: visitorIp(visitor), referer: PAGE }));
    return { bench, now: now + 60 };
  };
  assert.equal(
    go(scene(), 4200, 1 / 7, (n) => [ask((n * 31) % 89)]),
    undefined,
  );
  assert.ok(served(scene(), 4200, 1 / 7, () => [ask(1)]) <= 1500);
  assert.ok(served(scene(), 4500, 1 / 15, (n) => [ask((n * 31) % 89)]) <= 1500);
});

test('sixty tabs of an office ask for news each ten seconds, as others do; pages, HEAD and twenty a second are a flood', () => {
  const ask = (more: Partial<Asked> = {}): Asked => ({ path: '/news/count', size: 40, ...more });
  const scene = () => {
    const { bench, now } = ready();
    for (let visitor = 0; visitor < 12; visitor++)
      bench.feed(line(now + visitor, { ...ask(), ip: visitorIp(visitor), referer: PAGE }));
    return { bench, now: now + 60 };
  };
  const times = (rate: number, more?: Partial<Asked>) => served(scene(), 7200, 1 / rate, () => [ask(more)]);
  assert.equal(times(6), 7200);
  assert.ok(times(20) <= 1500);
  for (const size of [0, 900]) assert.ok(times(6, { size }) <= 1500, `${size}`);
  assert.ok(times(6, { path: '/tea/count' }) <= 1500, 'nobody else asks');
});

test('a map that a visitor drags about asks for forty tiles a second; the one page as often is a flood', () => {
  // The window has a limit of its own.
  const scene = () => ready({ ...DEFAULTS, detection: { ...ENGINE.detection, min_requests: 5000 } });
  const visit = (then: (n: number) => Asked) =>
    go(scene(), 1200, 1 / 40, (n) => (n === 0 ? pageLoad() : [{ ...then(n), referer: PAGE }]));
  const tile = (n: number): Asked => ({ path: `/tiles/14/${30_000 + (n % 37)}/${20_000 + n}`, size: 900 + n });
  assert.equal(visit(tile), undefined);
  assert.equal(visit(() => ({ path: '/page/a' }))?.condition, 'flood');
});

test('a health check asks for its page without end', () => {
  assert.equal(
    go(ready(), 3600, 1, () => [{ path: '/healthz', agent: 'check/1' }]),
    undefined,
  );
});

test('thousands of changes that the site accepts are light', () => {
  assert.equal(
    go(ready(), 3000, 0.2, (n) => [{ method: 'PUT', path: `/backup/${name(n)}`, status: 201, size: 0 }]),
    undefined,
  );
});

test('a film is read in pieces', () => {
  assert.equal(
    go(ready(), 1500, 0.5, () => [{ path: '/film.mp4', status: 206, size: 1_400_000 }]),
    undefined,
  );
});

test('pictures weigh no more while the site is out of order', () => {
  const { bench, now } = ready();
  const gallery = (second: number): Asked[] =>
    Array.from(
      { length: 12 },
      (_, n): Asked => ({ path: `/photo-${name(n)}.png?${second}`, status: 502, referer: PAGE }),
    );
  for (let second = 0; second < 240; second++) {
    const status = second < 60 ? 200 : 502;
    for (let visitor = 0; visitor < 12; visitor++)
      bench.feed(
        line(now + second, { ip: visitorIp(visitor), path: `/page/${'abcdefgh'[(second + visitor) % 8]}`, status }),
      );
    if (second >= 100) bench.feed(...gallery(second).map((asked) => line(now + second, asked)));
  }
  assert.deepEqual(bench.of('ban'), []);
});
