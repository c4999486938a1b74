import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findOverlaps } from '../../src/daemon/bans/overlap.ts';
import { formatPrefix, maskPrefix, type Prefix, prefixContains } from '../../src/net/prefix.ts';
import fc from '../support/fast-check.ts';

/** Few addresses and all lengths, so that many of them overlap. */
const prefix = fc
  .tuple(fc.constantFrom(4 as const, 6 as const), fc.bigInt({ min: 0n, max: 255n }), fc.integer({ min: 0, max: 8 }))
  .map(([family, low, left]): Prefix => {
    const bits = family === 4 ? 32 : 128;
    return maskPrefix({ family, value: (1n << BigInt(bits - 3)) | low, bits }, bits - left);
  });

test('overlaps are those that a look at every pair finds', () => {
  fc.assert(
    fc.property(
      fc.array(prefix, { maxLength: 30 }),
      fc.array(prefix, { minLength: 1, maxLength: 5 }),
      (bans, asked) => {
        const names = [...new Set(bans.map(formatPrefix))];
        const find = findOverlaps(names, asked);
        for (const one of asked) {
          const { covering, within } = find(one);
          const related = (test: (ban: Prefix) => boolean) => [...new Set(bans.filter(test).map(formatPrefix))].sort();
          assert.deepEqual(
            [...covering].sort(),
            related((ban) => prefixContains(ban, one)),
          );
          assert.deepEqual(
            [...within].sort(),
            related((ban) => prefixContains(one, ban) && ban.bits > one.bits),
          );
          if (names.includes(formatPrefix(one))) assert.equal(covering[0], formatPrefix(one));
        }
      },
    ),
  );
});
