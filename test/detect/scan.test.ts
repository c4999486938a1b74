/** Probing, as short stories through the engine with the default configuration. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { visitorIp } from '../support/traffic.ts';
import { type Asked, go, line, name, PAGE, pageLoad, ready, served } from './site.ts';

const FILES = ['/site.css', '/site.js', '/logo.png'];
const probe = (n: number, more: Partial<Asked> = {}): Asked => ({ path: `/probe-${name(n)}`, status: 404, ...more });

test('a dozen requests for what is not there are a ban; the evidence has the points', () => {
  const ban = go(ready(), 20, 1, (n) => [probe(n)]);
  assert.deepEqual([ban?.condition, ban?.points_limit], ['scan', 12]);
  assert.ok(ban && ban.requests <= 15, `${ban?.requests}`);
  assert.ok((ban.points ?? 0) > 12);
  assert.equal(ban.samples.length, 5);
});

for (const [disguise, asked] of [
  ['403', (n) => [probe(n, { status: 403 })]],
  ['with a referer of anywhere', (n) => [probe(n, { referer: 'https://elsewhere.example/' })]],
  ["with a forged referer of the site's own", (n) => [probe(n, { referer: PAGE })]],
  ['named like scripts', (n) => [probe(n, { path: `/probe-${name(n)}.js` })]],
  ['named like packages', (n) => [probe(n, { path: `/probe-${name(n)}.tgz` })]],
  ['as one path in ever new spellings of directories', (n) => [probe(n, { path: `/x/../probe-${name(n)}` })]],
] as readonly (readonly [string, (n: number) => Asked[]])[]) {
  test(`whatever the probes look like: ${disguise}`, () => {
    const ban = go(ready(), 20, 1, asked);
    assert.equal(ban?.condition, 'scan');
    assert.ok(ban.requests <= 16, `${ban.requests}`);
  });
}

test('redirects are probes, too, of less weight', () => {
  const ban = go(ready(), 30, 1, (n) => [probe(n, { status: 302 })]);
  assert.ok(ban?.condition === 'scan' && ban.requests <= 26, `${ban?.requests}`);
});

test('counting through the numbers of a query is probing, whatever the path is called', () => {
  for (const status of [301, 404]) {
    const ban = go(ready(), 150, 1, (n) => [{ path: `/page/a?author=${n + 1}`, status }]);
    assert.equal(ban?.condition, 'scan', `${status}`);
  }
});

test('words tried in the query of one path are attempts, each of them once, whatever page they are said to come from', () => {
  for (const referer of ['-', PAGE]) {
    const ban = go(ready(), 150, 0.5, (n) => [{ path: `/api/coupon?code=${name(n)}`, status: 404, referer }]);
    assert.equal(ban?.condition, 'scan', referer);
  }
  const poll = (n: number): Asked => ({ path: `/api/coupon?code=${name(n % 2)}`, status: 404 });
  assert.equal(
    go(ready(), 300, 1, (n) => [poll(n)]),
    undefined,
  );
});

test('style sheets beside the probes delay the ban, they do not prevent it', () => {
  const ban = go(ready(), 60, 1, (n) => [...FILES.map((path): Asked => ({ path, referer: PAGE })), probe(n)]);
  assert.equal(ban?.condition, 'scan');
  assert.ok(ban.errors <= 36, `${ban.errors}: at most three times as many`);
});

test('five refused a minute and nothing else are not tolerated for ever', () => {
  for (const [perMinute, refusedMax] of [
    [5, 20],
    [3, 30],
  ] as const) {
    const scene = ready();
    const ban = go(scene, 600, 60 / perMinute, (n) => [probe(n)]);
    assert.equal(ban?.condition, 'scan');
    assert.ok(Date.parse(ban.time) / 1000 - scene.now <= (60 / perMinute) * refusedMax, `${perMinute} a minute`);
  }
});

test('pages of one size for everything are refusals in other words', () => {
  const ban = go(ready(), 60, 6, (n) => [probe(n, { status: 200, size: 777, referer: PAGE })]);
  assert.ok(ban, 'soft 404');
  const pages = go(ready(), 60, 6, (n) => [{ ...probe(n, { status: 200 }), referer: PAGE }]);
  assert.equal(pages, undefined, 'pages of many sizes at the same pace are read');
});

test('code in requests is an attempt however it is answered', () => {
  const ban = go(ready(), 40, 1, (n) => [{ path: `/page/a?id=${n}'%20OR%20('1'='1'`, size: 5000 + 37 * n }]);
  assert.ok(ban?.condition === 'scan' && ban.requests <= 16, `${ban?.condition} ${ban?.requests}`);
});

test('a fragment is code: no browser sends one', () => {
  const ban = go(ready(), 40, 1, (n) => [{ path: `/page/a#${name(n)}` }]);
  assert.ok(ban?.condition === 'scan' && ban.requests <= 16, `${ban?.condition} ${ban?.requests}`);
});

for (const [what, path, status] of [
  ['asked for a password', '/probe', 401],
  ['was a picture', '/probe.png', 404],
] as const) {
  test(`a refusal that weighed less than a point gives no more back when it is served: ${what}`, () => {
    const rounds = served(ready(), 60, 1, (n) => [
      probe(n),
      ...[status, 200, status, 200].map((one): Asked => ({ path, status: one })),
    ]);
    assert.ok(rounds <= 16, `${rounds} probes`);
  });
}

test('attackers teach nothing: the last of twenty is banned as soon as the first', () => {
  const { bench, now } = ready();
  for (let attacker = 0; attacker < 20; attacker++) {
    for (let n = 0; n < 20; n++) bench.feed(line(now + attacker * 20 + n, { ...probe(n), ip: `198.18.${attacker}.7` }));
  }
  const bans = bench.of('ban');
  assert.equal(bans.length, 20);
  assert.equal(new Set(bans.map(({ requests }) => requests)).size, 1);
});

test('paths that attackers are only redirected on stay unknown', () => {
  const { bench, now } = ready();
  for (let attacker = 0; attacker < 12; attacker++) {
    for (let n = 0; n < 8; n++)
      bench.feed(line(now + attacker, { ...probe(n, { status: 302 }), ip: `198.18.${attacker}.7` }));
  }
  const ban = go({ bench, now: now + 60 }, 30, 1, (n) => [probe(n, { status: 302 })]);
  assert.ok(ban && ban.requests <= 26, `${ban?.requests}`);
});

// The innocent.

test('one path that is gone, asked for again and again, is one discovery', () => {
  assert.equal(
    go(ready(), 1800, 2, () => [{ path: '/old-feed.json', status: 404 }]),
    undefined,
  );
});

test('a tab that polls with a counter for what is gone is no scanner', () => {
  const poll = (n: number): Asked => ({ path: `/api/gone?n=${n}`, status: 404, referer: PAGE });
  assert.equal(
    go(ready(), 600, 2, (n) => [...(n === 0 ? pageLoad() : []), poll(n)]),
    undefined,
  );
});

test('what others are refused as well is a broken link', () => {
  const scene = ready();
  for (let n = 0; n < 12; n++) {
    const ip = visitorIp(n);
    const seen = [...pageLoad('/page/a', ip), ...pageLoad('/page/b', ip)];
    const lost = 'abcdefghijklmnop'
      .split('')
      .map((c): Asked => ({ ip, path: `/gone-${c}`, status: 404, referer: PAGE }));
    for (const [at, asked] of [...seen, ...lost.slice(0, 6)].entries())
      scene.bench.feed(line(scene.now + 60 * n + at, asked));
  }
  const later = { bench: scene.bench, now: scene.now + 900 };
  assert.equal(
    go(later, 6, 1, (n) => [{ path: `/gone-${'abcdef'[n]}`, status: 404 }]),
    undefined,
  );
  const { bench } = later;
  const told = go({ bench, now: later.now + 6 }, 8, 1, (n) => [probe(n, { referer: PAGE })]);
  assert.equal(told, undefined, 'they left room for eight probes');
});

test('a redirect and the refusal that it leads to are one attempt', () => {
  const looked = served(ready(), 30, 1, (n) => [
    probe(n, { status: 301, referer: PAGE }),
    probe(n, { path: `/probe-${name(n)}/index.php`, referer: PAGE }),
  ]);
  assert.ok(looked >= 10 && looked <= 13, `${looked}`);
});

test('a client that neither loads files nor comes from a page is found out by fewer refusals, not by fewer redirects', () => {
  const count = (more: Partial<Asked>) => served(ready(), 60, 1, (n) => [probe(n, more)]);
  assert.ok(count({}) <= 0.85 * count({ referer: PAGE }), `${count({})}`);
  assert.equal(count({ status: 302 }), count({ status: 302, referer: PAGE }));
});

test('a client that the site lets write looks first: each accepted change excuses one that is refused, and no other request', () => {
  const list = (n: number): Asked => ({ method: 'PROPFIND', path: `/dav/${name(n)}`, status: 207 });
  const look = (n: number): Asked => ({ method: 'PROPFIND', path: `/dav/._${name(n)}`, status: 404 });
  assert.equal(
    go(ready(), 180, 0.3, (n) => [list(n), look(n)]),
    undefined,
  );
  assert.equal(go(ready(), 30, 1, (n) => [list(n), look(2 * n), look(2 * n + 1)])?.condition, 'scan');
  assert.equal(go(ready(), 30, 1, (n) => [list(n), probe(n)])?.condition, 'scan');
});

test('a page that keeps asking for the same 20 broken calls, load after load, makes no surge of errors', () => {
  const { bench, now } = ready();
  for (const one of [...pageLoad('/page/a'), ...pageLoad('/page/b')]) bench.feed(line(now, one));
  for (let load = 0; load < 7; load++) {
    const calls = Array.from({ length: 20 }, (_, n): Asked => ({ path: `/api/broken/${name(n)}`, status: 404 }));
    for (const one of calls) bench.feed(line(now + 1 + 7 * load, { referer: PAGE, ...one }));
  }
  assert.deepEqual(bench.of('ban'), []);
});

test('names of pictures hide a scan of hundreds of them for a while, not for ever', () => {
  const ban = go(ready(), 300, 0.2, (n) => [{ path: `/plugins/${name(n)}/icon.png`, status: 404 }]);
  assert.ok(ban && ban.requests <= 400, `${ban?.requests}`);
});

test('a page with 60 missing pictures or 20 broken calls makes no scanner of its reader', () => {
  const pictures = (n: number): Asked[] => [
    ...(n === 0 ? pageLoad() : []),
    { path: `/img/${name(n)}.png`, status: 404, referer: PAGE },
  ];
  assert.equal(go(ready(), 60, 0.05, pictures), undefined);
  const calls = (n: number): Asked[] => [
    ...(n === 0 ? [...pageLoad(), ...pageLoad('/page/b'), ...pageLoad('/page/c')] : []),
    { path: `/api/broken/${name(n)}`, status: 404, referer: PAGE },
  ];
  assert.equal(go(ready(), 20, 0.1, calls), undefined);
});

test('a page elsewhere with 20 missing pictures of this site gets none of its visitors banned', () => {
  const { bench, now } = ready();
  for (let visitor = 0; visitor < 10; visitor++) {
    const ip = `198.18.1.${visitor + 1}`;
    for (let n = 0; n < 20; n++)
      bench.feed(
        line(now + 5 * visitor, {
          ip,
          path: `/img/${name(n)}.png`,
          status: 404,
          referer: 'https://elsewhere.example/',
        }),
      );
  }
  assert.deepEqual(bench.of('ban'), []);
});

test('ten requests asked for a password at once, before a token is renewed, are one session that ended', () => {
  const call = (status: number): Asked[] =>
    Array.from({ length: 10 }, (_, n) => ({ path: `/api/${name(n)}`, status, agent: 'app/3.1', size: 900 + 31 * n }));
  assert.equal(
    go(ready(), 3, 1, (n) => call(n === 1 ? 401 : 200)),
    undefined,
  );
});

test('a file that is served after all was no discovery: a client looks before it writes', () => {
  const sync = (n: number): Asked[] => [
    { method: 'HEAD', path: `/dav/${name(n)}`, status: 404 },
    { method: 'PUT', path: `/dav/${name(n)}`, status: 201, size: 0 },
  ];
  assert.equal(go(ready(), 300, 1, sync), undefined);
  assert.equal(go(ready(), 30, 1, (n) => sync(n).slice(0, 1))?.condition, 'scan');
});

test("in the site's own outage errors are nobody's fault", () => {
  const { bench, now } = ready();
  const ask = (second: number, status: number) => {
    for (let visitor = 0; visitor < 12; visitor++) {
      const path = `/page/${'abcdefgh'[(second + visitor) % 8]}?${second}`;
      bench.feed(line(now + second, { ip: visitorIp(visitor), path, status, referer: PAGE }));
    }
  };
  for (let second = 0; second < 60; second += 5) ask(second, 200);
  for (let second = 60; second < 180; second++) ask(second, 502);
  assert.deepEqual(bench.of('ban'), []);
});

test('strangers who fail cannot make the site look broken', () => {
  const { bench, now } = ready();
  for (let n = 0; n < 25; n++) bench.feed(line(now, { ip: `198.18.2.${n + 1}`, path: '/page/a?x', status: 500 }));
  const ban = go({ bench, now: now + 1 }, 30, 0.5, (n) => [probe(n)]);
  assert.ok(ban && ban.requests <= 14, `${ban?.requests}`);
});

test('after an update, pages ask for scripts that are gone: nobody who loads them is banned, not the first visitors either', () => {
  const scene = ready();
  for (let visitor = 0; visitor < 12; visitor++) {
    const ip = visitorIp(50 + visitor);
    const missed = Array.from({ length: 38 }, (_, n) => probe(n, { ip, path: `/old-${name(n)}.js`, referer: PAGE }));
    // Eight files that visitors load, on three pages: all that an allowance can grow by.
    const loads = [...pageLoad('/page/a', ip), ...pageLoad('/page/b', ip), ...pageLoad('/page/c', ip)];
    assert.equal(
      go(scene, 1, 1, () => [...loads, ...missed]),
      undefined,
      `visitor ${visitor}`,
    );
    scene.bench.feed(...loads.map((asked) => line(scene.now + 1, asked)));
  }
  const late = go(scene, 1, 1, () => Array.from({ length: 38 }, (_, n) => probe(n, { path: `/old-${name(n)}.js` })));
  assert.equal(late, undefined, 'by then it is known what is missing');
});

test('pages that miss their scripts make scanners of no readers, also where the site has them send no referer', () => {
  const scene = ready();
  const read = (visitor: number, at: number) => {
    const ip = visitorIp(70 + visitor);
    const page = [...pageLoad(`/page/${'abcdefgh'[visitor % 8]}`, ip), ...pageLoad('/page/a', ip)];
    const missed = Array.from({ length: 20 }, (_, n) => probe(n, { ip, path: `/build-7/${name(n)}.js` }));
    const asked = [...page, ...missed].map((each): Asked => ({ ...each, referer: '-' }));
    scene.bench.feed(...asked.map((each) => line(scene.now + at, each)));
  };
  for (let visitor = 0; visitor < 40; visitor++) read(visitor, 20 * visitor);
  assert.deepEqual(scene.bench.of('ban'), []);
});
