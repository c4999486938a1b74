/** What the points catch and what they leave alone, through the whole engine with the default configuration. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BanEvent } from '../../../src/core/event.ts';
import { Bench, ENGINE, type Overrides } from '../../support/engine.ts';
import { START, visitorIp } from '../../support/traffic.ts';
import { ATTACKER, keyOf } from '../engine/story.ts';

const BROWSER = 'Mozilla/5.0';

interface Asked {
  readonly ip?: string;
  readonly method?: string;
  readonly path?: string;
  readonly status?: number;
  readonly referer?: string;
  readonly agent?: string;
}

function line(second: number, asked: Asked): string {
  const { ip = ATTACKER, method = 'GET', path = '/', status = 200, referer = '-', agent = BROWSER } = asked;
  return JSON.stringify({
    ...{ msec: `${second}.5`, remote_addr: ip, request: `${method} ${path} HTTP/1.1`, status },
    ...{ http_referer: referer, http_user_agent: agent },
  });
}

/** Forty visitors load pages with their files and send a form, for `seconds`. */
function visits(from: number, seconds: number): string[] {
  const referer = 'https://example.org/';
  return Array.from({ length: seconds }, (_, n) => {
    const visitor = { ip: visitorIp(n % 40), referer };
    const asked: Asked[] = [
      { ...visitor, path: `/page/${n % 8}` },
      { ...visitor, path: '/site.css' },
      ...(n % 5 === 0 ? [{ ...visitor, method: 'POST', path: '/search' }] : []),
    ];
    return asked.map((one) => line(from + n, one));
  }).flat();
}

const DEFAULTS: Overrides = { detection: ENGINE.detection, bans: { max_share: 1 } };

/** A site that is past its warm-up. */
function ready(overrides: Overrides = DEFAULTS): { bench: Bench; now: number } {
  const bench = new Bench(overrides, { staticExtensions: ['css', 'png'] });
  bench.feed(...visits(START, 3700));
  assert.deepEqual(bench.of('ban'), []);
  return { bench, now: START + 3700 };
}

/** One request a second, `count` of them; the first ban. */
function ask(scene: { bench: Bench; now: number }, count: number, asked: (n: number) => Asked): BanEvent | undefined {
  const { bench, now } = scene;
  for (let n = 0; n < count; n++) bench.feed(line(now + n, asked(n)));
  return bench.of('ban')[0];
}

test('refused requests for what nobody else gets are a surprise: nine within seconds are a ban', () => {
  const ban = ask(ready(), 20, (n) => ({ path: `/secret-${'abcdefghijklmnopqrst'[n]}`, status: 404 }));
  assert.deepEqual([ban?.condition, ban?.requests, ban?.errors, ban?.points_limit], ['surprise', 9, 9, 8]);
  assert.ok((ban?.points ?? 0) > 8);
  assert.equal(ban?.samples.length, 5);
});

test('the same missing file again and again, and what others miss too, is hardly one', () => {
  const same = ready();
  assert.equal(
    ask(same, 30, () => ({ path: '/old-favicon', status: 404 })),
    undefined,
  );
  const shared = ready();
  for (let n = 0; n < 12; n++) {
    const visitor = { ip: visitorIp(n), referer: 'https://example.org/' };
    shared.bench.feed(
      ...'abcdefgh'.split('').map((c) => line(shared.now, { ...visitor, path: `/gone-${c}`, status: 404 })),
    );
  }
  assert.equal(
    ask(shared, 8, (n) => ({ path: `/gone-${'abcdefgh'[n]}`, status: 404 })),
    undefined,
  );
});

test('a robot that says so may miss more', () => {
  const asked = (n: number): Asked => ({ path: `/gone-${'abcdefghijklmnopqrst'[n]}`, status: 404 });
  const scene = ready();
  assert.equal(
    ask(scene, 20, (n) => ({ ...asked(n), agent: 'Examplebot/2.0 (+https://example.org/bot)' })),
    undefined,
  );
});

test('password guessing is repetition, whatever it is answered', () => {
  for (const status of [200, 302, 401]) {
    const ban = ask(ready(), 20, () => ({ method: 'POST', path: '/wp-login.php', status }));
    assert.ok(ban, `${status}`);
    assert.ok(ban.condition === 'repetition' || status === 401, ban.condition);
    assert.ok(ban.requests <= 10, `${ban.requests}`);
  }
});

test("a form that many send is nobody's repetition", () => {
  const scene = ready();
  assert.equal(
    ask(scene, 60, () => ({ method: 'POST', path: '/search', referer: 'https://example.org/' })),
    undefined,
  );
});

/** Names that are no identifiers: a, b … z, ba, bb … */
const name = (n: number): string => (n < 26 ? '' : name(Math.floor(n / 26))) + String.fromCharCode(97 + (n % 26));

/** Lines of one client, `count` times what `asked` gives, `gap` seconds apart; the first ban. */
function go(scene: { bench: Bench; now: number }, count: number, gap: number, asked: (n: number) => Asked[]) {
  for (let n = 0; n < count; n++)
    scene.bench.feed(...asked(n).map((one) => line(scene.now + Math.floor(n * gap), one)));
  return scene.bench.of('ban')[0];
}

test('who is asked for a password at every step and has it is no scanner', () => {
  const pair = (n: number): Asked[] =>
    [401, 200].map((status) => ({ path: `/files/${name(n)}`, status, method: 'PUT' }));
  assert.equal(go(ready(), 300, 1, pair), undefined);
  assert.equal(go(ready(), 30, 1, (n) => pair(n).slice(0, 1))?.condition, 'surprise');
});

test('changes that the site accepts are hardly work, and make a client known', () => {
  for (const [method, status] of [
    ['PUT', 201],
    ['PROPFIND', 207],
    ['DELETE', 204],
    ['POST', 201],
  ] as const) {
    assert.equal(
      go(ready(), 300, 0.2, (n) => [{ method, path: `/dav/${name(n)}`, status }]),
      undefined,
      method,
    );
  }
  const anonymous = go(ready(), 100, 0.2, (n) => [{ path: `/dav/${name(n)}` }]);
  assert.equal(anonymous?.condition, 'work');
});

test('who was let in to change things may fetch as much as it likes', () => {
  const sync = (n: number): Asked[] => [
    n < 8 ? { method: 'PROPFIND', path: `/dav/${name(n)}/`, status: 207 } : { path: `/dav/${name(n)}.odt` },
  ];
  assert.equal(go(ready(), 400, 0.25, sync), undefined);
});

test('a page whose pictures are gone does not make scanners of its readers', () => {
  const gone = (n: number): Asked => ({ path: `/img/${name(n)}.png`, status: 404, referer: 'https://example.org/' });
  assert.equal(
    go(ready(), 60, 0.1, (n) => [gone(n)]),
    undefined,
  );
  assert.equal(go(ready(), 60, 0.1, (n) => [{ ...gone(n), referer: '-' }])?.condition, 'surprise');
});

test('a program that posts all day is accepted, or no browser: neither is guessing', () => {
  const runner = { method: 'POST', path: '/api/jobs/request', status: 204, agent: 'runner/1.0' };
  assert.equal(
    go(ready(), 1000, 1, () => [runner]),
    undefined,
  );
  const hook = { method: 'POST', path: '/hooks/payment', agent: 'Payments/1.0' };
  assert.equal(
    go(ready(), 40, 0.5, () => [hook]),
    undefined,
  );
  assert.equal(go(ready(), 40, 0.5, () => [{ ...hook, agent: BROWSER }])?.condition, 'repetition');
});

test('a health check asks for its page without end; one page with ever new queries is a scraper', () => {
  assert.equal(
    go(ready(), 1800, 2, () => [{ path: '/healthz' }]),
    undefined,
  );
  assert.equal(go(ready(), 1800, 2, (n) => [{ path: `/list?page=${n}` }])?.condition, 'work');
});

test('a session that ended is no guessing: 401 where the client was answered before', () => {
  for (const method of ['GET', 'POST']) {
    const poll = (n: number): Asked[] => [
      { method, path: `/api/news?since=${n}`, status: n < 20 ? 200 : 401, agent: 'app' },
    ];
    assert.equal(go(ready(), 300, 5, poll), undefined, method);
    assert.ok(
      go(ready(), 300, 5, (n) => poll(n + 20)),
      method,
    );
  }
});

test('who reads robots.txt is taken for a robot', () => {
  const crawl = (n: number): Asked[] => [{ path: `/archive/${name(n)}` }];
  assert.equal(
    go(ready(), 80, 1, (n) => (n === 0 ? [{ path: '/robots.txt' }] : crawl(n))),
    undefined,
  );
  assert.equal(go(ready(), 80, 1, crawl)?.condition, 'work');
});

test('a scraper of pages that nobody reads does more work than anybody; a page load with its files does not', () => {
  const ban = ask(ready(), 60, (n) => ({ path: `/archive/${name(n)}` }));
  assert.equal(ban?.condition, 'work');
  const scene = ready();
  scene.bench.feed(...Array.from({ length: 400 }, (_, n) => line(scene.now, { path: `/img/${name(n)}.png` })));
  assert.deepEqual(scene.bench.of('ban'), []);
});

test('500 requests a second for the most popular page are ended within two seconds', () => {
  const { bench, now } = ready();
  for (let second = 0; second < 3; second++) {
    bench.feed(...Array.from({ length: 500 }, () => line(now + second, { path: '/page/1' })));
  }
  const ban = bench.of('ban')[0];
  assert.ok(ban && Date.parse(ban.time) / 1000 <= now + 1, ban?.time);
});

test("in the site's own outage errors are nobody's fault", () => {
  const { bench, now } = ready();
  for (let second = 0; second < 120; second++) {
    for (let visitor = 0; visitor < 12; visitor++) {
      const path = `/page/${(second + visitor) % 8}?${second}`;
      bench.feed(line(now + second, { ip: visitorIp(visitor), path, status: 502, referer: 'https://example.org/' }));
    }
  }
  assert.deepEqual(bench.of('ban'), []);
});

test('an attacker teaches nothing: its paths stay unknown', () => {
  const { bench, now } = ready();
  for (let attacker = 0; attacker < 20; attacker++) {
    const ip = `2001:db8:bad:${attacker}::1`;
    for (let n = 0; n < 12; n++)
      bench.feed(line(now + attacker * 12 + n, { ip, path: `/probe-${'abcdefghijkl'[n]}`, status: 404 }));
  }
  assert.equal(bench.of('ban').length, 20);
  assert.equal(new Set(bench.of('ban').map(({ requests }) => requests)).size, 1, 'the last as soon as the first');
});

test('however many attackers ask for one path, it becomes no more usual', () => {
  const scene = ready();
  for (let attacker = 0; attacker < 20; attacker++) {
    const ip = `2001:db8:bad:${attacker}::1`;
    ask({ bench: scene.bench, now: scene.now + 60 * attacker }, 60, () => ({ ip, method: 'POST', path: '/vote' }));
  }
  const bans = scene.bench.of('ban');
  assert.equal(bans.length, 20);
  assert.equal(new Set(bans.map(({ requests }) => requests)).size, 1, 'the last as soon as the first');
});

test('while warming up limits are twice as high', () => {
  const bench = new Bench(DEFAULTS, { staticExtensions: ['css'] });
  for (let n = 0; n < 30; n++) bench.feed(line(START + n, { path: `/x-${String.fromCharCode(97 + n)}`, status: 404 }));
  const ban = bench.of('ban')[0];
  assert.deepEqual([ban?.condition, ban?.requests], ['surprise', 19]);
});

test('what is known of paths outlives a restart, and an old state is read', () => {
  const { bench, now } = ready();
  const state = JSON.parse(JSON.stringify(bench.engine.snapshot()));
  const again = new Bench(DEFAULTS, { staticExtensions: ['css', 'png'] });
  again.engine.restore(state);
  assert.deepEqual(JSON.parse(JSON.stringify(again.engine.snapshot().points)), state.points);
  const ban = ask({ bench: again, now }, 20, (n) => ({ path: `/secret-${'abcdefghijklmnopqrst'[n]}`, status: 404 }));
  assert.equal(ban?.requests, 9, 'no second warm-up');
  const { points, ...old } = state;
  assert.ok(points);
  new Bench(DEFAULTS).engine.restore(old);
});

test('after a release the client starts with no points', () => {
  const scene = ready();
  const asked = (n: number): Asked => ({ path: `/secret-${'abcdefghijklmnopqrst'[n]}`, status: 404 });
  assert.ok(ask(scene, 9, asked));
  const { high, low } = keyOf(ATTACKER);
  assert.ok(scene.bench.engine.bans.release(high, low, 0));
  ask({ bench: scene.bench, now: scene.now + 9 }, 8, asked);
  assert.equal(scene.bench.of('ban').length, 1);
});

test('one who may not be banned is told of once while it goes on', () => {
  const scene = ready();
  scene.bench.engine.policy.setNeverBanned([
    { prefix: { family: 4, value: BigInt(keyOf(ATTACKER).low), bits: 32 }, kind: 'allowlist', detail: 'ours' },
  ]);
  ask(scene, 300, (n) => ({ method: 'POST', path: `/wp-login.php?${n}`, status: 200 }));
  assert.deepEqual(
    scene.bench.of('refused').map(({ reason, condition }) => [reason, condition]),
    [['allowlist', 'repetition']],
  );
});

test('the classic profile counts no points', () => {
  const bench = new Bench({ ...DEFAULTS, profile: 'classic' });
  bench.feed(...visits(START, 600));
  assert.equal(bench.engine.snapshot().points, undefined);
});
