import assert from 'node:assert/strict';
import { test } from 'node:test';
import { moveLimits, type Sensitivity } from '../../src/settings/sensitivity.ts';
import { Bench, ENGINE } from '../support/engine.ts';
import fc from '../support/fast-check.ts';
import { logLine, START, visitorIp } from '../support/traffic.ts';

/** Options as a list of paths and values, so that what a sensitivity changes can be named. */
function flat(value: unknown, path = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path.slice(1), value]];
  return Object.entries(value).flatMap(([key, inner]) => flat(inner, `${path}.${key}`));
}

function moved(sensitivity: Sensitivity): Map<string, readonly [number, number]> {
  const after = new Map(flat(moveLimits(ENGINE, sensitivity)));
  const changed = flat(ENGINE).filter(([path, value]) => after.get(path) !== value);
  return new Map(changed.map(([path, value]) => [path, [Number(value), Number(after.get(path))]]));
}

test('normal changes nothing', () => {
  assert.deepEqual(moveLimits(ENGINE, 'normal'), ENGINE);
  assert.deepEqual(moveLimits(ENGINE, 1), ENGINE);
});

test('all limits for clients move, and nothing else', () => {
  const surge = ['ratio_multiple', 'min_errors', 'min_requests', 'z_score', 'multiple'];
  const levels = Object.entries(ENGINE.detection.points).filter(([, level]) => Object.hasOwn(Object(level), 'limit'));
  const expected = [
    'baseline.warmup_max_requests',
    ...['z_score', 'multiple', 'min_requests'].map((key) => `detection.${key}`),
    ...surge.map((key) => `detection.error_surge.${key}`),
    ...levels.map(([name]) => `detection.points.${name}.limit`),
  ];
  assert.deepEqual([...moved('high').keys()].sort(), expected.sort());
  assert.deepEqual([...moved('low').keys()].sort(), expected.sort());
});

test('low raises every limit by half, high lowers it to two thirds', () => {
  assert.deepEqual(moved('low').get('detection.min_requests'), [700, 1050]);
  assert.deepEqual(moved('low').get('detection.points.scan.limit'), [12, 18]);
  assert.deepEqual(moved('high').get('detection.min_requests'), [700, 467]);
  assert.deepEqual(moved('high').get('detection.points.scrape.limit'), [30, 20]);
  assert.deepEqual(moved(2).get('detection.z_score'), [3, 1.5]);
});

test('the more sensitive, the lower every limit; none sinks to what is usual', () => {
  const sensitivity = fc.double({ min: 0.25, max: 4, noNaN: true });
  fc.assert(
    fc.property(sensitivity, sensitivity, (a, b) => {
      const [less, more] = [moveLimits(ENGINE, Math.min(a, b)), moveLimits(ENGINE, Math.max(a, b))].map((options) =>
        flat(options),
      );
      for (const [index, [path, value]] of (less ?? []).entries()) {
        const other = more?.[index]?.[1];
        if (typeof value === 'number') assert.ok(Number(other) <= value, path);
        if (/multiple$/.test(path)) assert.ok(Number(other) >= 1, path);
      }
    }),
  );
});

/** When a client that asks for what does not exist is banned: how many requests it took. */
function requestsUntilBan(sensitivity: Sensitivity, detection = ENGINE.detection): number | undefined {
  const bench = new Bench(moveLimits({ ...ENGINE, detection }, sensitivity));
  const hour = 3600;
  for (let n = 0; n < hour; n += 5) bench.feed(logLine(START + n, visitorIp(n % 30), '/'));
  for (let n = 1; n <= 60; n++) {
    bench.feed(logLine(START + hour, '203.0.113.250', `/x${n}.php`, 404));
    if (bench.of('ban').length > 0) return n;
  }
  return undefined;
}

test('a scanner is banned after fewer requests the more sensitive zban is', () => {
  const needed = (['low', 'normal', 'high'] as const).map((level) => requestsUntilBan(level) ?? Number.NaN);
  const [low = Number.NaN, normal = Number.NaN, high = Number.NaN] = needed;
  assert.ok(low > normal && normal > high, `${needed}`);
});

test('a limit that the operator set is moved as well', () => {
  const { points } = ENGINE.detection;
  const detection = { ...ENGINE.detection, points: { ...points, scan: { ...points.scan, limit: 4 } } };
  const needed = (['normal', 'low'] as const).map((level) => requestsUntilBan(level, detection) ?? Number.NaN);
  const [normal = Number.NaN, low = Number.NaN] = needed;
  assert.ok(normal < (requestsUntilBan('normal') ?? 0) && low > normal, `${needed}`);
});

test('the classic profile: z and multiple of the textbook are divided, the floors of the site stay', () => {
  const { detection } = moveLimits({ ...ENGINE, profile: 'classic' }, 'low');
  assert.deepEqual([detection.z_score, detection.multiple], [4.5, 7]);
  assert.deepEqual(detection.classic, ENGINE.detection.classic);
});
