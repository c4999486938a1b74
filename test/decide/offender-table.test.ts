import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Offender } from '../../src/decide/offender-table.ts';
import { OffenderTable, packOffenders, unpackOffenders } from '../../src/decide/offender-table.ts';
import fc from '../support/fast-check.ts';

const offender: fc.Arbitrary<Offender> = fc.record(
  {
    high: fc.constantFrom(1, 2, 0x2001_0db8),
    low: fc.nat(30),
    tier: fc.nat(1000),
    until: fc.constantFrom(0, 1_767_225_600.5, Number.POSITIVE_INFINITY),
    lastEnd: fc.integer({ min: 0, max: 2 ** 32 }),
  },
  { noNullPrototype: true },
);

test('a table holds what a Map would', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ drop: fc.boolean(), offender }), { maxLength: 300 }), (steps) => {
      const [table, map] = [new OffenderTable(), new Map<string, Offender>()];
      const key = ({ high, low }: Offender) => `${high} ${low}`;
      for (const { drop, offender: one } of steps) {
        if (drop) {
          table.delete(one);
          map.delete(key(one));
        } else {
          table.set(one);
          map.set(key(one), one);
        }
      }
      assert.deepEqual(new Map([...table.all()].map((one) => [key(one), one])), map);
      for (const { offender: one } of steps) assert.deepEqual(table.find(one), map.get(key(one)));
    }),
  );
});

test('what is packed comes out as it was, however many there are', () => {
  const all = Array.from({ length: 3000 }, (_, n) => {
    return { high: 1, low: n, tier: n % 5, until: n % 2 === 0 ? Number.POSITIVE_INFINITY : n, lastEnd: n };
  });
  assert.deepEqual([...unpackOffenders(packOffenders(all))], all);
  const table = new OffenderTable();
  for (const one of all) table.set(one);
  assert.deepEqual([...table.all()], all);
});
