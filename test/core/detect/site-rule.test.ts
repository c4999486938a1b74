import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SiteRule } from '../../../src/core/detect/site-rule.ts';
import type { DetectionOptions } from '../../../src/core/engine-options.ts';
import type { Effective } from '../../../src/core/traffic/baseline.ts';
import { ENGINE } from '../../support/engine.ts';

const EFFECTIVE: Effective = {
  ready: true,
  site: { mean: 20, stddev: 5 },
  client: { mean: 30, stddev: 20 },
  errorRatio: 0.1,
  origin: 'rolling',
  siteSamples: 1800,
  clientSamples: 300,
};
const NEW_NORMAL = 1800;

const ruleWith = (options: Partial<DetectionOptions['site']> = {}) =>
  new SiteRule({ ...ENGINE.detection.site, start_after: 10_000, end_after: 60_000, ...options }, 60, NEW_NORMAL);

/** Closes the seconds from…to at one rate; what was told, with its second. */
function close(rule: SiteRule, from: number, to: number, rate: number, effective = EFFECTIVE): string[] {
  const told: string[] = [];
  for (let second = from; second <= to; second++) {
    const change = rule.close(second, rate, effective);
    if (change) told.push(`${change.phase} ${change.condition} ${second}`);
  }
  return told;
}

test('it starts above the limits and ends after a calm minute, each told once', () => {
  const rule = ruleWith();
  assert.deepEqual(close(rule, 100, 199, 35), [], 'z is exactly 3');
  assert.deepEqual(close(rule, 200, 299, 36), ['start site_z_score 200']);
  assert.equal(rule.since, 191, 'the rate is that of the last ten seconds');
  assert.deepEqual(close(rule, 300, 340, 20), []);
  assert.deepEqual(close(rule, 341, 341, 36), [], 'not calm for long enough');
  assert.deepEqual(close(rule, 342, 500, 20), ['end site_z_score 402']);
  assert.equal(rule.since, undefined);
});

test('five times the mean is the other condition', () => {
  const wide = { ...EFFECTIVE, site: { mean: 20, stddev: 500 } };
  assert.deepEqual(close(ruleWith(), 1, 9, 100, wide), []);
  assert.deepEqual(close(ruleWith(), 1, 9, 101, wide), ['start site_multiplier 1']);
});

test('a quiet site, or one that is not known yet, is never anomalous', () => {
  const quiet = { ...EFFECTIVE, site: { mean: 0.5, stddev: 0.5 } };
  assert.deepEqual(close(ruleWith({ min_rate: 10 }), 1, 9, 9.9, quiet), []);
  assert.deepEqual(close(ruleWith({ min_rate: 10 }), 1, 9, 10, quiet).length, 1);
  assert.deepEqual(close(ruleWith(), 1, 99, 10_000, { ...EFFECTIVE, ready: false }), []);
});

test('the seconds of an anomaly teach nothing, until it has lasted so long that it is normal', () => {
  const rule = ruleWith();
  close(rule, 100, 100, 20);
  close(rule, 101, 200, 100);
  assert.deepEqual(
    [91, 92, 150, 200].map((second) => rule.covers(second)),
    [false, true, true, true],
  );
  close(rule, 201, 261, 20);
  assert.equal(rule.since, undefined);
  assert.deepEqual(
    [91, 92, 261, 262].map((second) => rule.covers(second)),
    [false, true, true, false],
    'nor afterwards',
  );
  const lasting = ruleWith();
  close(lasting, 1000, 5000, 100);
  assert.deepEqual(
    [991, 2790, 2791, 5000].map((second) => lasting.covers(second)),
    [true, true, false, false],
  );
});
