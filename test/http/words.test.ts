/** The page's own words: they run in the reader's browser, and so are written a second time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PHRASES, phraseOf } from '../../src/core/reason.ts';

interface Words {
  readonly condition: (name: string) => string;
  readonly numbers: (ban: object) => string;
}

const words = (await import(new URL('../../src/http/page/words.js', import.meta.url).href)) as Words;

test('the dashboard calls every condition as Slack and zban explain do', () => {
  for (const name of Object.keys(PHRASES)) assert.equal(words.condition(name), phraseOf(name));
});

test('a ban by points shows them, one by rate how it compares', () => {
  const rate = { rate: 0.67, mean: 0.1, stddev: 0.1, z: 5.7, multiple: 6.7 };
  assert.equal(
    words.numbers({ condition: 'surprise', ...rate, points: 8.42, points_limit: 8 }),
    '8.4 points of 8.0 · 0.67/s',
  );
  const byRate = { condition: 'multiplier', ...rate, points: null, points_limit: null };
  assert.equal(words.numbers(byRate), '0.67/s · 6.7x of 0.10±0.10/s · z 5.7');
});
