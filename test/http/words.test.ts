/** The page's own words: they run in the reader's browser, and so are written a second time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PHRASES, phraseOf } from '../../src/words/reason.ts';

interface Words {
  readonly condition: (name: string) => string;
  readonly numbers: (ban: object) => string;
  readonly incident: (incident: object, nowMs: number) => string;
}

const words = (await import(new URL('../../src/http/page/words.js', import.meta.url).href)) as Words;

test('the dashboard calls every condition as Slack and zban explain do', () => {
  for (const name of Object.keys(PHRASES)) assert.equal(words.condition(name), phraseOf(name));
});

test('a ban by points shows them, one by rate how it compares', () => {
  const rate = { rate: 0.67, mean: 0.1, stddev: 0.1, z: 5.7, multiple: 6.7 };
  assert.equal(
    words.numbers({ condition: 'scan', ...rate, points: 8.42, points_limit: 8 }),
    '8.4 points of 8.0 · 0.67/s',
  );
  const byRate = { condition: 'multiplier', ...rate, points: null, points_limit: null };
  assert.equal(words.numbers(byRate), '0.67/s · 6.7x of 0.10±0.10/s · z 5.7');
});

test('an anomaly of the site is shown by its peak, and by whether it goes on', () => {
  const since = '2026-11-20T10:10:58Z';
  const incident = { since, condition: 'site_clients', verdict: 'attack', peak_rate: 0, peak_measured: 1204 };
  const nowMs = Date.parse(since) + 60_000;
  assert.match(
    words.incident({ ...incident, ongoing: true }, nowMs),
    /^The site .* since \S+, peak 1,204 clients: looks like an attack\. This alert bans nobody/,
  );
  const byRate = { ...incident, condition: 'site_requests', peak_rate: 85, ongoing: false };
  assert.match(words.incident(byRate, nowMs), /peak 85\.0\/s: looks like an attack\. It is calm now/);
});
