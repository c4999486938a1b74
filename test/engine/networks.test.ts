/** Attackers with many addresses of one network, and people who share a network with attackers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeReason } from '../../src/english/reason.ts';
import { formatSecond } from '../../src/model/time.ts';
import { parsePrefix } from '../../src/net/prefix.ts';
import { type Asked, line, name, PAGE, pageLoad, ready, type Scene } from '../detect/site.ts';
import { visitorIp } from '../support/traffic.ts';

const NETWORK = '198.18.7.0/24';
const KEY = { high: 1, low: 0xc612_0700, bits: 24 };
const host = (n: number) => `198.18.7.${1 + (n % 250)}`;
const SLASH_48 = '2001:db8:9000::/48';

/** A request in `gap` seconds for what is not there, each from the next address, `count` times. */
function scan({ bench, now }: Scene, from: (n: number) => string, count: number, gap = 0.2, fromS = 0): void {
  for (let n = 0; n < count; n++) {
    bench.feed(
      line(now + fromS + Math.floor(n * gap), { ip: from(n), path: `/gone/${name(fromS + n)}.php`, status: 404 }),
    );
  }
}

/** People of the network read the site. */
function people({ bench, now }: Scene, from: (n: number) => string, count: number): void {
  for (let n = 0; n < count; n++) {
    for (const path of ['a', 'b', 'c']) {
      bench.feed(...pageLoad(`/page/${path}`, from(n)).map((asked) => line(now - 60 + n, asked)));
    }
  }
}

const banned = ({ bench }: Scene) => bench.of('ban').map(({ ip, condition }) => `${ip} ${condition}`);

test('ten addresses of one /24 that probe in turn are banned as the network, before any of them would be', () => {
  const scene = ready();
  scan(scene, (n) => host(n % 10), 300);
  assert.deepEqual(banned(scene), [`${NETWORK} scan`]);
  const [ban] = scene.bench.of('ban');
  assert.deepEqual([ban?.tier, ban?.duration_seconds, ban?.clients, ban?.samples.length], [1, 600, 10, 5]);
  assert.match(
    describeReason('scan', ban ?? {})?.did ?? '',
    /^10 clients of this network attacked\. Those that were not banned yet sent /,
  );
  const { banned: shutOut } = scene.bench.engine;
  scan(scene, (n) => host(100 + n), 50, 1, 61);
  assert.equal(scene.bench.engine.banned, shutOut + 50, 'its other addresses are shut out, too');
});

test('a new /64 for each request is banned as its /56 or its /48', () => {
  const scene = ready();
  scan(scene, (n) => `2001:db8:9000:${(n * 257).toString(16)}::1`, 250);
  assert.deepEqual(banned(scene), [`${SLASH_48} scan`]);
  const other = ready();
  scan(other, (n) => `2001:db8:9000:${(n % 256).toString(16)}::1`, 250);
  assert.deepEqual(banned(other), ['2001:db8:9000::/56 scan']);
});

test('one client alone, however bad, is banned alone', () => {
  const scene = ready();
  scan(scene, () => host(1), 300);
  assert.deepEqual(banned(scene), [`${host(1)} scan`]);
});

test('a network with people in it is spared; its attackers are banned one by one', () => {
  const scene = ready();
  people(scene, (n) => host(100 + n), 30);
  scan(scene, (n) => host(n % 10), 600);
  assert.ok(scene.bench.of('ban').length > 0);
  assert.deepEqual(
    banned(scene).filter((ban) => ban.startsWith(NETWORK)),
    [],
  );
});

test('people of one network who read, and each of whom has an old link or a wrong password, do not attack', () => {
  for (const wrong of [
    (n: number): Asked => ({ path: `/old/${name(n)}.html`, status: 404 }),
    (): Asked => ({ method: 'POST', path: '/account/login', status: 401 }),
  ]) {
    const scene = ready();
    for (let n = 0; n < 200; n++) {
      const [who, second] = [{ ip: host(n), referer: PAGE }, scene.now + n];
      const pages = ['a', 'b'].map((page): Asked => ({ ...who, path: `/page/${page}` }));
      scene.bench.feed(...[...pages, { ...who, ...wrong(n) }].map((asked) => line(second, asked)));
    }
    assert.deepEqual(banned(scene), []);
  }
});

test('a network is spared for its people also where each of them has read one page', () => {
  const scene = ready();
  for (let n = 0; n < 100; n++) scene.bench.feed(line(scene.now + n, { ip: host(100 + n), path: '/page/a' }));
  // Tabs of four more whose sessions have ended.
  for (let n = 0; n < 80; n++)
    scene.bench.feed(
      line(scene.now + 100 + n, { ip: host(n % 4), path: `/api/${name(n)}`, status: 401, referer: PAGE }),
    );
  scan(scene, (n) => host(n % 4), 60, 1, 100);
  assert.deepEqual(
    banned(scene).filter((ban) => ban.startsWith(NETWORK)),
    [],
  );
});

test('a page beside each probe makes nobody of a network a reader', () => {
  const scene = ready();
  for (let n = 0; n < 400; n++) {
    const [ip, second] = [host(n % 50), scene.now + Math.floor(n / 3)];
    const asked = [
      { ip, path: '/page/a' },
      { ip, path: `/gone/${name(n)}.php`, status: 404 },
    ];
    scene.bench.feed(...asked.map((one) => line(second, one)));
  }
  assert.equal(banned(scene)[0], `${NETWORK} scan`);
});

test('a ban of a network ends on time, and the next one is of the next tier', () => {
  const scene = ready();
  const { bench, now } = scene;
  scan(scene, (n) => host(n % 10), 300);
  const begun = Date.parse(bench.of('ban')[0]?.time ?? '') / 1000;
  bench.feed(line(begun + 600, { ip: visitorIp(1), path: '/page/a' }));
  assert.deepEqual(bench.of('unban'), [
    { event: 'unban', time: formatSecond(begun + 600), ip: NETWORK, tier: 1, reason: 'expired' },
  ]);
  scan(scene, (n) => host(n % 10), 300, 0.2, begun + 601 - now);
  assert.deepEqual(
    bench.of('ban').map(({ ip, tier }) => [ip, tier]),
    [
      [NETWORK, 1],
      [NETWORK, 2],
    ],
  );
});

test('a network with an allowlisted address is refused once, and banned when the entry goes', () => {
  const scene = ready();
  const { ledger, bans } = scene.bench.engine;
  const prefix = parsePrefix(host(200));
  assert.ok(prefix);
  ledger.setNeverBanned([{ prefix, kind: 'allowlist', because: 'monitoring' }]);
  // Slowly enough that nobody is banned alone.
  scan(scene, (n) => host(n % 100), 1200, 0.5);
  assert.deepEqual(banned(scene), []);
  assert.deepEqual(
    scene.bench.of('refused').map(({ ip, reason }) => [ip, reason]),
    [[NETWORK, 'allowlist']],
  );
  ledger.setNeverBanned([]);
  bans.judgeRefusedAgain();
  scan(scene, (n) => host(n % 100), 300, 0.5, 601);
  assert.deepEqual(banned(scene), [`${NETWORK} scan`]);
});

test("an operator's release of a network lets its clients in again; a client's own ban stands", () => {
  const scene = ready();
  const { bench, now } = scene;
  const until = now + 10_000;
  bench.engine.bans.set({ high: 1, low: KEY.low + 9, tier: 1, until, lastEnd: until });
  bench.feed(line(now, { ip: host(1) }));
  bench.engine.bans.set({ ...KEY, tier: 0, until, lastEnd: until });
  bench.feed(line(now, { ip: host(1) }), line(now, { ip: host(2) }), line(now, { ip: '198.18.7.9' }));
  assert.equal(bench.engine.banned, 3, 'known, unknown and banned itself');
  bench.engine.bans.release(KEY, now + 1);
  bench.feed(line(now + 1, { ip: host(1) }), line(now + 1, { ip: host(2) }));
  assert.equal(bench.engine.banned, 3);
  bench.feed(line(now + 1, { ip: '198.18.7.9' }));
  assert.equal(bench.engine.banned, 4);
});

test('answers that differ show a program with many addresses, not somebody who guesses', () => {
  for (const [sizes, expected] of [
    [[2400], [`${NETWORK} brute_force`]],
    [[900, 1500, 4000, 18_000, 700], []],
  ] as const) {
    const scene = ready();
    for (let n = 0; n < 40; n++) {
      const size = sizes[n % sizes.length] ?? 0;
      const asked = { ip: host(n % 20), method: 'POST', path: '/xmlrpc.php', size };
      scene.bench.feed(line(scene.now + n, asked));
    }
    assert.deepEqual(banned(scene), expected);
  }
});
