import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { verifyAudit } from '../../src/record/chain/verify.ts';
import { clockDraft } from '../../src/record/row/row.ts';
import { TrailReader } from '../../src/record/trail/trail-reader.ts';
import { createTrail } from '../support/direct-writer.ts';
import { ban, draft, MINUTE, NUMBERS, openTrail, plain, position, savedPositions, T0 } from './examples.ts';

test('rows are numbered, bound to the configuration and to the row before', (t) => {
  const { trail, database, gate } = openTrail(t);
  const [first, second] = trail.append([ban('192.0.2.1'), draft('ban_result', '192.0.2.1', { detail: 'ok' })]);
  const [third] = createTrail({ database, gate, configVersion: 'beefbeefbeef' }).append([draft('start', null)]);
  assert.deepEqual([first?.id, second?.id, third?.id], [1, 2, 3]);
  assert.deepEqual([second?.configVersion, third?.configVersion], ['c0ffee123456', 'beefbeefbeef']);
  const numbers = '{"result":"ok"}';
  const content = [2, T0, 'system', 'ban_result', '192.0.2.1', null, numbers, null, null, 1, 'ok', 'c0ffee123456'];
  const expected = createHash('sha256')
    .update(`${first?.hash}\n${JSON.stringify(content)}`)
    .digest('hex');
  assert.equal(second?.hash, expected);
  assert.deepEqual(trail.query({ limit: 10 }), [first, second, third]);
});

test('a ban is in force until its end, confirmed by its result, replaced by the next, gone after its unban', (t) => {
  const { trail } = openTrail(t);
  const [decided] = trail.append([ban('192.0.2.1', { detail: 'why' })]);
  const expected = {
    client: '192.0.2.1',
    condition: 'multiplier',
    tier: 1,
    sinceMs: T0,
    untilMs: T0 + 10 * MINUTE,
    enforced: true,
    actor: 'policy',
    reason: 'why',
    auditId: decided?.id,
    confirmed: false,
    numbers: NUMBERS,
  };
  assert.deepEqual(plain(trail.findActiveBan('192.0.2.1', T0)), expected);
  assert.equal(JSON.stringify(trail.activeBans(T0)[0]).includes('"rate":5.2'), true);
  trail.append([draft('ban_result', '192.0.2.1', { detail: 'ok' })]);
  assert.equal(trail.findActiveBan('192.0.2.1', T0)?.confirmed, true);
  assert.equal(trail.findActiveBan('192.0.2.1', T0 + 10 * MINUTE), undefined);
  trail.append([ban('192.0.2.1', { tier: 2, durationSeconds: null, timeMs: T0 + MINUTE })]);
  const { tier, untilMs, confirmed } = trail.findActiveBan('192.0.2.1', T0 + 10 * MINUTE) ?? {};
  assert.deepEqual({ tier, untilMs, confirmed }, { tier: 2, untilMs: null, confirmed: false });
  trail.append([draft('unban', '192.0.2.1', { timeMs: T0 + 2 * MINUTE })]);
  assert.deepEqual(trail.activeBans(T0), []);
});

test('a ban that ends between two milliseconds, or has no tier, ends by the database as it does in memory', (t) => {
  const { trail, database, gate } = openTrail(t);
  const durations = [3599.9996, 0.0005, 1.23449, 1_795_000_000.1236, null];
  trail.append(
    durations.map((durationSeconds, n) => ban(`192.0.2.${n}`, { durationSeconds, tier: n === 0 ? null : n })),
  );
  const known = trail.activeBans(T0).map(plain);
  const again = createTrail({ database, gate, configVersion: 'c0ffee123456' });
  assert.deepEqual(again.activeBans(T0).map(plain), known);
  assert.equal(known[0]?.untilMs, T0 + 3_600_000);
  assert.equal(verifyAudit(database).ok, true);
});

test('a network and the clients in it are banned apart', (t) => {
  const { trail } = openTrail(t);
  trail.append([ban('192.0.2.0/24'), ban('192.0.2.1'), draft('unban', '192.0.2.0/24')]);
  assert.deepEqual(
    trail.activeBans(T0).map(({ client }) => client),
    ['192.0.2.1'],
  );
});

test('a would-be ban leaves a real one in force', (t) => {
  const { trail } = openTrail(t);
  trail.append([ban('192.0.2.1'), ban('192.0.2.1', { enforced: false, tier: 3, timeMs: T0 + MINUTE })]);
  assert.equal(trail.findActiveBan('192.0.2.1', T0 + MINUTE)?.tier, 1);
  trail.append([ban('192.0.2.1', { enforced: false, tier: 3, timeMs: T0 + 11 * MINUTE })]);
  assert.equal(trail.findActiveBan('192.0.2.1', T0 + 11 * MINUTE)?.tier, 3);
});

test('bans are due once their end is reached, until a row ends them', (t) => {
  const { trail } = openTrail(t);
  const due = (nowMs: number) => trail.dueBans(nowMs).map(({ client }) => client);
  trail.append([ban('192.0.2.1'), ban('192.0.2.2', { durationSeconds: null })]);
  assert.deepEqual(due(T0 + 10 * MINUTE - 1), []);
  trail.append([ban('192.0.2.3', { durationSeconds: 1 })]);
  assert.deepEqual(due(T0 + 1000), ['192.0.2.3']);
  assert.deepEqual(due(T0 + 1000), ['192.0.2.3']);
  trail.append([draft('unban', '192.0.2.3', { timeMs: T0 + 1000, detail: 'expired' })]);
  assert.deepEqual(due(T0 + 1001), []);
  assert.deepEqual(due(T0 + 10 * MINUTE), ['192.0.2.1']);
});

test('offences count bans with a tier, real and would-be apart, and end with the ban', (t) => {
  const { trail } = openTrail(t);
  trail.append([
    ban('192.0.2.1'),
    ban('192.0.2.2', { enforced: false, tier: 2 }),
    ban('192.0.2.3', { actor: 'operator:ann', condition: 'manual', tier: 0 }),
    ban('192.0.2.4'),
    ban('192.0.2.5', { actor: 'operator:ann', condition: 'scan', tier: 3 }),
    draft('unban', '192.0.2.1', { timeMs: T0 + MINUTE }),
    draft('unban', '192.0.2.4', { timeMs: T0 + 90 * MINUTE }),
  ]);
  assert.deepEqual(
    [...trail.eachOffence(true)],
    [
      { client: '192.0.2.1', tier: 1, lastMs: T0 + MINUTE },
      { client: '192.0.2.4', tier: 1, lastMs: T0 + 10 * MINUTE },
      { client: '192.0.2.5', tier: 3, lastMs: T0 + 10 * MINUTE },
    ],
  );
  assert.deepEqual([...trail.eachOffence(false)], [{ client: '192.0.2.2', tier: 2, lastMs: T0 + 10 * MINUTE }]);
});

test('no tier decays while a person’s ban lasts, as in the engine', (t) => {
  const { trail } = openTrail(t);
  const byPerson = { actor: 'operator:ann', condition: 'manual', tier: 0, timeMs: T0 + MINUTE } as const;
  trail.append([
    ...['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((client) => ban(client, { tier: 2 })),
    ban('192.0.2.1', { ...byPerson, durationSeconds: 7200 }),
    ban('192.0.2.2', { ...byPerson, durationSeconds: null }),
    draft('unban', '192.0.2.2', { timeMs: T0 + 90 * MINUTE }),
    ban('192.0.2.3', { ...byPerson, enforced: false, durationSeconds: 7200 }),
  ]);
  assert.deepEqual(
    [...trail.eachOffence(true)],
    [
      { client: '192.0.2.1', tier: 2, lastMs: T0 + 121 * MINUTE },
      { client: '192.0.2.2', tier: 2, lastMs: T0 + 90 * MINUTE },
      { client: '192.0.2.3', tier: 2, lastMs: T0 + 10 * MINUTE },
    ],
  );
});

test('allowed entries, positions and states are there after reopening', (t) => {
  const { trail, database, path } = openTrail(t);
  trail.append([
    draft('allow', '192.0.2.0/24', { actor: 'operator:ann', detail: 'office' }),
    draft('allow', 'example.com', { actor: 'operator:ann' }),
    draft('disallow', 'example.com'),
    ban('192.0.2.9', { enforced: false }),
  ]);
  trail.append([ban('198.51.100.1')], { positions: [position('/a.log', 10), position('/b.log', 20)] });
  const { path: _, ...mark } = position('/a.log', 7);
  const resumed = { ...position('/a.log', 30), older: [mark] };
  trail.savePositions([resumed]);
  trail.saveState('baseline', Buffer.from('learned'));
  const state = (of: typeof trail) => ({
    allowed: of.allowed(),
    bans: of.activeBans(T0).map(plain),
    offences: [[...of.eachOffence(true)], [...of.eachOffence(false)]],
    positions: of.positions(),
    baseline: Buffer.from(of.loadState('baseline') ?? []).toString(),
  });
  const before = state(trail);
  assert.deepEqual(before.allowed, [
    { entry: '192.0.2.0/24', sinceMs: T0, actor: 'operator:ann', reason: 'office', auditId: 1 },
  ]);
  assert.deepEqual(before.positions, [resumed, position('/b.log', 20)]);
  assert.equal(before.baseline, 'learned');
  assert.equal(trail.loadState('nothing'), undefined);
  database.close();
  assert.deepEqual(state(openTrail(t, path).trail), before);
});

test('one damaged position does not hide the others', (t) => {
  const { trail, database } = openTrail(t);
  trail.savePositions([position('/a.log', 10), position('/b.log', 20)]);
  database.sql.exec("UPDATE positions SET position = '{half' WHERE path = '/a.log'");
  assert.deepEqual(savedPositions(database), [position('/b.log', 20)]);
  database.sql.exec("UPDATE positions SET position = json_set(position, '$.offset', 'x') WHERE path = '/b.log'");
  assert.deepEqual(savedPositions(database), []);
});

test('rows are found by client, covering or covered network, action, time and id', (t) => {
  const { trail, database } = openTrail(t);
  trail.append([
    ban('192.0.2.1'),
    ban('192.0.2.0/24', { timeMs: T0 + MINUTE }),
    ban('2001:db8:0:1::/64'),
    draft('unban', '192.0.2.1', { timeMs: T0 + 2 * MINUTE }),
    draft('start', null),
    draft('allow', 'example.com'),
  ]);
  const ids = (query: object) => trail.query({ limit: 10, ...query }).map(({ id }) => id);
  assert.deepEqual(ids({ client: '192.0.2.1' }), [1, 2, 4]);
  assert.deepEqual(ids({ client: '192.0.2.77' }), [2]);
  assert.deepEqual(ids({ client: '192.0.0.0/16', newestFirst: true }), [4, 2, 1]);
  assert.deepEqual(ids({ client: '2001:db8:0:1::5' }), [3]);
  assert.deepEqual(ids({ client: 'example.com' }), [6]);
  assert.deepEqual(ids({ client: "x' OR 1=1 --" }), []);
  assert.deepEqual(ids({ action: 'ban', sinceMs: T0 + MINUTE }), [2]);
  assert.deepEqual(ids({ newestFirst: true, limit: 2 }), [6, 5]);
  const reader = new TrailReader(database);
  assert.equal(reader.findEntry(4)?.action, 'unban');
  assert.equal(reader.findEntry(99), undefined);
  assert.deepEqual(
    reader.activeBans(T0 + MINUTE).map(({ client, numbers }) => [client, numbers]),
    [
      ['2001:db8:0:1::/64', NUMBERS],
      ['192.0.2.0/24', NUMBERS],
    ],
  );
});

test('text that is no proper Unicode, numbers that JSON cannot carry and times between milliseconds still verify', (t) => {
  const { trail, database } = openTrail(t);
  const numbers = { z: Number.POSITIVE_INFINITY, text: '\ud800"\u0000\u2028', list: [undefined] };
  const entries = trail.append([
    ban('192.0.2.1', { detail: 'lone \ud800 surrogate, \u0000 zero', numbers, timeMs: T0 + 0.4, durationSeconds: 0.5 }),
    draft('trouble', null, { actor: 'operator:\udfff', detail: 'ü 😀' }),
  ]);
  const { ok } = verifyAudit(database);
  assert.equal(ok, true);
  const [stored] = trail.query({ limit: 1 });
  assert.equal(stored?.detail, entries[0]?.detail);
  assert.deepEqual(stored?.numbers, { z: null, text: '\ud800"\u0000\u2028', list: [null] });
  assert.equal(stored?.timeMs, T0);
});

test('a draft with a time that is none is a bug and throws before anything is recorded', (t) => {
  const { trail } = openTrail(t);
  assert.throws(() => trail.append([ban('192.0.2.1', { timeMs: Number.NaN })]), RangeError);
  assert.deepEqual(trail.query({ limit: 10 }), []);
});

test('the database refuses to change, delete or replace rows', (t) => {
  const { trail, database } = openTrail(t);
  trail.append([ban('192.0.2.1'), ban('192.0.2.2')]);
  for (const sql of [
    "UPDATE audit SET detail = 'x' WHERE id = 2",
    'UPDATE audit SET client = NULL',
    'DELETE FROM audit WHERE id = 2',
    'DELETE FROM audit',
    'INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE id = 1',
    "INSERT INTO audit SELECT 0, 0, actor, action, client, NULL, NULL, NULL, NULL, 1, '', '', '' FROM audit WHERE id = 1",
  ]) {
    assert.throws(() => database.sql.exec(sql), /append-only/, sql);
  }
  assert.equal(verifyAudit(database).ok, true);
});

test('ten thousand drafts at once are one transaction with all their consequences', (t) => {
  const { trail, database } = openTrail(t);
  const clients = Array.from({ length: 10_000 }, (_, i) => `198.51.${i >> 8}.${i & 255}`);
  const entries = trail.append(clients.map((client) => ban(client)));
  assert.equal(entries.at(-1)?.id, 10_000);
  assert.equal(trail.activeBans(T0).length, 10_000);
  assert.deepEqual(trail.status, { backlog: 0, lost: 0, trouble: undefined });
  const result = verifyAudit(database);
  assert.equal(result.ok && result.rows, 10_000);
});

test('a ban that is due costs no look at the others, and stays due until a row ends it', (t) => {
  const { trail } = openTrail(t);
  trail.append([
    ban('192.0.2.1', { durationSeconds: 1 }),
    ...Array.from({ length: 50 }, (_, n) => ban(`198.51.100.${n}`)),
  ]);
  const looks = t.mock.method(trail['projection'].bans, 'values').mock;
  const due = (nowMs: number) => trail.dueBans(nowMs).map(({ client }) => client);
  assert.deepEqual(due(T0 + 999), []);
  assert.deepEqual(due(T0 + 1000), ['192.0.2.1']);
  assert.deepEqual(due(T0 + 2000), ['192.0.2.1']);
  trail.append([draft('unban', '192.0.2.1')]);
  assert.deepEqual(due(T0 + 2000), []);
  assert.equal(looks.callCount(), 0);
});

test('ends that move between two rows of one batch: the database has what memory has', (t) => {
  const { trail, database, gate } = openTrail(t);
  const again = ban('192.0.2.1', { timeMs: T0 - 50 * MINUTE });
  trail.append([ban('192.0.2.1'), ban('192.0.2.2'), clockDraft(T0, -60 * MINUTE, 1), again]);
  const ends = [T0 - 40 * MINUTE, T0 - 50 * MINUTE];
  for (const one of [trail, createTrail({ database, gate, configVersion: 'x' })])
    assert.deepEqual(
      one.activeBans(0).map(({ untilMs }) => untilMs),
      ends,
    );
  assert.equal(verifyAudit(database).ok, true);
});
