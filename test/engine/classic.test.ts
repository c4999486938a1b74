/**
 * The profile `classic`, to the letter: the rate of one client over the last 60 s against the mean and standard deviation
 * of the site's requests per second over the last 30 minutes. The numbers in the comments were worked out by hand.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSecond } from '../../src/model/time.ts';
import type { BanEvent } from '../../src/model/told-event.ts';
import { Bench, ENGINE } from '../support/engine.ts';
import fc from '../support/fast-check.ts';
import { logLine, mulberry32, START, visitorIp } from '../support/traffic.ts';
import { ATTACKER } from './story.ts';

/** The defaults, but for the profile. */
const classicBench = (): Bench => new Bench({ profile: 'classic', detection: ENGINE.detection });

/** An alarm about the site as a whole suspends learning; it is no part of the rule. */
const withoutAlarm = (): Bench => {
  const detection = { ...ENGINE.detection, site: { ...ENGINE.detection.site, enabled: false } };
  return new Bench({ profile: 'classic', detection });
};

/** As many requests in every second as `perSecond` says, each of another of 180 visitors; `path` may be a static file. */
function site(
  from: number,
  seconds: number,
  perSecond: (second: number) => number,
  path = '/',
  status = (_n: number): number => 200,
): string[] {
  let n = 0;
  return Array.from({ length: seconds }, (_, at) =>
    Array.from({ length: perSecond(at) }, () => logLine(from + at, visitorIp(n % 180), path, status(n++))),
  ).flat();
}

/** Requests of the attacker in one second. */
const burst = (second: number, count: number, status = 200, path = '/'): string[] =>
  Array.from({ length: count }, () => logLine(second, ATTACKER, path, status));

/** 3 and 5 requests in turn: mean 4, standard deviation 1. */
const uneven = (second: number): number => (second % 2 === 0 ? 3 : 5);

/**
 * The site's first second is the second one of a minute: the recalculation at START + 600 has then learned the 540 seconds
 * that have left the window, a round number.
 */
const FIRST = START + 1;

/** An engine that has seen 599 seconds; `now` is the next. */
function ready(lines = site(FIRST, 599, uneven)): { bench: Bench; now: number } {
  const bench = classicBench();
  bench.feed(...lines);
  assert.deepEqual(bench.of('ban'), []);
  return { bench, now: START + 600 };
}

/** Feeds the attacker's requests one by one in second `now`; how many it took to be banned, and the ban. */
function banAfter(bench: Bench, now: number, max: number, status = (_n: number): number => 200) {
  for (let n = 1; n <= max; n++) {
    bench.feed(...burst(now, 1, status(n)));
    const ban = bench.of('ban')[0];
    if (ban) return { count: n, ban };
  }
  return { count: Number.POSITIVE_INFINITY, ban: undefined };
}

const close = (actual: number | undefined, expected: number, digits = 1e-2): void =>
  assert.ok(actual !== undefined && Math.abs(actual - expected) < digits, `${actual}, not ${expected}`);

test('z above 3.0: with mean 4 and deviation 1 that is more than 7 a second, 420 requests a minute', () => {
  const { bench, now } = ready();
  const { count, ban } = banAfter(bench, now, 1000);
  assert.deepEqual([count, ban?.condition, ban?.mean, ban?.stddev], [421, 'z_score', 4, 1]);
  close(ban?.rate, 421 / 60, 1e-9);
  // (421 / 60 - 4) / 1 and 421 / 60 / 4
  close(ban?.z, 3.0167);
  close(ban?.multiple, 1.754);
  close(ban?.limit, 7);
});

test('more than 5 times the mean: with mean 4 and deviation 12 that is more than 20 a second, 1,200 requests a minute', () => {
  // 40 requests in every tenth second: 4 on the mean, and the mean of squares is 160, less 16 is 144.
  const { bench, now } = ready(site(FIRST, 599, (second) => (second % 10 === 0 ? 40 : 0)));
  const { count, ban } = banAfter(bench, now, 2000);
  assert.deepEqual([count, ban?.condition, ban?.mean, ban?.stddev], [1201, 'multiplier', 4, 12]);
  close(ban?.multiple, 5.004);
  // (1201 / 60 - 4) / 12
  close(ban?.z, 1.335);
});

test('on a quiet site mean and deviation count as 2.0 and 0.5: more than 3.5 a second, 210 requests a minute', () => {
  const { bench, now } = ready(site(FIRST, 599, (second) => (second % 30 === 0 ? 1 : 0)));
  const { count, ban } = banAfter(bench, now, 1000);
  assert.equal(count, 211);
  assert.deepEqual([ban?.condition, ban?.mean, ban?.stddev], ['z_score', 2, 0.5]);
  // 211 / 60 = 3.5167, and (3.5167 - 2) / 0.5
  close(ban?.z, 3.033);
});

test('each floor holds by itself', () => {
  const even = ready(site(FIRST, 599, () => 10));
  // Mean 10, deviation 0 counts as 0.5: more than 11.5 a second, 690 a minute.
  assert.equal(banAfter(even.bench, even.now, 1000).count, 691);
  // One request in every second second: mean 0.5 counts as 2, deviation 0.5 is the site's own.
  const sparse = ready(site(FIRST, 599, (second) => second % 2));
  assert.equal(banAfter(sparse.bench, sparse.now, 1000).count, 211);
});

test("the floors are the configuration's", () => {
  const detection = { ...ENGINE.detection, classic: { mean_floor: 3, stddev_floor: 1 } };
  const bench = new Bench({ profile: 'classic', detection });
  bench.feed(...site(FIRST, 599, (second) => second % 2));
  // 3 + 3 x 1 is 6 a second, 360 a minute.
  assert.equal(banAfter(bench, START + 600, 1000).count, 361);
});

test('all requests count, static files included, on both sides', () => {
  const { bench, now } = ready(site(FIRST, 599, uneven, '/site.css'));
  bench.feed(...burst(now, 420, 200, '/photo.png'));
  assert.deepEqual(bench.of('ban'), []);
  bench.feed(...burst(now, 1, 304, '/photo.png'));
  const [ban] = bench.of('ban');
  assert.equal(ban?.requests, 421);
  close(ban?.mean, 4);
});

test('the rate is that of the last 60 seconds, exact to the second', () => {
  const within = ready();
  within.bench.feed(...burst(within.now, 1), ...site(within.now + 1, 58, uneven));
  within.bench.feed(...burst(within.now + 59, 420));
  assert.equal(within.bench.of('ban').length, 1, 'the first request is 59 s old');
  const beyond = ready();
  beyond.bench.feed(...burst(beyond.now, 1), ...site(beyond.now + 1, 59, uneven));
  beyond.bench.feed(...burst(beyond.now + 60, 420));
  assert.deepEqual(beyond.bench.of('ban'), [], 'it is 60 s old');
  beyond.bench.feed(...burst(beyond.now + 60, 1));
  assert.equal(beyond.bench.of('ban').length, 1);
});

test('an error surge tightens the limits to z 2.0: more than 6 a second, 360 requests a minute', () => {
  const { bench, now } = ready();
  // No errors so far: the usual ratio counts as 10 %, so that a surge is more than 30 %.
  const { count, ban } = banAfter(bench, now, 1000, (n) => (n % 2 === 0 ? 404 : 200));
  assert.equal(count, 361);
  assert.equal(ban?.condition, 'error_surge');
  close(ban?.z, 2.0167);
  close(ban?.error_ratio, 0.5);
});

test('… and to 3 times the mean: with mean 4 and deviation 12 more than 12 a second, 720 requests a minute', () => {
  const { bench, now } = ready(site(FIRST, 599, (second) => (second % 10 === 0 ? 40 : 0)));
  const { count, ban } = banAfter(bench, now, 2000, () => 403);
  assert.deepEqual([count, ban?.condition], [721, 'error_surge']);
  close(ban?.multiple, 3.004);
  close(ban?.z, 0.668);
});

test('a surge is more than three times the share of errors that the baseline has', () => {
  // Every fifth answer is 404: the usual ratio is 20 %, three times that 60 %.
  const usual = site(FIRST, 599, uneven, '/', (n) => (n % 5 === 0 ? 404 : 200));
  const below = ready(usual);
  const at60 = banAfter(below.bench, below.now, 1000, (n) => (n % 5 === 0 || n % 5 > 2 ? 404 : 200));
  assert.deepEqual([at60.count, at60.ban?.condition], [421, 'z_score'], '60 % at most');
  close(at60.ban?.baseline_error_ratio, 0.2);
  const above = ready(usual);
  const at75 = banAfter(above.bench, above.now, 1000, (n) => (n % 4 < 3 ? 404 : 200));
  assert.deepEqual([at75.count, at75.ban?.condition], [361, 'error_surge'], '75 %');
});

test('5xx and 499 are no errors of the client', () => {
  for (const status of [499, 500, 502, 503, 504]) {
    const { bench, now } = ready();
    const { count, ban } = banAfter(bench, now, 1000, () => status);
    assert.deepEqual([count, ban?.condition, ban?.errors], [421, 'z_score', 0], `${status}`);
  }
});

test('the baseline is that of the last 30 minutes, recomputed every 60 seconds', () => {
  const bench = withoutAlarm();
  bench.feed(...site(START, 1801, () => 4), ...site(START + 1801, 2099, () => 6));
  const told = bench.of('baseline');
  assert.deepEqual(
    told.map(({ time }) => time),
    Array.from({ length: 64 }, (_, n) => formatSecond(START + 60 * (n + 1))),
  );
  /** What a second teaches is known once it has left the window of 60 s. */
  const meanAt = (second: number): number | undefined =>
    told.find(({ time }) => time === formatSecond(START + second))?.site.mean;
  close(meanAt(1860), 4, 1e-9);
  // Seconds 900 to 2,700: 901 of 4 requests and 900 of 6; seconds 1,800 to 3,600: one of 4 and 1,800 of 6.
  close(meanAt(2760), 9004 / 1801, 1e-9);
  close(meanAt(3660), 10_804 / 1801, 1e-9);
  // Between two recalculations the limit stands: mean 6, deviation 0.5, 7.5 a second.
  assert.equal(banAfter(bench, START + 3899, 1000).count, 451);
});

test('who is banned teaches nothing: neither its rate nor its errors', () => {
  const [calm, attacked] = [withoutAlarm(), withoutAlarm()];
  for (let minute = 0; minute < 15; minute++) {
    const lines = site(START + 60 * minute, 60, uneven);
    calm.feed(...lines);
    attacked.feed(...lines);
    if (minute === 5) attacked.feed(...burst(START + 60 * minute + 59, 2000, 404));
  }
  assert.equal(attacked.of('ban').length, 1);
  assert.deepEqual(attacked.of('baseline').at(-1), calm.of('baseline').at(-1));
});

/** The rule once more, as simply as it can be written: everything is counted anew for each request. Tells the first ban. */
function naiveFirstBan(requests: readonly { second: number; ip: string; status: number }[]): string | undefined {
  const first = requests[0]?.second ?? 0;
  const isError = (status: number): boolean => status >= 400 && status < 499;
  const limitsAt = (second: number) => {
    const minute = second - (second % 60);
    // The window's seconds are not learned yet; thirty whole minutes before that, and a second.
    const [from, to] = [Math.max(first, minute - 60 - 1800), minute - 60];
    const learned = requests.filter((request) => request.second >= from && request.second <= to);
    const counts = Array.from({ length: Math.max(0, to - from + 1) }, (_, n) =>
      learned.reduce((sum, request) => sum + (request.second === from + n ? 1 : 0), 0),
    );
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length || 0;
    const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length || 0;
    const ratio = learned.filter(({ status }) => isError(status)).length / learned.length || 0;
    return {
      ready: minute - first >= 120,
      mean: Math.max(2, mean),
      stddev: Math.max(0.5, Math.sqrt(variance)),
      ratio: Math.max(0.1, ratio),
    };
  };
  for (const [index, { second, ip }] of requests.entries()) {
    const own = requests.slice(0, index + 1).filter((other) => other.ip === ip && other.second > second - 60);
    const limits = limitsAt(second);
    const rate = own.length / 60;
    const [z, multiple] = [(rate - limits.mean) / limits.stddev, rate / limits.mean];
    const surge = own.filter(({ status }) => isError(status)).length > 3 * limits.ratio * own.length;
    const why = !limits.ready
      ? own.length > 300 && 'ceiling'
      : ((z > 3 || multiple > 5) && 'rate') || (surge && (z > 2 || multiple > 3) && 'surge');
    if (why) return `${ip} at ${formatSecond(second)}, request ${own.length}: ${why}`;
  }
  return undefined;
}

const told = (ban: BanEvent | undefined): string | undefined =>
  ban &&
  `${ban.ip} at ${ban.time}, request ${ban.requests}: ${
    { error_surge: 'surge', warmup_ceiling: 'ceiling' }[ban.condition as string] ?? 'rate'
  }`;

test('whatever the traffic, the first ban is the one that a naive recount finds', () => {
  const kinds = new Set<string>();
  const story = fc.noBias(
    fc.record({
      seed: fc.integer(),
      start: fc.integer({ min: 0, max: 119 }),
      seconds: fc.integer({ min: 60, max: 420 }),
      visitors: fc.integer({ min: 0, max: 3 }),
      errors: fc.constantFrom(0, 0.1, 0.4),
      attackFrom: fc.integer({ min: 0, max: 300 }),
      attackRate: fc.integer({ min: 2, max: 12 }),
      attackErrors: fc.constantFrom(0, 0.25, 0.5, 1),
    }),
  );
  fc.assert(
    fc.property(story, ({ seed, start, seconds, visitors, errors, attackFrom, attackRate, attackErrors }) => {
      const random = mulberry32(seed);
      const requests: { second: number; ip: string; status: number }[] = [];
      const send = (at: number, rate: number, ip: () => string, errorShare: number): void => {
        for (let n = Math.floor(rate + random()); n > 0; n--)
          requests.push({ second: START + start + at, ip: ip(), status: random() < errorShare ? 404 : 200 });
      };
      for (let at = 0; at < seconds; at++) {
        send(at, visitors * 2 * random(), () => visitorIp(Math.floor(random() * 40)), errors);
        if (at >= attackFrom) send(at, attackRate, () => ATTACKER, attackErrors);
      }
      const bench = withoutAlarm();
      bench.feed(...requests.map(({ second, ip, status }) => logLine(second, ip, '/', status)));
      const expected = naiveFirstBan(requests);
      assert.equal(told(bench.of('ban')[0]), expected);
      kinds.add(expected?.replace(/.*: /, '') ?? 'none');
    }),
    { numRuns: 40, seed: 1 },
  );
  assert.deepEqual(kinds, new Set(['none', 'ceiling', 'rate', 'surge']), 'the stories told all there is');
});
