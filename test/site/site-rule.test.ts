import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLoad, readTextbook, type SiteReading, SiteRule } from '../../src/site/site-rule.ts';
import { ENGINE } from '../support/engine.ts';

const { detection } = ENGINE;
const SITE = { ...detection.site, times: 3, min_requests: 200, min_newcomers: 40, min_clients: 150 };
const USUAL = { requests: 100, newcomers: 4, clients: 20, lines: 400 };

/** The reading of usual traffic with a change. */
const reading = (change: Partial<typeof USUAL>) => readLoad({ ...USUAL, ...change }, USUAL, SITE);

test('requests, newcomers and clients fire above so many times what is usual and a fixed number on top', () => {
  assert.equal(reading({}).fired, false);
  for (const [name, limit, condition] of [
    ['requests', 500, 'site_requests'],
    ['newcomers', 52, 'site_newcomers'],
    ['clients', 210, 'site_clients'],
  ] as const) {
    assert.equal(reading({ [name]: limit }).fired, false, `${name} at its limit`);
    const above = reading({ [name]: limit + 1 });
    assert.deepEqual([above.fired, above.condition], [true, condition]);
    assert.deepEqual([above.measured, above.usual, above.limit], [limit + 1, USUAL[name], limit]);
  }
});

test('the measure furthest above its limit is reported', () => {
  assert.equal(reading({ requests: 600, newcomers: 520 }).condition, 'site_newcomers');
  assert.equal(reading({ requests: 6000, newcomers: 60 }).condition, 'site_requests');
});

test('all is calm only when everything is', () => {
  // 200 / 2 + 1.5 × 100
  assert.equal(reading({ requests: 249 }).calm, true);
  assert.equal(reading({ requests: 250 }).calm, false);
  assert.equal(reading({ newcomers: 30 }).calm, false);
});

test('newcomers count for nothing until clients are known', () => {
  const unknown = { ...USUAL, newcomers: Number.POSITIVE_INFINITY };
  const { fired, calm, condition } = readLoad({ ...USUAL, newcomers: 5000 }, unknown, SITE);
  assert.deepEqual([fired, calm, condition], [false, true, 'site_requests']);
});

test("the textbook's rule: z above 3.0 or more than 5 times the mean, with floors of 2.0 and 0.5", () => {
  const at = (rate: number, mean: number, stddev: number) => readTextbook(rate, { mean, stddev }, detection);
  assert.equal(at(32, 20, 4).fired, false, 'z is exactly 3');
  assert.deepEqual([at(32.1, 20, 4).fired, at(32.1, 20, 4).condition], [true, 'site_z_score']);
  assert.equal(at(100, 20, 500).fired, false, 'exactly 5 times the mean');
  assert.deepEqual([at(100.1, 20, 500).fired, at(100.1, 20, 500).condition], [true, 'site_multiplier']);
  assert.equal(at(3.5, 0.1, 0).fired, false, 'mean 2, deviation 0.5');
  assert.equal(at(3.51, 0.1, 0).fired, true);
});

const CALM: SiteReading = { ...reading({}), fired: false, calm: true };
const BETWEEN: SiteReading = { ...CALM, calm: false };
const FIRED: SiteReading = { ...BETWEEN, fired: true };

/** What is told while the seconds from…to all read the same; a surge began three seconds before it fired. */
function close(rule: SiteRule, from: number, to: number, read: SiteReading): string[] {
  const told: string[] = [];
  for (let second = from; second <= to; second++) {
    const phase = rule.close(second, read, () => second - 3);
    if (phase) told.push(`${phase} ${second}`);
  }
  return told;
}

test('a surge is reported once, after it has lasted, and its end after a calm minute', () => {
  const rule = new SiteRule(15, 60);
  assert.deepEqual(close(rule, 100, 199, BETWEEN), []);
  assert.deepEqual(close(rule, 200, 299, FIRED), ['start 211'], 'fifteen seconds since 197');
  assert.equal(rule.since, 197);
  assert.deepEqual(close(rule, 300, 340, CALM), []);
  assert.deepEqual(close(rule, 341, 341, BETWEEN), [], 'not calm for long enough');
  assert.deepEqual(close(rule, 342, 500, CALM), ['end 402']);
  assert.equal(rule.since, undefined);
  assert.deepEqual(close(rule, 501, 530, FIRED), ['start 512'], 'the next one is another');
});

test('a surge that ends before it is reported is never reported', () => {
  const rule = new SiteRule(15, 60);
  assert.deepEqual(close(rule, 200, 209, FIRED), []);
  assert.deepEqual(close(rule, 210, 400, CALM), []);
  assert.equal(rule.since, undefined);
  assert.equal(rule.covers(205), false);
});

test('a fading surge is reported only if it fires again', () => {
  const rule = new SiteRule(15, 60);
  assert.deepEqual([...close(rule, 200, 205, FIRED), ...close(rule, 206, 230, BETWEEN)], []);
  assert.deepEqual(close(rule, 231, 231, FIRED), ['start 231']);
});

test('a surge covers its seconds from its start to the end of the calm, also in hindsight', () => {
  const rule = new SiteRule(15, 60);
  const seconds = [196, 197, 250, 299];
  close(rule, 200, 299, FIRED);
  assert.deepEqual(
    seconds.map((second) => rule.covers(second)),
    [false, true, true, true],
  );
  close(rule, 300, 400, CALM);
  assert.deepEqual(
    [...seconds, 360, 361].map((second) => rule.covers(second)),
    [false, true, true, true, true, false],
  );
});

test('an interruption ends a reported surge and nothing else', () => {
  const rule = new SiteRule(15, 60);
  assert.equal(rule.finish(99), false);
  close(rule, 100, 105, FIRED);
  assert.equal(rule.finish(106), false, 'not told yet');
  close(rule, 200, 299, FIRED);
  assert.equal(rule.finish(300), true);
  assert.equal(rule.since, undefined);
});
