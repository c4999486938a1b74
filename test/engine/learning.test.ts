/** What the engine takes for normal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSecond } from '../../src/model/time.ts';
import { Bench } from '../support/engine.ts';
import { logLine, START, visitorIp } from '../support/traffic.ts';

/** `rate` requests in every second, each from another of 200 visitors. */
function site(from: number, seconds: number, rate: number, path = '/'): string[] {
  const lines: string[] = [];
  for (let n = 0; n < seconds * rate; n++) {
    lines.push(logLine(from + Math.floor(n / rate), visitorIp(n % 200), `${path}${n % 7}`));
  }
  return lines;
}

test('the baseline is that of the seconds read: nothing from before the first line or of a gap', () => {
  const bench = new Bench();
  bench.feed(...site(START, 300, 20));
  const first = bench.of('baseline').at(-1);
  assert.deepEqual(first?.site, { mean: 20, stddev: 0.5 }, 'the deviation is the floor');
  assert.equal(first?.site_samples, 181, 'the window, of which a second has just begun, is not learned yet');
  bench.feed(...site(START + 86_400, 300, 20));
  const second = bench.of('baseline').at(-1);
  assert.equal(second?.site_samples, 300 + 181);
  assert.equal(second?.site.mean, (481 * 20 - 1) / 481, 'all but the line that told of the gap');
});

test('the baseline is recomputed every minute of log time', () => {
  const bench = new Bench();
  bench.feed(...site(START + 7, 200, 1));
  assert.deepEqual(
    bench.of('baseline').map(({ time, ready }) => [time, ready]),
    [60, 120, 180].map((second) => [formatSecond(START + second), second >= 127]),
  );
});

test('an attacker teaches nothing', () => {
  const [calm, attacked] = [new Bench(), new Bench()];
  const attack = (second: number) => Array.from({ length: 4 }, () => logLine(second, '203.0.113.250', '/x', 404));
  for (let second = START; second < START + 900; second++) {
    const lines = site(second, 1, 5);
    calm.feed(...lines);
    attacked.feed(...lines, ...(second >= START + 300 ? attack(second) : []));
  }
  assert.equal(attacked.of('ban').length, 1);
  assert.deepEqual(attacked.of('baseline').at(-1), calm.of('baseline').at(-1));
});

test('a restart goes on with the baseline of before', () => {
  const [first, second] = [new Bench(), new Bench()];
  first.feed(...site(START, 900, 20));
  second.engine.restore(JSON.parse(JSON.stringify(first.engine.snapshot())));
  assert.equal(second.engine.effective.ready, true);
  assert.deepEqual(second.engine.effective.client, first.engine.effective.client);
  const flood = Array.from({ length: 121 }, () => logLine(START + 900, '203.0.113.250'));
  second.feed(...flood);
  assert.equal(second.of('ban')[0]?.condition, 'z_score', 'banned within the first second');
});
