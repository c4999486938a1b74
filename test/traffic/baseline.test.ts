import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeLearned } from '../../src/english/learned.ts';
import { Baseline, type BaselineState, baselineEvent } from '../../src/traffic/baseline.ts';
import { addMoments, addSample, emptyMoments, levelOf, scaleMoments } from '../../src/traffic/moments.ts';
import { ENGINE } from '../support/engine.ts';
import fc from '../support/fast-check.ts';

const OPTIONS = ENGINE.baseline;
const HOUR = 3600;
const DAY = 86_400;
/** Midnight. */
const START = 20_000 * DAY;

/** Learns whole minutes in which the site serves `site` a second and every one of `clients` weighs so much. */
function learn(
  baseline: Baseline,
  start: number,
  minutes: number,
  site: number,
  clients: readonly number[],
  errors = 0,
) {
  for (let minute = 0; minute < minutes; minute++) {
    for (let second = 0; second < 60; second++) {
      baseline.observe(1);
      baseline.learnSecond(site);
      baseline.learnErrors(site, errors);
    }
    for (const weight of clients) baseline.learnClient(weight);
    baseline.closeMinute(start + (minute + 1) * 60);
  }
}

test('moments give mean and deviation of all samples, in any grouping', () => {
  const samples = fc.array(fc.nat(100_000), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(fc.array(samples, { minLength: 1, maxLength: 5 }), (groups) => {
      const total = emptyMoments();
      for (const group of groups) {
        const own = emptyMoments();
        for (const sample of group) addSample(own, sample);
        addMoments(total, own);
      }
      const all = groups.flat();
      const mean = all.reduce((sum, x) => sum + x, 0) / all.length;
      const variance = all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / all.length;
      const level = levelOf(total);
      assert.equal(level.mean, mean);
      assert.ok(Math.abs(level.stddev ** 2 - variance) <= 1e-6 * (1 + mean * mean));
      scaleMoments(total, 0.5);
      assert.ok(Math.abs(levelOf(total).mean - mean) <= 1e-9 * (1 + mean), 'fading changes the weight, not the mean');
    }),
  );
  assert.deepEqual(levelOf(emptyMoments()), { mean: 0, stddev: 0 });
});

test('nothing learned: the floors are in force, and it is not ready', () => {
  const baseline = new Baseline(OPTIONS);
  assert.deepEqual(baseline.effective(START), {
    ready: false,
    site: { mean: OPTIONS.site_mean_floor, stddev: OPTIONS.site_stddev_floor },
    client: { mean: OPTIONS.client_mean_floor, stddev: OPTIONS.client_stddev_floor },
    errorRatio: OPTIONS.error_ratio_floor,
    learned: { site: undefined, client: undefined, errorRatio: undefined },
    origin: 'floor',
    siteSamples: 0,
    clientSamples: 0,
  });
});

test('half an hour without visitors leaves nothing to hold clients against, whatever was learned before: it is not said that nothing ever was', () => {
  const baseline = new Baseline(OPTIONS);
  learn(baseline, START, 3, 50, [10, 10, 10], 20);
  for (let minute = 4; minute <= 34; minute++) {
    for (let second = 0; second < 60; second++) baseline.learnSecond(0);
    baseline.closeMinute(START + minute * 60);
  }
  const { learned, client } = baseline.effective(START + 34 * 60);
  assert.deepEqual([learned.client, learned.errorRatio, learned.site?.mean], [undefined, undefined, 0]);
  assert.equal(describeLearned(undefined, `${client.mean}`), '6 (default, nothing learned lately)');
});

test('each number has its own floor', () => {
  const baseline = new Baseline(OPTIONS);
  learn(baseline, START, 3, 50, [10, 10, 10], 20);
  const effective = baseline.effective(START + 180);
  assert.deepEqual(effective.client, { mean: 10, stddev: OPTIONS.client_stddev_floor });
  assert.deepEqual(effective.site, { mean: 50, stddev: OPTIONS.site_stddev_floor });
  assert.equal(effective.errorRatio, 0.4);
  assert.equal(effective.origin, 'rolling');
  assert.deepEqual([effective.siteSamples, effective.clientSamples], [180, 9]);
  const event = baselineEvent(effective, START + 180);
  assert.deepEqual(
    event.client,
    { mean: 10 / 60, stddev: OPTIONS.client_stddev_floor / 60 },
    'told in requests a second',
  );
});

test('it is ready after the warm-up, to the second', () => {
  const baseline = new Baseline(OPTIONS);
  baseline.observe(OPTIONS.warmup / 1000 - 1);
  assert.equal(baseline.effective(START).ready, false);
  baseline.observe(1);
  assert.equal(baseline.effective(START).ready, true);
});

test('the ring forgets what is older than the window', () => {
  const baseline = new Baseline({ ...OPTIONS, hour_of_day: { enabled: false, min_samples: 60 } });
  learn(baseline, START, 30, 900, [500, 700]);
  learn(baseline, START + 1800, 29, 10, [20, 40]);
  assert.ok(baseline.effective(START + 3540).client.mean > 30, 'one minute of the old level is left');
  learn(baseline, START + 3540, 1, 10, [20, 40]);
  const { client, site, siteSamples } = baseline.effective(START + 3600);
  assert.deepEqual([client, site.mean, siteSamples], [{ mean: 30, stddev: 10 }, 10, 1800]);
});

test('the hour of the day is preferred once it has enough samples, and fades', () => {
  const baseline = new Baseline(OPTIONS);
  learn(baseline, START, 60, 100, [60, 80]);
  learn(baseline, START + HOUR, 60, 10, [20, 40]);
  assert.equal(baseline.effective(START + 1.5 * HOUR).origin, 'hour');
  const midnight = baseline.effective(START + DAY);
  assert.deepEqual([midnight.origin, midnight.site.mean, midnight.client.mean], ['hour', 100, 70]);
  assert.equal(baseline.effective(START + DAY + 5 * HOUR).origin, 'rolling', 'an hour never seen has no slot');
  learn(baseline, START + DAY, 60, 40, [60, 80]);
  const later = baseline.effective(START + DAY + 1800);
  assert.equal(later.siteSamples, 6000, 'yesterday counts two thirds');
  assert.ok(Math.abs(later.site.mean - (40 + (100 * 2) / 3) / (1 + 2 / 3)) < 1e-9);
  const off = new Baseline({ ...OPTIONS, hour_of_day: { enabled: false, min_samples: 60 } });
  learn(off, START, 60, 100, [60, 80]);
  assert.equal(off.effective(START + DAY).origin, 'rolling');
});

test('a restored baseline is in force as it was, and the snapshot stands still', () => {
  const minute = fc.record({
    site: fc.nat(1000),
    clients: fc.array(fc.nat(500), { maxLength: 5 }),
    errors: fc.nat(10),
  });
  fc.assert(
    fc.property(fc.array(minute, { minLength: 1, maxLength: 70 }), fc.nat(100), (minutes, rest) => {
      const before = new Baseline(OPTIONS);
      for (const [index, { site, clients, errors }] of minutes.entries()) {
        learn(before, START + index * 60, 1, site, clients, Math.min(errors, site));
      }
      const now = START + minutes.length * 60;
      before.learnSecond(rest);
      const state = JSON.parse(JSON.stringify(before.snapshot())) as BaselineState;
      const text = JSON.stringify(state);
      const after = new Baseline(OPTIONS);
      after.restore(state);
      if (minutes.length < 30) assert.deepEqual(after.effective(now), before.effective(now));
      if (minutes.length < 30) assert.deepEqual(after.effective(now + DAY), before.effective(now + DAY));
      assert.equal(after.effective(START).ready, before.effective(START).ready);
      learn(after, now, 1, 5, [5]);
      assert.equal(JSON.stringify(state), text, 'what was restored from is not written to');
    }),
    { numRuns: 50 },
  );
});
