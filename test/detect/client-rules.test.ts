import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientRules, type ClientWindow } from '../../src/detect/client-rules.ts';
import type { DetectionOptions } from '../../src/settings/engine-settings.ts';
import type { Effective } from '../../src/traffic/baseline.ts';
import { engineOptions } from '../support/engine.ts';
import fc from '../support/fast-check.ts';

const CEILING = 300;

const effective = (change: Partial<Effective> = {}): Effective => ({
  ready: true,
  site: { mean: 20, stddev: 5 },
  client: { mean: 30, stddev: 20 },
  errorRatio: 0.1,
  learned: { site: undefined, client: { mean: 30, stddev: 6 }, errorRatio: 0.004 },
  origin: 'rolling',
  siteSamples: 1800,
  clientSamples: 300,
  ...change,
});

const rulesWith = (change: Partial<Effective> = {}, detection: Partial<DetectionOptions> = {}) =>
  new ClientRules('balanced', engineOptions({ detection }).detection, effective(change), CEILING);

/** Requests without assets; `errors` of them answered 4xx. */
const asking = (weight: number, errors = 0): ClientWindow => ({ requests: weight, weight, errors });

const conditionOf = (rules: ClientRules, window: ClientWindow) => rules.findAnomaly(window)?.condition;

test('z above 3 fires, 3 itself does not', () => {
  const rules = rulesWith({ client: { mean: 120, stddev: 20 } });
  assert.equal(conditionOf(rules, asking(180)), undefined);
  const anomaly = rules.findAnomaly(asking(181));
  assert.equal(anomaly?.condition, 'z_score');
  assert.deepEqual(anomaly?.level, { mean: 2, stddev: 20 / 60 });
  assert.ok(Math.abs((anomaly?.z ?? 0) - 61 / 20) < 1e-9);
  assert.ok(Math.abs((anomaly?.multiple ?? 0) - 181 / 120) < 1e-9);
  assert.equal(anomaly?.rate, 181 / 60);
  assert.ok(Math.abs((anomaly?.limit ?? 0) - 3) < 1e-9);
});

test('more than five times the mean fires where the deviation is too wide for z', () => {
  const rules = rulesWith({ client: { mean: 30, stddev: 200 } });
  assert.equal(conditionOf(rules, asking(150)), undefined);
  const anomaly = rules.findAnomaly(asking(151));
  assert.equal(anomaly?.condition, 'multiplier');
  assert.ok(Math.abs((anomaly?.limit ?? 0) - 2.5) < 1e-9);
});

test('below the floor of requests nothing fires, at the floor it does', () => {
  const rules = rulesWith({ client: { mean: 6, stddev: 6 } });
  assert.equal(conditionOf(rules, asking(119)), undefined);
  const anomaly = rules.findAnomaly(asking(120));
  assert.equal(anomaly?.condition, 'z_score');
  assert.equal(anomaly?.limit, 2, 'the floor is what would have been tolerated');
});

test('assets weigh nothing', () => {
  const rules = rulesWith({ client: { mean: 6, stddev: 6 } });
  assert.equal(conditionOf(rules, { requests: 100_000, weight: 119, errors: 0 }), undefined);
});

test('an error surge tightens the limits: z 2, three times the mean, a lower floor', () => {
  const byZ = rulesWith({ client: { mean: 60, stddev: 10 } });
  assert.equal(conditionOf(byZ, asking(81)), undefined, 'without errors');
  assert.equal(conditionOf(byZ, asking(80, 80)), undefined, 'z is 2');
  assert.equal(conditionOf(byZ, asking(81, 81)), 'error_surge');
  const byMultiple = rulesWith({ client: { mean: 10, stddev: 100 } });
  assert.equal(conditionOf(byMultiple, asking(30, 30)), undefined);
  assert.equal(conditionOf(byMultiple, asking(31, 31)), 'error_surge');
  const byFloor = rulesWith({ client: { mean: 3, stddev: 3 } });
  assert.equal(conditionOf(byFloor, asking(19, 19)), undefined);
  assert.equal(conditionOf(byFloor, asking(20, 20)), 'error_surge');
  assert.equal(byFloor.findAnomaly(asking(20, 20))?.limit, 20 / 60);
});

test('a surge is more than three times the usual share of errors, and at least so many', () => {
  const rules = rulesWith({ client: { mean: 3, stddev: 3 }, errorRatio: 0.1 });
  assert.equal(conditionOf(rules, asking(100, 30)), undefined, '30 % are three times 10 %');
  assert.equal(conditionOf(rules, asking(100, 31)), 'error_surge');
  assert.equal(conditionOf(rules, asking(40, 14)), undefined, 'fewer than min_errors');
  assert.equal(conditionOf(rules, asking(40, 15)), 'error_surge');
  const assets = { requests: 200, weight: 100, errors: 31 };
  assert.equal(conditionOf(rules, assets), undefined, 'the share is of all requests');
});

test('a client over the normal limits is not called a surge', () => {
  assert.equal(conditionOf(rulesWith(), asking(200, 200)), 'z_score');
});

test('while warming up only the absolute ceiling fires', () => {
  const rules = rulesWith({ ready: false });
  assert.equal(conditionOf(rules, asking(CEILING)), undefined);
  assert.equal(conditionOf(rules, asking(CEILING, CEILING)), undefined);
  const anomaly = rules.findAnomaly(asking(CEILING + 1));
  assert.equal(anomaly?.condition, 'warmup_ceiling');
  assert.equal(anomaly?.limit, CEILING / 60);
});

test('the quick test by weight hides no anomaly', () => {
  const level = fc.record({
    mean: fc.double({ min: 0.5, max: 300, noNaN: true }),
    stddev: fc.double({ min: 0.5, max: 300, noNaN: true }),
  });
  const detection = fc.record({
    min_requests: fc.integer({ min: 1, max: 200 }),
    z_score: fc.double({ min: 0.1, max: 9, noNaN: true }),
    multiple: fc.double({ min: 1, max: 9, noNaN: true }),
    window: fc.constantFrom(10_000, 49_000, 60_000, 300_000),
  });
  const window = fc.record({ requests: fc.nat(500), weight: fc.nat(500), errors: fc.nat(500) });
  fc.assert(
    fc.property(level, detection, window, fc.boolean(), (client, options, seen, ready) => {
      const rules = rulesWith({ client, ready }, options);
      const limits = { floor: options.min_requests, z: options.z_score, multiple: options.multiple };
      const seconds = options.window / 1000;
      const [mean, stddev, rate] = [client.mean / 60, client.stddev / 60, seen.weight / seconds];
      const fired = (rate - mean) / stddev > limits.z || rate / mean > limits.multiple;
      const expected = ready && seen.weight >= limits.floor && fired;
      const found = conditionOf(rules, seen);
      if (expected) assert.match(String(found), /^(z_score|multiplier)$/);
      if (found) assert.ok(seen.weight >= rules.weightMin);
    }),
    { numRuns: 2000 },
  );
});

test('a floor met exactly counts, whatever the window', () => {
  for (let seconds = 10; seconds <= 300; seconds++) {
    for (const floor of [7, 20, 49, 120, 131]) {
      const rules = rulesWith({ client: { mean: 0.5, stddev: 0.1 } }, { window: seconds * 1000, min_requests: floor });
      assert.equal(conditionOf(rules, asking(floor)), 'z_score', `${floor} in ${seconds} s`);
    }
  }
});

test('profile classic: rate a second against the site, every request counts, no floor of requests', () => {
  const { detection } = engineOptions();
  const classic = (change: Partial<Effective>) => new ClientRules('classic', detection, effective(change), CEILING);
  const quiet = classic({ site: { mean: 0.5, stddev: 0.5 } });
  const atFloors = quiet.findAnomaly({ requests: 211, weight: 0, errors: 0 });
  assert.deepEqual(atFloors?.level, { mean: 2, stddev: 0.5 }, 'floors of mean and deviation');
  assert.equal(atFloors?.condition, 'z_score', '3.52 a second are over 2 + 3 x 0.5');
  assert.equal(conditionOf(quiet, { requests: 210, weight: 0, errors: 0 }), undefined, 'exactly 3.5 a second');
  const wide = classic({ site: { mean: 4, stddev: 100 } });
  assert.equal(conditionOf(wide, asking(1200)), undefined, 'exactly five times the mean');
  assert.equal(conditionOf(wide, asking(1201)), 'multiplier');
  assert.equal(conditionOf(wide, asking(721, 217)), 'error_surge', 'three times the mean with over 30 % errors');
  assert.equal(conditionOf(wide, asking(720, 720)), undefined);
  assert.equal(conditionOf(quiet, asking(181, 181)), 'error_surge', 'z 2 of the floors is 3 a second');
  assert.equal(conditionOf(quiet, asking(180, 180)), undefined);
});

test('the numbers behind a judgement tell what was learned from what it is taken as', () => {
  const rules = rulesWith();
  const anomaly = rules.describe(asking(60), 'z_score');
  const evidence = rules.evidence(anomaly, { ...asking(60), seconds: 60 }, []);
  assert.deepEqual([evidence.mean, evidence.stddev, evidence.baselineErrorRatio], [0.5, 20 / 60, 0.1]);
  assert.deepEqual(evidence.learned, { mean: 0.5, stddev: 0.1, errorRatio: 0.004 });
});
