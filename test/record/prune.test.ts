import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyAudit } from '../../src/record/chain/verify.ts';
import { TrailReader } from '../../src/record/trail/trail-reader.ts';
import { ban, draft, failsWith, MINUTE, NUMBERS, openTrail, plain, T0 } from './examples.ts';

const prune = (beforeMs: number, offencesBeforeMs = 0) => ({ nowMs: T0 + 1000 * MINUTE, beforeMs, offencesBeforeMs });

test('old rows go from the start, the rest is still proved, and what is in force stays in force', async (t) => {
  const { trail, database, path } = openTrail(t);
  trail.append([
    ban('192.0.2.1', { durationSeconds: null }),
    draft('ban_result', '192.0.2.1', { detail: 'ok' }),
    draft('allow', '192.0.2.99', { detail: 'office' }),
    ban('192.0.2.2', { timeMs: T0 + 60 * MINUTE }),
    draft('start', null),
  ]);
  const before = {
    bans: trail.activeBans(T0).map(plain),
    allowed: trail.allowed(),
    offences: [...trail.eachOffence(true)],
  };
  assert.deepEqual(await trail.prune(prune(T0 + MINUTE)), { rows: 3, forgotten: 0, more: false });
  // Row 5 is old too, but row 4 before it is not: the chain has one end.
  assert.deepEqual(
    trail.query({ limit: 10 }).map(({ id, action }) => [id, action]),
    [
      [4, 'ban'],
      [5, 'start'],
      [6, 'prune'],
    ],
  );
  const result = verifyAudit(database);
  assert.ok(result.ok);
  assert.deepEqual([result.rows, result.firstId, result.prunedBefore], [3, 4, 3]);
  database.close();
  const reopened = openTrail(t, path).trail;
  const after = {
    bans: reopened.activeBans(T0).map(plain),
    allowed: reopened.allowed(),
    offences: [...reopened.eachOffence(true)],
  };
  assert.deepEqual(after, before);
  assert.deepEqual(after.bans[0]?.numbers, NUMBERS);
});

test('a clock that was set years ahead makes no row old, until rows a day apart say the same', async (t) => {
  const { trail, database } = openTrail(t);
  const [DAY, YEARS] = [24 * 60 * MINUTE, 10 * 365 * 24 * 60 * MINUTE];
  const at = (nowMs: number) => ({
    ...{ nowMs, beforeMs: nowMs - 365 * DAY, provenMs: nowMs - DAY },
    ...{ offencesBeforeMs: nowMs - 35 * DAY, rowsMax: 100 },
  });
  trail.append([ban('192.0.2.1'), draft('unban', '192.0.2.1', { timeMs: T0 + 10 * MINUTE })]);
  const offences = [...trail.eachOffence(true)];
  assert.deepEqual(await trail.prune(at(T0 + YEARS)), { rows: 0, forgotten: 0, more: false });
  trail.append([draft('start', null, { timeMs: T0 + YEARS })]);
  await trail.settled();
  assert.deepEqual(await trail.prune(at(T0 + YEARS + DAY)), { rows: 0, forgotten: 0, more: false });
  assert.deepEqual([...trail.eachOffence(true)], offences);
  assert.deepEqual(await trail.prune(at(T0 + YEARS + DAY + 1)), { rows: 2, forgotten: 1, more: false });
  assert.equal(verifyAudit(database).ok, true);
});

test('pruning again, down to the last row, keeps the trail whole', async (t) => {
  const { trail, database } = openTrail(t);
  trail.append([ban('192.0.2.1'), ban('192.0.2.2', { timeMs: T0 + MINUTE })]);
  await trail.prune(prune(T0 + 1));
  trail.append([draft('unban', '192.0.2.1', { timeMs: T0 + 2 * MINUTE })]);
  await trail.prune(prune(T0 + 2000 * MINUTE));
  assert.deepEqual(
    trail.query({ limit: 10 }).map(({ action }) => action),
    ['prune'],
  );
  assert.equal(verifyAudit(database).ok, true);
});

test('the numbers of a ban outlive its rows, whichever goes first', async (t) => {
  const { trail, database } = openTrail(t);
  trail.append([
    ban('192.0.2.1', { durationSeconds: null }),
    draft('ban_result', '192.0.2.1', { detail: 'ok', timeMs: T0 + MINUTE }),
  ]);
  await trail.prune(prune(T0 + 1));
  await trail.prune(prune(T0 + 2 * MINUTE));
  assert.deepEqual(trail.findActiveBan('192.0.2.1', T0)?.numbers, NUMBERS);
  assert.equal(verifyAudit(database).ok, true);
});

test('a ban that replaced a pruned one does not inherit its numbers', async (t) => {
  const { trail, database } = openTrail(t);
  trail.append([ban('192.0.2.1', { durationSeconds: null })]);
  await trail.prune(prune(T0 + 1));
  const byHand = { actor: 'operator:ann', condition: 'manual', numbers: null, timeMs: T0 + MINUTE } as const;
  trail.append([ban('192.0.2.1', byHand)]);
  assert.equal(trail.findActiveBan('192.0.2.1', T0 + MINUTE)?.numbers, null);
  assert.equal(new TrailReader(database).activeBans(T0 + MINUTE)[0]?.numbers, null);
});

test('rows that wait are written before the past is cut off', async (t) => {
  const { trail, database } = openTrail(t);
  trail.append([ban('192.0.2.1')]);
  database.sql.pragma('query_only = ON');
  trail.append([ban('192.0.2.2', { timeMs: T0 + MINUTE })]);
  database.sql.pragma('query_only = OFF');
  assert.equal((await trail.prune(prune(T0 + 1))).rows, 1);
  const result = verifyAudit(database);
  assert.ok(result.ok, JSON.stringify(result));
  assert.equal(result.lastId, 3);
});

test('nothing to prune leaves no row', async (t) => {
  const { trail } = openTrail(t);
  trail.append([ban('192.0.2.1')]);
  assert.deepEqual(await trail.prune(prune(T0)), { rows: 0, forgotten: 0, more: false });
  assert.equal(trail.query({ limit: 10 }).length, 1);
});

test('offences long over are forgotten, those of banned clients are not', async (t) => {
  const { trail, database } = openTrail(t);
  trail.append([
    ban('192.0.2.1'),
    draft('unban', '192.0.2.1'),
    ban('192.0.2.2', { durationSeconds: null }),
    ban('192.0.2.3', { enforced: false }),
    draft('unban', '192.0.2.3'),
    ban('192.0.2.4', { durationSeconds: 6000 }),
    draft('unban', '192.0.2.4', { timeMs: T0 + 100 * MINUTE }),
  ]);
  assert.deepEqual(await trail.prune(prune(0, T0 + MINUTE)), { rows: 0, forgotten: 2, more: false });
  assert.deepEqual(
    [...trail.eachOffence(true)].map(({ client }) => client),
    ['192.0.2.2', '192.0.2.4'],
  );
  assert.deepEqual([...trail.eachOffence(false)], []);
  assert.equal(verifyAudit(database).ok, true);
});

test('a long past goes in parts', async (t) => {
  const { trail, database } = openTrail(t);
  trail.append(Array.from({ length: 10_001 }, () => draft('trouble', null)));
  assert.deepEqual(await trail.prune(prune(T0 + 1)), { rows: 10_000, forgotten: 0, more: true });
  assert.equal(verifyAudit(database).ok, true);
  assert.deepEqual(await trail.prune(prune(T0 + 1)), { rows: 1, forgotten: 0, more: false });
  assert.equal(verifyAudit(database).ok, true);
});

test('a database in trouble is not pruned, and nothing changes', async (t) => {
  const { trail, database } = openTrail(t);
  trail.append([ban('192.0.2.1')]);
  database.sql.pragma('query_only = ON');
  await assert.rejects(trail.prune(prune(T0 + 1)), failsWith('read_only'));
  trail.append([ban('192.0.2.2')]);
  await assert.rejects(trail.prune(prune(T0 + 1)), failsWith('read_only'));
  database.sql.pragma('query_only = OFF');
  assert.equal(trail.retry(), true);
  assert.deepEqual(
    trail.query({ limit: 10 }).map(({ id, client }) => [id, client]),
    [
      [1, '192.0.2.1'],
      [2, '192.0.2.2'],
    ],
  );
  assert.equal(verifyAudit(database).ok, true);
});

test('at most so many rows stay, the oldest go first, and bans outlive their rows', async (t) => {
  const { trail, database } = openTrail(t);
  trail.append([ban('192.0.2.1', { durationSeconds: null }), draft('allow', '198.51.100.0/24'), ban('192.0.2.2')]);
  const rows = (count: number) => Array.from({ length: count }, (_, at) => draft('trouble', null, { detail: `${at}` }));
  trail.append(rows(997));
  const countRows = () => trail.query({ limit: 10_000 }).length;
  const options = { nowMs: T0, beforeMs: 0, offencesBeforeMs: 0, rowsMax: 1000 };
  assert.equal((await trail.prune(options)).rows, 0);
  trail.append(rows(100));
  assert.equal(countRows(), 1100);
  await trail.prune(options);
  assert.ok(countRows() <= 1000 && countRows() > 980, `${countRows()} rows`);
  assert.equal((await trail.prune(options)).rows, 0, 'not one with each new row');
  assert.equal(verifyAudit(database).ok, true);
  // Another piece, with what the first left in the anchor and a prune row among what goes.
  trail.append([draft('unban', '192.0.2.2'), ...rows(2000)]);
  await trail.prune(options);
  assert.ok(countRows() <= 1000);
  assert.equal(verifyAudit(database).ok, true);
  assert.deepEqual(trail.findActiveBan('192.0.2.1', T0)?.numbers, NUMBERS);
  assert.deepEqual(
    trail.allowed().map(({ entry }) => entry),
    ['198.51.100.0/24'],
  );
});
