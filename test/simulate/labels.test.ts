import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AccessEvent, isAttack } from '../../src/simulate/access-event.ts';
import { Peak } from '../../src/simulate/client-record.ts';
import { Labeller, type Labels } from '../../src/simulate/labels.ts';
import fc from '../support/fast-check.ts';
import { HOUR_MS, requests } from './day.ts';

function label(events: readonly AccessEvent[]): Labels {
  const labeller = new Labeller();
  for (const event of events) labeller.add(event);
  return labeller.labels('a test');
}

/** The most of the rising times within any window, counted from each of them in turn. */
function naivePeak(times: readonly number[], windowMs: number): number {
  return Math.max(0, ...times.map((from) => times.filter((time) => time >= from && time < from + windowMs).length));
}

test('the running peak equals the naive one', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 700 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 3000 }), (gapsMs, windowMs) => {
      let timeMs = 0;
      const times = gapsMs.map((gapMs) => (timeMs += gapMs));
      const peak = new Peak(windowMs);
      for (const time of times) peak.add(time);
      assert.equal(peak.max, naivePeak(times, windowMs));
    }),
    { numRuns: 50 },
  );
});

test('labels agree with the requests they describe', () => {
  const events = requests({ durationMs: HOUR_MS, attack: 'scanner,login,api-scrape,slow-scan,scanner6' });
  const labels = label(events);
  assert.equal(labels.stats.lines, events.length);
  assert.equal(labels.stats.ips, new Set(events.map(({ from }) => from.ip)).size);
  assert.equal(labels.stats.status['404'], events.filter(({ status }) => status === 404).length);
  const attackers = new Set(events.filter(({ from }) => isAttack(from.role)).map(({ from }) => from.client));
  assert.deepEqual(new Set(labels.attackers.map(({ client }) => client)), attackers);
  assert.equal(attackers.size, 5);
  for (const attacker of labels.attackers) {
    const own = events.filter(({ from }) => from.client === attacker.client);
    const times = own.map(({ timeMs }) => timeMs);
    assert.equal(attacker.requests, own.length);
    assert.equal(attacker.errors, own.filter(({ status }) => status >= 400).length);
    assert.equal(attacker.first, (times[0] ?? 0) / 1000);
    assert.equal(attacker.last, (times.at(-1) ?? 0) / 1000);
    assert.equal(attacker.peak_60s, naivePeak(times, 60_000));
    assert.equal(attacker.peak_10s, naivePeak(times, 10_000));
    assert.equal(
      attacker.bursts.reduce((sum, { n }) => sum + n, 0),
      own.length,
    );
    assert.ok(own.some(({ from }) => from.ip === attacker.ip));
  }
});

test('the busiest honest clients are named, with their numbers, and only they', () => {
  const events = requests({ durationMs: HOUR_MS });
  const labels = label(events);
  assert.deepEqual(labels.attackers, []);
  const byClient = Map.groupBy(
    events.filter(({ from }) => from.role !== 'prober'),
    ({ from }) => from.client,
  );
  const heavy = new Map<string, number>();
  for (const [client, own] of byClient) {
    const peak = naivePeak(
      own.map(({ timeMs }) => timeMs),
      60_000,
    );
    if (peak >= 60) heavy.set(client, peak);
  }
  assert.ok(heavy.size > 5);
  assert.deepEqual(new Map(labels.benign_heavy.map(({ client, peak_60s }) => [client, peak_60s])), heavy);
  const probers = new Set(events.filter(({ from }) => from.role === 'prober').map(({ from }) => from.ip));
  assert.deepEqual(new Set(labels.minor_probers), probers);
});

test('tiers follow the numbers', () => {
  const tier = (attack: string): unknown => label(requests({ attack, rateRps: 0.5 })).attackers[0]?.tier;
  assert.equal(tier('scanner@5m+1m'), 'loud');
  assert.equal(tier('login@5m+3m'), 'loud');
  assert.equal(tier('api-scrape@5m+10m*0.3'), 'moderate');
  assert.equal(tier('slow-scan@5m+30m'), 'stealth');
});

test('a flash crowd is an event of the site, its visitors are no attackers', () => {
  const labels = label(requests({ durationMs: 600_000, attack: 'flash-crowd@2m+5m' }));
  assert.deepEqual(labels.attackers, []);
  assert.deepEqual(
    labels.global_events.map(({ kind }) => kind),
    ['flash crowd (honest visitors, not an attack)'],
  );
});

test('a flood of many is one event of the site', () => {
  const labels = label(requests({ durationMs: 600_000, attack: 'distributed@2m+5m' }));
  assert.deepEqual(
    labels.global_events.map(({ kind }) => kind),
    ['distributed flood'],
  );
  assert.ok(labels.attackers.every(({ tier }) => tier === 'stealth'));
  assert.equal(labels.attackers.length, 1200);
});

test('an attacker among honest people is measured by its own requests', () => {
  const events = requests({ durationMs: HOUR_MS, attack: 'login:carrier@30m' });
  const labels = label(events);
  const [attacker] = labels.attackers;
  const own = events.filter(({ from }) => from.client === attacker?.client);
  assert.equal(labels.attackers.length, 1);
  assert.equal(attacker?.shared, true);
  assert.equal(attacker.requests, own.filter(({ from }) => isAttack(from.role)).length);
  assert.ok(own.length > attacker.requests);
  assert.ok(!labels.benign_heavy.some(({ client }) => client === attacker.client));
});
