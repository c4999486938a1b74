import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findOnset, SlidingCount } from '../../src/site/site-counts.ts';
import fc from '../support/fast-check.ts';

test('a sliding count is a recount of the last seconds, late ones included', () => {
  const steps = fc.array(fc.record({ on: fc.boolean(), late: fc.nat(9) }), { maxLength: 300 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 10 }), (story, length) => {
      const count = new SlidingCount(10);
      const seen: number[] = [];
      let now = 1000;
      for (const { on, late } of story) {
        if (on) count.begin(++now);
        const second = now - late;
        count.add(second);
        seen.push(second);
        const naive = seen.filter((s) => s > now - length).length;
        assert.equal(count.over(now, length), naive);
      }
    }),
  );
});

test('clearing forgets everything', () => {
  const count = new SlidingCount(10);
  count.add(5);
  count.clear();
  assert.equal(count.over(5, 10), 0);
});

test('a surge began with the first second above ordinary after which every few brought as much', () => {
  const perSecond = new Uint32Array(60);
  const fill = (from: number, to: number, requests: number) => {
    for (let second = from; second <= to; second++) perSecond[second % 60] = requests;
  };
  fill(941, 1000, 1);
  assert.equal(findOnset(perSecond, 1000, 2), 1000, 'nothing to be seen: now');
  fill(970, 1000, 20);
  assert.equal(findOnset(perSecond, 1000, 2), 970);
  fill(978, 979, 0);
  assert.equal(findOnset(perSecond, 1000, 2), 970, 'two quiet seconds do not hide it');
  fill(941, 1000, 20);
  const onset = findOnset(perSecond, 1000, 2);
  assert.ok(onset > 940 && onset < 950, `${onset} is in the window`);
});
