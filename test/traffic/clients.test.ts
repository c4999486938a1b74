import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Clients, NO_ENTRY } from '../../src/traffic/clients.ts';
import { KeyIndex } from '../../src/traffic/key-index.ts';
import fc from '../support/fast-check.ts';

/** Few keys in a small table: collisions and shifts at every step. */
const key = fc.record({ high: fc.constantFrom(0, 1, 0x2001_0db8, 0xffff_ffff), low: fc.nat(12) });

test('the index is a map, also under removal and growth', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('toggle' as const), key }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('grow' as const), key }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      let capacity = 8;
      const index = new KeyIndex(capacity);
      const model = new Map<string, number>();
      const keys: ({ high: number; low: number } | undefined)[] = [];
      for (const { kind, key } of steps) {
        const name = `${key.high}:${key.low}`;
        const known = model.get(name);
        if (kind === 'grow') {
          capacity += 3;
          index.grow(capacity, (slot) => keys[slot] !== undefined);
        } else if (known !== undefined) {
          index.remove(known);
          model.delete(name);
          keys[known] = undefined;
        } else {
          let slot = 0;
          while (keys[slot]) slot++;
          if (slot >= capacity) continue;
          index.insert(key.high, key.low, slot);
          model.set(name, slot);
          keys[slot] = key;
        }
        assert.equal(index.size, model.size);
        for (const high of [0, 1, 0x2001_0db8, 0xffff_ffff]) {
          for (let low = 0; low <= 12; low++) assert.equal(index.find(high, low), model.get(`${high}:${low}`) ?? -1);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('the client not seen for longest is evicted first', () => {
  const step = fc.record({ low: fc.nat(9), second: fc.constant(0) });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 60 }), (clientsMax, steps) => {
      const clients = new Clients(clientsMax);
      let order: number[] = [];
      let evicted = 0;
      for (const [second, { low }] of steps.entries()) {
        const slot = clients.find(1, low);
        if (slot >= 0) clients.touch(slot, second + 1);
        else clients.add(1, low, second + 1);
        if (slot < 0 && order.length === clientsMax) {
          order.pop();
          evicted++;
        }
        order = [low, ...order.filter((other) => other !== low)];
        assert.deepEqual(
          [...clients.recent()].map((each) => clients.low(each)),
          order,
        );
        assert.equal(clients.size, order.length);
        assert.equal(clients.evicted, evicted);
        for (let each = 0; each < 10; each++) assert.equal(clients.find(1, each) >= 0, order.includes(each));
      }
    }),
  );
});

test('a slot taken over knows nothing of the client before', () => {
  const clients = new Clients(1);
  const slot = clients.add(1, 7, 100);
  clients.count(slot, 9, 9, 9);
  clients.learn(slot, 9);
  clients.flag(slot, 500);
  clients.ban(slot, 500);
  clients.setEntry(slot, 3);
  assert.equal(clients.active, 1);
  const generation = clients.generation(slot);
  assert.equal(clients.add(1, 8, 200), slot);
  assert.equal(clients.find(1, 7), -1);
  assert.equal(clients.active, 0);
  assert.notEqual(clients.generation(slot), generation, 'entries of the client before are recognised');
  for (const number of ['requests', 'weight', 'errors', 'takeLearned', 'flaggedUntil', 'bannedUntil'] as const) {
    assert.equal(clients[number](slot), 0, number);
  }
  assert.deepEqual([clients.entry(slot), clients.firstSecond(slot), clients.lastSecond(slot)], [NO_ENTRY, 200, 200]);
});

test('columns grow with the clients and keep what they hold', () => {
  const clients = new Clients(5000);
  for (let low = 0; low < 5000; low++) {
    const slot = clients.add(low % 3, low, low);
    clients.count(slot, 1, low, 0);
  }
  assert.equal(clients.size, 5000);
  assert.equal(clients.evicted, 0);
  for (let low = 0; low < 5000; low++) assert.equal(clients.weight(clients.find(low % 3, low)), low);
});
