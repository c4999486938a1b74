import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSecond } from '../../src/model/time.ts';
import type { BanEvent } from '../../src/model/told-event.ts';
import { Bench } from '../support/engine.ts';
import { logLine, START, visitorIp } from '../support/traffic.ts';
import { ATTACKER, calm, flood, keyOf, ready } from './story.ts';

const KEY = keyOf(ATTACKER);

const firstBan = (bench: Bench): BanEvent => {
  const ban = bench.of('ban')[0];
  assert.ok(ban, 'a ban');
  return ban;
};

test('the ban falls on the very line that crosses the limit', () => {
  const { bench, now } = ready();
  bench.feed(...flood(now, 119));
  assert.deepEqual(bench.of('ban'), []);
  bench.feed(...flood(now, 1));
  const ban = firstBan(bench);
  assert.deepEqual(
    [ban.ip, ban.time, ban.tier, ban.duration_seconds, ban.requests, ban.errors, ban.rate],
    [ATTACKER, formatSecond(now), 1, 600, 120, 0, 2],
  );
  assert.equal(ban.condition, 'z_score');
  assert.equal(ban.limit, 2);
  assert.ok(Math.abs(ban.z - (ban.rate - ban.mean) / ban.stddev) < 1e-12);
  assert.ok(Math.abs(ban.multiple - ban.rate / ban.mean) < 1e-12);
  assert.deepEqual(
    ban.samples.map(({ path }) => path),
    ['/flood/115', '/flood/116', '/flood/117', '/flood/118', '/flood/0'],
  );
  bench.feed(...flood(now + 1, 1000));
  assert.equal(bench.of('ban').length, 1, 'a banned client is not judged');
  assert.equal(bench.engine.banned, 1000);
});

test('requests count for 60 seconds: a rate at the limit for ever is no ban', () => {
  const { bench, now } = ready();
  for (let second = 0; second < 600; second++) bench.feed(...flood(now + second, second % 60 === 0 ? 119 : 0));
  assert.deepEqual(bench.of('ban'), []);
  bench.feed(...flood(now + 599, 1));
  assert.equal(bench.of('ban').length, 1);
});

test('server errors and requests the client gave up are no errors of the client', () => {
  for (const status of [500, 502, 503, 499]) {
    const { bench, now } = ready();
    bench.feed(...flood(now, 119, ATTACKER, status));
    assert.deepEqual(bench.of('ban'), [], `${status}`);
  }
  for (const status of [400, 401, 403, 404, 429]) {
    const { bench, now } = ready();
    bench.feed(...flood(now, 20, ATTACKER, status));
    const ban = firstBan(bench);
    assert.deepEqual(
      [ban.condition, ban.requests, ban.errors, ban.error_ratio],
      ['error_surge', 20, 20, 1],
      `${status}`,
    );
  }
});

test('static assets do not add up to a ban', () => {
  const { bench, now } = ready();
  bench.feed(...Array.from({ length: 5000 }, (_, n) => logLine(now, ATTACKER, `/img/${n}.png`)));
  assert.deepEqual(bench.of('ban'), []);
});

test('while warming up only the ceiling bans', () => {
  const bench = new Bench();
  bench.feed(...flood(START, 300));
  assert.deepEqual(bench.of('ban'), []);
  bench.feed(...flood(START, 1));
  assert.equal(firstBan(bench).condition, 'warmup_ceiling');
});

test('released to the second, with a clean slate; the second offence is tier 2', () => {
  const { bench, now } = ready();
  bench.feed(...flood(now, 120), ...calm(now + 1, 599));
  assert.deepEqual(bench.of('unban'), []);
  bench.feed(logLine(now + 600, visitorIp(1)));
  assert.deepEqual(bench.of('unban'), [
    { event: 'unban', time: formatSecond(now + 600), ip: ATTACKER, tier: 1, reason: 'expired' },
  ]);
  bench.feed(...flood(now + 600, 119));
  assert.equal(bench.of('ban').length, 1, 'nothing from before is counted');
  bench.feed(...flood(now + 600, 1));
  const second = bench.of('ban')[1];
  assert.deepEqual([second?.tier, second?.duration_seconds], [2, 1800]);
});

test('a client that floods on through bans shorter than the window is banned again each time', () => {
  const { bench, now } = ready({ bans: { schedule: [5000, 5000, 5000] } });
  for (let second = 0; second < 20; second++) bench.feed(...flood(now + second, 200));
  assert.deepEqual(
    bench.of('ban').map(({ time, tier }) => [time, tier]),
    [0, 5, 10, 15].map((second, index) => [formatSecond(now + second), index + 1]),
  );
});

test('late lines of a banned or released client count for nothing', () => {
  const { bench, now } = ready({ bans: { schedule: [5000] } });
  bench.feed(...flood(now, 120), logLine(now + 5, visitorIp(1)));
  assert.equal(bench.of('unban').length, 1);
  bench.feed(...flood(now + 4, 500));
  assert.equal(bench.of('ban').length, 1, 'written before the end of the ban');
  const other = ready();
  other.bench.feed(...flood(other.now, 120));
  assert.equal(other.bench.engine.bans.release(KEY, 0), true);
  other.bench.feed(...flood(other.now - 1, 500));
  assert.equal(other.bench.of('ban').length, 1);
  assert.deepEqual(other.bench.of('unban'), [], 'an unban by an operator is told by who did it');
});

test("after an operator's release the same requests don't ban again, new ones do", () => {
  const { bench, now } = ready();
  bench.feed(...flood(now, 120));
  bench.engine.bans.release(KEY, 0);
  bench.feed(...flood(now, 100));
  assert.equal(bench.of('ban').length, 1);
  bench.feed(...flood(now + 1, 20));
  assert.equal(bench.of('ban')[1]?.tier, 2);
});

test('lines from before a release that are read after it count for nothing, whether the client is known or not', () => {
  for (const known of [true, false]) {
    const { bench, now } = ready();
    const { bans } = bench.engine;
    bans.set({ ...KEY, tier: 0, until: now + 600, lastEnd: now + 600 });
    if (known) bench.feed(...flood(now, 100));
    bans.release(KEY, now + 30);
    for (const second of [now, now + 20, now + 29]) bench.feed(...flood(second, 300));
    assert.deepEqual(bench.of('ban'), [], 'zban was behind');
    bench.feed(...flood(now + 30, 300));
    assert.equal(bench.of('ban').length, 1, 'what it did afterwards counts');
  }
  const { bench, now } = ready();
  bench.feed(...flood(now, 120));
  bench.engine.bans.release(KEY, now + 86_400);
  bench.feed(...flood(now + 3599, 300));
  assert.equal(bench.of('ban').length, 1);
  bench.feed(...flood(now + 3600, 300));
  assert.equal(bench.of('ban').length, 2, 'a wrong clock of the log protects for an hour at most');
});

test('a release outlives a restart: the lines from before it that are read again count for nothing', () => {
  const { bench, now } = ready();
  bench.engine.bans.replace([{ ...KEY, tier: 0, until: 0, lastEnd: now + 30 }]);
  bench.feed(...flood(now, 300), ...flood(now + 29, 300));
  assert.deepEqual(bench.of('ban'), []);
  bench.feed(...flood(now + 30, 300));
  assert.equal(bench.of('ban')[0]?.tier, 1);
});

test('a ban decided elsewhere is in force for a client known or not, and ends on time', () => {
  for (const known of [true, false]) {
    const { bench, now } = ready();
    if (known) bench.feed(...flood(now, 100));
    bench.engine.bans.set({ ...KEY, tier: 3, until: now + 100, lastEnd: now + 100 });
    bench.feed(...flood(now + 1, 1000));
    assert.deepEqual(bench.of('ban'), []);
    bench.feed(logLine(now + 100, visitorIp(1)));
    assert.equal(bench.of('unban')[0]?.tier, 3);
    bench.feed(...flood(now + 100, 120));
    assert.equal(bench.of('ban')[0]?.duration_seconds, null);
  }
});
