import assert from 'node:assert/strict';
import { test } from 'node:test';
import { daysFromCivil, formatSecond } from '../../src/model/time.ts';
import fc from '../support/fast-check.ts';

test('formatting a second agrees with Date', () => {
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), (second) => {
      assert.equal(formatSecond(second), new Date(second * 1000).toISOString().replace('.000Z', 'Z'));
    }),
    { numRuns: 1000 },
  );
});

test('every day from 1970 to 2105 has its number', () => {
  for (let day = 0; day < 49_500; day++) {
    const date = new Date(day * 86_400_000);
    assert.equal(daysFromCivil(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()), day);
  }
});
