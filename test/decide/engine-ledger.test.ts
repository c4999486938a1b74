import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision } from '../../src/decide/decide.ts';
import { EngineLedger } from '../../src/decide/engine-ledger.ts';
import type { ClientScheme } from '../../src/net/client-key.ts';
import type { BanOptions } from '../../src/settings/engine-settings.ts';
import { ENGINE } from '../support/engine.ts';
import { keyOf, prefixOf } from '../support/keys.ts';

const NOW = 1_767_225_600;
const DAY = 86_400;
const MANY = 1_000_000;

const ledgerWith = (options: Partial<BanOptions> = {}, scheme: ClientScheme = ENGINE.detection) =>
  new EngineLedger({ ...ENGINE.bans, ...options }, scheme);

const { high, low } = keyOf('203.0.113.9');
const tierOf = (decision: Decision): number => (decision.kind === 'ban' ? decision.tier : -1);

test('offence after offence: 10 minutes, 30 minutes, 2 hours, for ever', () => {
  const ledger = ledgerWith();
  let now = NOW;
  for (const [tier, seconds] of [
    [1, 600],
    [2, 1800],
    [3, 7200],
  ] as const) {
    const decision = ledger.decide({ high, low }, now, MANY, true);
    assert.deepEqual(decision, { kind: 'ban', tier, untilMs: (now + seconds) * 1000 });
    assert.deepEqual(ledger.expire(now + seconds - 1), []);
    assert.equal(ledger.active, 1);
    assert.deepEqual(
      ledger.expire(now + seconds).map((offender) => offender.tier),
      [tier],
    );
    assert.equal(ledger.active, 0);
    now += seconds + 5;
  }
  assert.deepEqual(ledger.decide({ high, low }, now, MANY, true), {
    kind: 'ban',
    tier: 4,
    untilMs: null,
  });
  assert.deepEqual(ledger.expire(now + 4000 * DAY), []);
  assert.equal(ledger.active, 1);
});

test('after the last tier the last duration stays', () => {
  const ledger = ledgerWith({ schedule: [1000, 2000] });
  const tiers = [0, 10, 20].map((at) => {
    const decision = ledger.decide({ high, low }, NOW + at, MANY, true);
    ledger.expire(NOW + at + 5);
    return decision.kind === 'ban' && [decision.tier, (decision.untilMs ?? 0) / 1000 - NOW - at];
  });
  assert.deepEqual(tiers, [
    [1, 1],
    [2, 2],
    [3, 2],
  ]);
});

test('a tier is forgiven for every quiet decay period, counted from the end of the ban', () => {
  const after = (quietSeconds: number): number => {
    const ledger = ledgerWith({ decay: 7 * DAY * 1000 });
    ledger.set({ high, low, tier: 3, until: 0, lastEnd: NOW });
    return tierOf(ledger.decide({ high, low }, NOW + quietSeconds, MANY, true));
  };
  assert.deepEqual([0, 7 * DAY - 1, 7 * DAY, 14 * DAY, 21 * DAY, 90 * DAY].map(after), [4, 4, 3, 2, 1, 1]);
});

test('offenders are forgotten once nothing is left of their tier', () => {
  const ledger = ledgerWith({ decay: DAY * 1000 });
  ledger.set({ high, low, tier: 2, until: 0, lastEnd: NOW });
  ledger.set({ high: 0x2001_0db8, low: 7, tier: 1, until: NOW + 10, lastEnd: NOW + 10 });
  ledger.expire(NOW + 10);
  assert.equal(ledger.find({ high, low })?.tier, 2);
  ledger.set({ high, low: low + 1, tier: 1, until: NOW + 3 * DAY, lastEnd: NOW + 3 * DAY });
  ledger.expire(NOW + 3 * DAY);
  assert.equal(ledger.find({ high, low }), undefined);
  assert.equal(ledger.find({ high: 0x2001_0db8, low: 7 }), undefined);
  assert.equal(ledger.find({ high, low: low + 1 })?.tier, 1);
});

test('bans end in the order of their time', () => {
  const ledger = ledgerWith();
  const ends = [50, 20, 90, 20];
  for (const [index, end] of ends.entries())
    ledger.set({ high: 1, low: index, tier: 1, until: NOW + end, lastEnd: NOW + end });
  assert.deepEqual(
    ledger.expire(NOW + 60).map((offender) => offender.low),
    [1, 3, 0],
  );
  assert.deepEqual(
    ledger.expire(NOW + 90).map((offender) => offender.low),
    [2],
  );
});

test('a release ends a ban once, and the tier is remembered', () => {
  const ledger = ledgerWith();
  ledger.decide({ high, low }, NOW, MANY, true);
  assert.equal(ledger.release({ high, low }, NOW + 5), true);
  assert.equal(ledger.release({ high, low }, NOW + 6), false);
  assert.equal(ledger.active, 0);
  assert.equal(tierOf(ledger.decide({ high, low }, NOW + 10, MANY, true)), 2);
});

test("an operator's ban is no offence", () => {
  const ledger = ledgerWith();
  ledger.set({ high, low, tier: 0, until: NOW + 60, lastEnd: NOW + 60 });
  assert.equal(ledger.active, 1);
  ledger.expire(NOW + 60);
  assert.equal(tierOf(ledger.decide({ high, low }, NOW + 61, MANY, true)), 1);
  ledger.set({ high, low, tier: 0, until: NOW + 9000, lastEnd: NOW + 9000 });
  ledger.release({ high, low }, NOW + 62);
  assert.equal(tierOf(ledger.decide({ high, low }, NOW + 63, MANY, true)), 2);
});

test('no more bans than max_active are in force', () => {
  const ledger = ledgerWith({ max_active: 2 });
  ledger.decide({ high: 1, low: 1 }, NOW, MANY, true);
  ledger.decide({ high: 1, low: 2 }, NOW, MANY, true);
  const refused = ledger.decide({ high: 1, low: 3 }, NOW, MANY, true);
  assert.deepEqual(refused.kind === 'refused' && refused.reason, 'limit');
  ledger.release({ high: 1, low: 1 }, NOW + 1);
  assert.equal(ledger.decide({ high: 1, low: 3 }, NOW + 2, MANY, true).kind, 'ban');
});

test('a refusal names the entry that protects', () => {
  const ledger = ledgerWith();
  ledger.setNeverBanned([
    { prefix: prefixOf('203.0.113.0/24'), kind: 'allowlist', because: 'office' },
    { prefix: prefixOf('2001:db8::22'), kind: 'protected', because: 'this host' },
  ]);
  const reasons = ['203.0.113.9', '2001:db8::1', '2001:db8:0:1::1'].map((text) => {
    const key = keyOf(text);
    const decision = ledger.decide(key, NOW, MANY, true);
    return decision.kind === 'refused' ? `${decision.reason}: ${decision.because}` : decision.kind;
  });
  assert.deepEqual(reasons, ['allowlist: office', 'protected: this host', 'ban']);
  ledger.setNeverBanned([]);
  assert.equal(ledger.decide({ high, low }, NOW, MANY, true).kind, 'ban');
});

test('the fuse protects clients with a history; strangers neither trip it nor are spared by it', () => {
  const ledger = ledgerWith({ max_per_minute: 3 });
  for (let n = 0; n < 10; n++)
    assert.equal(ledger.decide({ high: 1, low: n }, NOW, MANY, false).kind, 'ban', 'a stranger');
  assert.equal(ledger.fuse.hold, undefined);
  const known = Array.from({ length: 4 }, (_, n) => ledger.decide({ high: 2, low: n }, NOW, MANY, true).kind);
  assert.deepEqual(known, ['ban', 'ban', 'ban', 'refused']);
  assert.equal(ledger.decide({ high: 1, low: 20 }, NOW, MANY, false).kind, 'ban', 'also while the fuse holds');
  const refused = ledger.decide({ high: 2, low: 20 }, NOW, MANY, true);
  assert.equal(refused.kind === 'refused' && refused.reason, 'fuse');
});
