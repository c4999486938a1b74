/** Records of several parts, and the order in which slots were seen, which is one of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Columns } from '../../src/net/columns.ts';
import { Records } from '../../src/traffic/records.ts';
import { SightOrder } from '../../src/traffic/sight-order.ts';
import fc from '../support/fast-check.ts';

test('the parts of a record do not touch those of others, and outlast growth', () => {
  const records = new Records(4, 2);
  const [first, second] = [records.take(1), records.take(3)];
  for (const slot of [0, 1]) {
    records.words[records.start(slot, first)] = 10 + slot;
    records.words.fill(20 + slot, records.start(slot, second), records.start(slot, second) + 3);
  }
  records.reserve(3);
  assert.equal(records.capacity, 3);
  assert.deepEqual([...records.words], [10, 20, 20, 20, 11, 21, 21, 21, 0, 0, 0, 0]);
  records.floats[8] = 1;
  assert.deepEqual([records.words[8], records.bytes[35]], [0x3f80_0000, 0x3f], 'one memory');
  records.reserve(2);
  assert.equal(records.capacity, 3, 'it never shrinks');
  assert.throws(() => records.take(1), /no room/);
});

test('slots are listed and taken in the order of their newest sight', () => {
  const step = fc.oneof({ weight: 6, arbitrary: fc.nat(5) }, { weight: 1, arbitrary: fc.constantFrom('take', 'grow') });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const records = new Records(2, 6);
      records.take(1);
      const order = new SightOrder(records);
      let model: number[] = [];
      for (const each of steps) {
        if (each === 'grow') records.reserve(records.capacity + 1);
        else if (each === 'take') {
          if (model.length > 0) assert.equal(order.takeOldest(), model.pop());
        } else {
          order.note(Number(each));
          model = [Number(each), ...model.filter((slot) => slot !== each)];
        }
        assert.deepEqual([...order.recent()], model);
      }
    }),
    { numRuns: 300 },
  );
});

test('what grows gives its memory back at once: with a million clients and bans there is no room for both', () => {
  const records = new Records(4, 2);
  const { words } = records;
  records.reserve(4);
  const columns = new Columns({ until: 'f64' }, { until: 7 });
  const { array } = columns.of.until;
  assert.ok(columns.reserve(columns.capacity + 1));
  assert.deepEqual([words.byteLength, array.byteLength], [0, 0]);
  assert.equal(columns.of.until.at(columns.capacity - 1), 7);
});
