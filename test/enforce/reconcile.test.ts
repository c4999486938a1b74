import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reachableEnd } from '../../src/model/reconcile.ts';
import fc from '../support/fast-check.ts';

const NOW_MS = 1_800_000_000_000;

test('an end beyond what the kernel can hold is cut to within its reach, at least a day ahead, and moves on daily', () => {
  const [longestMs, dayMs] = [24 * 86_400_000, 86_400_000];
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 * dayMs }), fc.integer({ min: 0, max: dayMs - 1 }), (leftMs, laterMs) => {
      const cut = reachableEnd(NOW_MS + leftMs, NOW_MS, longestMs);
      assert.ok(cut !== null && cut <= NOW_MS + longestMs && cut <= NOW_MS + leftMs);
      if (leftMs <= longestMs) assert.equal(cut, NOW_MS + leftMs);
      else assert.ok(cut >= NOW_MS + longestMs - 2 * dayMs);
      const midnightMs = Math.floor(NOW_MS / dayMs) * dayMs;
      const farMs = NOW_MS + 400 * dayMs;
      assert.equal(reachableEnd(farMs, midnightMs, longestMs), reachableEnd(farMs, midnightMs + laterMs, longestMs));
    }),
  );
  assert.equal(reachableEnd(null, NOW_MS, longestMs), null);
});
