import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BanEvent } from '../../../src/core/event.ts';
import { clientPrefix, findClientKey } from '../../../src/core/net/client-key.ts';
import { parsePrefix } from '../../../src/core/net/prefix.ts';
import { formatSecond } from '../../../src/core/time.ts';
import { Bench, type Overrides } from '../../support/engine.ts';
import { logLine, START, visitorIp } from '../../support/traffic.ts';

const ATTACKER = '203.0.113.250';

function keyOf(text: string): { high: number; low: number } {
  const prefix = parsePrefix(text);
  const key = prefix && findClientKey(prefix, 64);
  assert.ok(key);
  return key;
}
const KEY = keyOf(ATTACKER);

/** One line a second of ordinary traffic, `seconds` long. */
const calm = (from: number, seconds: number): string[] =>
  Array.from({ length: seconds }, (_, n) => logLine(from + n, visitorIp(n % 40), `/page/${n}`));

const flood = (second: number, requests: number, ip = ATTACKER, status = 200): string[] =>
  Array.from({ length: requests }, (_, n) => logLine(second, ip, `/flood/${n}`, status));

/** An engine that is past its warm-up. */
function ready(overrides: Overrides = {}): { bench: Bench; now: number } {
  const bench = new Bench(overrides);
  bench.feed(...calm(START, 300));
  assert.equal(bench.of('baseline').at(-1)?.ready, true);
  assert.deepEqual(bench.of('ban'), []);
  return { bench, now: START + 300 };
}

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
  assert.equal(other.bench.engine.release(KEY.high, KEY.low), true);
  other.bench.feed(...flood(other.now - 1, 500));
  assert.equal(other.bench.of('ban').length, 1);
  assert.deepEqual(other.bench.of('unban'), [], 'an unban by an operator is told by who did it');
});

test("after an operator's release the same requests don't ban again, new ones do", () => {
  const { bench, now } = ready();
  bench.feed(...flood(now, 120));
  bench.engine.release(KEY.high, KEY.low);
  bench.feed(...flood(now, 100));
  assert.equal(bench.of('ban').length, 1);
  bench.feed(...flood(now + 1, 20));
  assert.equal(bench.of('ban')[1]?.tier, 2);
});

test('a ban decided elsewhere is in force for a client known or not, and ends on time', () => {
  for (const known of [true, false]) {
    const { bench, now } = ready();
    if (known) bench.feed(...flood(now, 100));
    bench.engine.setBan(KEY.high, KEY.low, 3, now + 100, now + 100);
    bench.feed(...flood(now + 1, 1000));
    assert.deepEqual(bench.of('ban'), []);
    bench.feed(logLine(now + 100, visitorIp(1)));
    assert.equal(bench.of('unban')[0]?.tier, 3);
    bench.feed(...flood(now + 100, 120));
    assert.equal(bench.of('ban')[0]?.duration_seconds, null);
  }
});

test('an allowlisted flood is refused once while it lasts, and banned when the entry goes', () => {
  const { bench, now } = ready();
  const prefix = clientPrefix(KEY.high, KEY.low, 64);
  bench.engine.policy.setNeverBanned([{ prefix, kind: 'allowlist', detail: 'monitoring' }]);
  for (let second = 0; second < 120; second++) bench.feed(...flood(now + second, 50));
  assert.deepEqual(bench.of('ban'), []);
  assert.deepEqual(
    bench.of('refused').map(({ ip, reason, detail, condition }) => [ip, reason, detail, condition]),
    [[ATTACKER, 'allowlist', 'monitoring', 'z_score']],
  );
  bench.engine.policy.setNeverBanned([]);
  bench.engine.judgeRefusedAgain();
  bench.feed(...flood(now + 120, 1));
  assert.equal(bench.of('ban').length, 1);
});

test('the fuse stops bans, says so once, and bans what still floods when it is whole again', () => {
  const { bench, now } = ready({ bans: { max_per_minute: 3, fuse_hold: 30_000 } });
  const attackers = Array.from({ length: 6 }, (_, n) => `198.51.100.${210 + n}`);
  for (let second = 0; second < 70; second++) {
    bench.feed(...attackers.flatMap((ip) => flood(now + second, 130, ip)));
  }
  const phases = bench.events.flatMap((event) => (event.event === 'fuse' ? [[event.phase, event.time]] : []));
  assert.deepEqual(phases.slice(0, 2), [
    ['blown', formatSecond(now)],
    ['reset', formatSecond(now + 30)],
  ]);
  assert.deepEqual(
    bench
      .of('refused')
      .filter(({ time }) => time === formatSecond(now))
      .map(({ ip }) => ip),
    attackers.slice(3),
  );
  assert.equal(bench.of('ban').filter(({ time }) => time === formatSecond(now)).length, 3);
  assert.equal(bench.of('ban').length, 6, 'the rest once the first are a minute old');
});

test('a client refused for want of room is banned when there is room', () => {
  const { bench, now } = ready({ bans: { max_active: 1, schedule: [5000] } });
  for (let second = 0; second < 7; second++) {
    bench.feed(...flood(now + second, second === 0 ? 120 : 0, '198.51.100.250'), ...flood(now + second, 130));
  }
  assert.deepEqual(
    bench.of('ban').map(({ ip, time }) => [ip, time]),
    [
      ['198.51.100.250', formatSecond(now)],
      [ATTACKER, formatSecond(now + 5)],
    ],
  );
  assert.equal(bench.of('refused')[0]?.reason, 'limit');
});
