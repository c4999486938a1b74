import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Offence } from '../../src/model/audit.ts';
import { BanTable } from '../../src/record/projection/ban-table.ts';
import { ClientRows, OffenceTable } from '../../src/record/projection/client-table.ts';
import type { Ban } from '../../src/record/projection/projection.ts';
import fc from '../support/fast-check.ts';

const client = fc.nat(40).map((n) => `192.0.2.${n}`);
const word = fc.constantFrom('a', 'b', 'flood');

const ban: fc.Arbitrary<Ban> = fc.record(
  {
    client,
    condition: word,
    tier: fc.nat(1000),
    sinceMs: fc.integer({ min: 0, max: 2 ** 42 }),
    untilMs: fc.option(fc.integer({ min: 0, max: 2 ** 42 })),
    enforced: fc.boolean(),
    actor: fc.constantFrom('policy', 'system', 'operator:anna'),
    reason: word,
    auditId: fc.nat(),
    confirmed: fc.boolean(),
  },
  { noNullPrototype: true },
);
const offence: fc.Arbitrary<Offence> = fc.record(
  {
    client,
    tier: fc.nat(1000),
    lastMs: fc.integer({ min: 0, max: 2 ** 42 }),
  },
  { noNullPrototype: true },
);
const step = fc.oneof(
  fc.record({ table: fc.constant('ban' as const), drop: fc.boolean(), value: ban }),
  fc.record({ table: fc.constant('offence' as const), drop: fc.boolean(), value: offence }),
);

test('tables of shared rows hold what Maps would', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const rows = new ClientRows();
      const tables = { ban: new BanTable(rows), offence: new OffenceTable(rows) };
      const maps = { ban: new Map<string, unknown>(), offence: new Map<string, unknown>() };
      for (const { table, drop, value } of steps) {
        if (drop) assert.equal(tables[table].delete(value.client), maps[table].delete(value.client));
        else {
          tables[table].set(value.client, value as Ban & Offence);
          maps[table].set(value.client, value);
        }
      }
      for (const table of ['ban', 'offence'] as const) {
        assert.equal(tables[table].size, maps[table].size);
        assert.deepEqual(new Map<string, unknown>(tables[table]), maps[table]);
        for (let n = 0; n <= 40; n++) {
          const name = `192.0.2.${n}`;
          assert.deepEqual(tables[table].get(name), maps[table].get(name));
          assert.equal(tables[table].has(name), maps[table].has(name));
        }
      }
      const ends: [number, boolean][] = [];
      tables.ban.forEachEnd((_row, untilMs, enforced) => ends.push([untilMs, enforced]));
      assert.deepEqual(
        ends,
        [...tables.ban.values()].map((one) => [one.untilMs ?? Number.POSITIVE_INFINITY, one.enforced]),
      );
    }),
  );
});

/** Which bans the table says are in force, before any of them ends for example. */
function assertInForce(table: BanTable, nowMs: number): void {
  const all = [...table.values()];
  const active = all.filter(({ untilMs }) => untilMs === null || untilMs > nowMs);
  const enforced = active.filter((one) => one.enforced);
  const pending = enforced.filter((one) => !one.confirmed).length;
  const counts = { enforced: enforced.length, pending, observed: active.length - enforced.length };
  assert.deepEqual(table.countActive(nowMs), counts);
  for (const { client: name } of all) {
    const held = enforced.find((one) => one.client === name);
    assert.equal(table.enforcedEnd(name, nowMs), held?.untilMs);
  }
}

test('bans count until their end and are due from then on, the earliest first, whatever came, went or was moved in between', () => {
  const change = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), value: ban }),
    fc.record({ kind: fc.constant('drop' as const), client }),
    fc.record({ kind: fc.constant('confirm' as const), client, confirmed: fc.boolean() }),
    fc.record({ kind: fc.constant('move' as const), ms: fc.integer({ min: -(2 ** 41), max: 2 ** 41 }) }),
    fc.record({ kind: fc.constant('look' as const), nowMs: fc.integer({ min: 0, max: 2 ** 42 }) }),
  );
  fc.assert(
    fc.property(fc.array(change, { maxLength: 100 }), (changes) => {
      const rows = new ClientRows();
      const table = new BanTable(rows);
      new OffenceTable(rows).set('an offender', { client: 'an offender', tier: 1, lastMs: 1 });
      for (const each of changes) {
        if (each.kind === 'set') table.set(each.value.client, each.value);
        else if (each.kind === 'drop') table.delete(each.client);
        else if (each.kind === 'confirm') table.confirm(each.client, each.confirmed);
        else if (each.kind === 'move') table.moveEnds(2 ** 30, each.ms);
        else {
          assertInForce(table, each.nowMs);
          const ends = [...table.values()].flatMap(({ untilMs }) => untilMs ?? []);
          assert.deepEqual(
            table.due(each.nowMs).map(({ untilMs }) => untilMs),
            ends.filter((end) => end <= each.nowMs).sort((a, b) => a - b),
          );
        }
        assertInForce(table, -(2 ** 42));
      }
    }),
  );
});

test('a table grows past its first rows, and forgets nothing', () => {
  const rows = new ClientRows();
  const offences = new OffenceTable(rows);
  for (let n = 0; n < 5000; n++) offences.set(`client ${n}`, { client: `client ${n}`, tier: n, lastMs: n });
  const late = new OffenceTable(rows);
  late.set('client 4999', { client: 'client 4999', tier: 1, lastMs: 1 });
  assert.equal(offences.get('client 4321')?.lastMs, 4321);
  assert.deepEqual([...late.keys()], ['client 4999']);
  assert.equal(late.get('client 17'), undefined);
});

test('the newest bans are those that a sort would give', () => {
  fc.assert(
    fc.property(fc.array(ban, { maxLength: 40 }), fc.integer({ min: 1, max: 10 }), (bans, limit) => {
      const table = new BanTable(new ClientRows());
      for (const one of bans) table.set(one.client, one);
      const nowMs = 2 ** 41;
      const active = [...table.values()].filter(({ untilMs }) => untilMs === null || untilMs > nowMs);
      assert.deepEqual(
        table.newest(limit, nowMs).map(({ sinceMs }) => sinceMs),
        active
          .map(({ sinceMs }) => sinceMs)
          .sort((a, b) => b - a)
          .slice(0, limit),
      );
    }),
  );
});
