/** What all rules for clients have in common: warm-up, restart, release, adaptation, and what attackers cannot teach. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Request } from '../../src/detect/request.ts';
import { RULES } from '../../src/detect/rules.ts';
import { INFO, ROW } from '../../src/parse/tally.ts';
import { ATTACKER, keyOf } from '../engine/story.ts';
import { Bench, ENGINE } from '../support/engine.ts';
import fc from '../support/fast-check.ts';
import { START } from '../support/traffic.ts';
import { type Asked, DEFAULTS, go, line, name, PAGE, pageLoad, ready, served } from './site.ts';

/** By a browser, as far as one can see: its requests name a page of the site. */
const probe = (n: number): Asked => ({ path: `/secret-${name(n)}`, status: 404, referer: PAGE });

test('every rule has its limit and leak in the configuration, named as it is', () => {
  const { enabled, ...rules } = ENGINE.detection.points;
  assert.equal(enabled, true);
  const shown = Object.entries(rules).map(([rule, { limit, leak }]) => [rule, limit, leak]);
  assert.deepEqual(
    shown,
    RULES.map((rule) => [rule.name, rule.limit, rule.leak]),
  );
});

test('a rule that is not asked about plain requests weighs none of them', () => {
  const request = new Request();
  const flags = Object.entries(request).flatMap(([key, value]) => (typeof value === 'boolean' ? [key] : []));
  const read = 'served post change payload credentials refused redirected failed asked plain'.split(' ');
  const others = flags.filter((flag) => !read.includes(flag));
  const statuses = fc.constantFrom(200, 201, 204, 206, 301, 302, 304, 400, 401, 404, 500);
  let plain = 0;
  fc.assert(
    fc.property(fc.nat(0x7ff_ffff), statuses, fc.subarray(others), fc.nat(2), (bits, status, set, loads) => {
      const row = new Uint32Array(ROW);
      row[INFO] = (bits & ~0x3ff) | status;
      request.read(row, 0);
      for (const flag of others) Object.assign(request, { [flag]: set.includes(flag) });
      Object.assign(request, { loads, varied: loads, newlyTried: loads, rarity: 1, confidence: 1 });
      if (!request.plain) return;
      plain++;
      for (const { name, isHostile, weigh } of RULES) assert.ok(!isHostile || weigh(request) === 0, name);
    }),
    { numRuns: 3000 },
  );
  assert.ok(plain > 100, `${plain}`);
});

test('at the very first line limits are three times as high', () => {
  const bench = new Bench(DEFAULTS);
  const first = served({ bench, now: START }, 60, 1, (n) => [probe(n)]);
  const warm = served(ready(), 60, 1, (n) => [probe(n)]);
  assert.ok(first > 2.5 * warm && first < 3.5 * warm, `${first} ${warm}`);
});

test('what is known of the site outlives a restart', () => {
  const { bench, now } = ready();
  const state = JSON.parse(JSON.stringify(bench.engine.snapshot()));
  const again = new Bench(DEFAULTS);
  again.engine.restore(state);
  assert.deepEqual(JSON.parse(JSON.stringify(again.engine.snapshot().points)), state.points);
  const rounds = served({ bench: again, now }, 60, 1, (n) => [probe(n)]);
  assert.equal(
    rounds,
    served({ bench, now }, 60, 1, (n) => [probe(n)]),
    'no second warm-up',
  );
});

test('what was learned under one key means nothing under another', () => {
  const learn = (hashKey: number) => {
    const bench = new Bench({ ...DEFAULTS, hashKey }, { hashKey });
    for (let n = 0; n < 400; n++)
      bench.feed(line(START + n, { path: `/page/${name(n % 5)}`, ip: `192.0.2.${n % 40}` }));
    return bench.engine.snapshot();
  };
  const [first, second] = [learn(1), learn(2)];
  assert.equal(first.points?.hashKey, 1);
  assert.notDeepEqual(first.points?.paths, second.points?.paths);
  const restored = (key: number) => {
    const bench = new Bench({ ...DEFAULTS, hashKey: key }, { hashKey: key });
    bench.engine.restore(first);
    return bench.engine.snapshot().points?.paths;
  };
  assert.deepEqual(restored(1), first.points?.paths);
  assert.deepEqual(restored(2), new Bench({ ...DEFAULTS, hashKey: 2 }).engine.snapshot().points?.paths);
});

test('after a release the client starts with no points', () => {
  const scene = ready();
  const rounds = served(scene, 20, 1, (n) => [probe(n)]);
  const { high, low } = keyOf(ATTACKER);
  assert.ok(scene.bench.engine.bans.release({ high, low }, 0));
  for (let n = 0; n < rounds; n++) scene.bench.feed(line(scene.now + rounds + n, probe(n)));
  assert.equal(scene.bench.of('ban').length, 1);
});

test('one who may not be banned is told of once while it goes on', () => {
  const scene = ready();
  scene.bench.engine.ledger.setNeverBanned([
    { prefix: { family: 4, value: BigInt(keyOf(ATTACKER).low), bits: 32 }, kind: 'allowlist', because: 'ours' },
  ]);
  assert.equal(
    go(scene, 300, 1, (n) => [{ method: 'POST', path: `/wp-login.php?${n}`, size: 4000 }]),
    undefined,
  );
  assert.deepEqual(
    scene.bench.of('refused').map(({ reason, condition }) => [reason, condition]),
    [['allowlist', 'brute_force']],
  );
});

test('anyone who loads the files that others load has up to 2.2 times the limits; others earn nothing by them', () => {
  const limitAfter = (asked: readonly Asked[]) => {
    const scene = ready();
    scene.bench.feed(...asked.map((one) => line(scene.now, one)));
    return go({ ...scene, now: scene.now + 1 }, 120, 1, (n) => [probe(n)])?.points_limit ?? Number.NaN;
  };
  assert.equal(limitAfter([]), 12);
  const browser = limitAfter([...pageLoad(), ...pageLoad('/page/b'), ...pageLoad('/page/c')]);
  assert.ok(browser > 25 && browser <= 12 * 2.2, `${browser}`);
  const own = Array.from({ length: 12 }, (_, n): Asked => ({ path: `/mine-${name(n)}.css` }));
  assert.equal(limitAfter(own), 12, 'files that nobody else loads');
});

test('the classic profile counts no points', () => {
  const bench = new Bench({ ...DEFAULTS, profile: 'classic' });
  bench.feed(...Array.from({ length: 600 }, (_, n) => line(START + n, { path: '/page/a' })));
  assert.equal(bench.engine.snapshot().points, undefined);
});
