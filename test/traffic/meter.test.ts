import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTimeBucket, secondsOfBucket, TIME_BUCKETS } from '../../src/parse/request-time.ts';
import { TIME_SHIFT } from '../../src/parse/tally.ts';
import type { Effective } from '../../src/traffic/baseline.ts';
import { Meter } from '../../src/traffic/meter.ts';

const EFFECTIVE = { learned: { site: { mean: 4, stddev: 2 } } } as Effective;
const bucket = (text: string) => readTimeBucket(Buffer.from(text), 0, text.length);
const info = (status: number, time?: string) => status | ((time === undefined ? 0 : bucket(time) + 1) << TIME_SHIFT);

test('a time is found again within 6 %, whatever its length', () => {
  for (const seconds of [0, 0.001, 0.015, 0.016, 0.017, 0.099, 0.25, 1, 1.999, 29.97, 60, 180]) {
    const found = secondsOfBucket(bucket(seconds.toFixed(3)));
    assert.ok(Math.abs(found - seconds) <= 0.063 * seconds, `${seconds} became ${found}`);
  }
  assert.equal(bucket('1'), bucket('1.000'));
  assert.equal(bucket('0.5'), bucket('0.500'));
  assert.equal(bucket('9999999999999'), TIME_BUCKETS - 1);
  for (const bad of ['', 'abc', '1,5', '-1', '.', '1..2']) assert.equal(bucket(bad), bad === '' ? 0 : -1, bad);
});

test('a minute has what came in it, its percentiles, and the baseline at its end', () => {
  const meter = new Meter();
  meter.note(info(200), true);
  meter.close(60, 0, EFFECTIVE);
  assert.deepEqual(meter.take(), [], 'the first minute was not seen whole');
  for (let ms = 1; ms <= 100; ms++) meter.note(info(200, (ms / 1000).toFixed(3)), ms % 2 === 0);
  meter.note(info(404), true);
  meter.note(info(499), true);
  meter.note(info(503), true);
  meter.noteBanned();
  meter.close(120, 7200, EFFECTIVE);
  const [minute] = meter.take();
  assert.ok(minute?.times);
  const { times, ...rest } = minute;
  const sums = { requests: 104, counted: 53, refused: 1, failed: 1, banned: 1 };
  assert.deepEqual(rest, { minute: 121, ...sums, mean: 4, stddev: 2, isAnomalous: false });
  for (const [index, ms] of [50, 95, 99].entries()) assert.ok(Math.abs((times[index] ?? 0) * 1000 - ms) < 0.07 * ms);
  meter.noteAnomaly();
  meter.close(180, 7200, EFFECTIVE);
  assert.deepEqual(
    meter.take().map(({ requests, isAnomalous, times: none }) => [requests, isAnomalous, none]),
    [[0, true, null]],
  );
});
