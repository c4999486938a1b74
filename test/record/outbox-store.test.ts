import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import BetterSqlite3 from 'better-sqlite3';
import type { Notification, OutboxItem } from '../../src/model/notification.ts';
import { openDatabase } from '../../src/record/database/database.ts';
import { MIGRATIONS } from '../../src/record/database/migrations.ts';
import { afterwards, openOutbox, openTrail } from './examples.ts';

const message = (what: string): Notification => ({ kind: 'trouble', time: '2026-11-20T10:11:12Z', what, fix: '' });
const words = (items: readonly OutboxItem[]) =>
  items.map(({ notification }) => (notification.kind === 'trouble' ? notification.what : ''));

test('messages come out in their order once they are due, and are gone once removed', (t) => {
  const { database, gate } = openTrail(t);
  const outbox = openOutbox(database, gate).queue('slack');
  assert.equal(outbox.findNextDueMs(), undefined);
  assert.equal(outbox.push([message('a'), message('b')], 100, 10), 0);
  outbox.push([message('c')], 200, 10);
  assert.deepEqual(words(outbox.due(100, 10)), ['a', 'b']);
  assert.deepEqual(words(outbox.due(200, 1)), ['a']);
  const ids = outbox.due(100, 10).map(({ id }) => id);
  outbox.postpone(ids, 900);
  assert.deepEqual(
    outbox.due(900, 10).map(({ attempts, dueMs }) => [attempts, dueMs]),
    [
      [1, 900],
      [1, 900],
      [0, 200],
    ],
  );
  assert.equal(outbox.findNextDueMs(), 200);
  outbox.remove([...ids, 12_345]);
  assert.deepEqual(words(outbox.due(900, 10)), ['c']);
  assert.equal(outbox.size(), 1);
});

test('the oldest give way to the newest when there is no room', (t) => {
  const { database, gate } = openTrail(t);
  const outbox = openOutbox(database, gate).queue('slack');
  outbox.push([message('a'), message('b')], 0, 3);
  assert.equal(outbox.push([message('c'), message('d'), message('e')], 0, 3), 2);
  assert.deepEqual(words(outbox.due(0, 10)), ['c', 'd', 'e']);
  assert.deepEqual(words(openOutbox(database, gate).queue('slack').due(0, 10)), ['c', 'd', 'e']);
});

test('the queue outlives a restart with attempts and times, and ids are never used twice', (t) => {
  const { database, gate, path } = openTrail(t);
  const outbox = openOutbox(database, gate).queue('slack');
  outbox.push([message('a'), message('b')], 100, 10);
  const [first, second] = outbox.due(100, 10);
  outbox.remove([first?.id ?? 0]);
  outbox.postpone([second?.id ?? 0], 500);
  database.close();
  const again = openTrail(t, path);
  const reopened = openOutbox(again.database, again.gate).queue('slack');
  const { id = 0 } = second ?? {};
  assert.deepEqual(reopened.due(500, 10), [{ id, notification: message('b'), attempts: 1, dueMs: 500 }]);
  reopened.push([message('c')], 500, 10);
  assert.equal(reopened.due(500, 10)[1]?.id, id + 1);
});

test('a message that cannot be read from disk is dropped, the others come', (t) => {
  const { database, gate } = openTrail(t);
  openOutbox(database, gate)
    .queue('slack')
    .push([message('a'), message('b')], 0, 10);
  database.sql.exec("UPDATE outbox SET notification = '{half' WHERE id = 1");
  const outbox = openOutbox(database, gate);
  assert.deepEqual(words(outbox.queue('slack').due(0, 10)), ['b']);
  outbox.retry();
  assert.equal(database.sql.prepare('SELECT count(*) FROM outbox').pluck().get(), 1);
  for (const damaged of ['[]', '{}', '{"kind":7}', 'null']) {
    database.sql.prepare('UPDATE outbox SET notification = ?').run(damaged);
    assert.equal(openOutbox(database, gate).queue('slack').size(), 0, damaged);
  }
});

test('while the database is held, the queue works in memory and catches up later', (t) => {
  const { database, gate, path, clock } = openTrail(t);
  const all = openOutbox(database, gate);
  const outbox = all.queue('slack');
  outbox.push([message('a'), message('b')], 0, 10);
  const other = new BetterSqlite3(path);
  afterwards(t, () => void other.close());
  other.exec('BEGIN IMMEDIATE');
  outbox.remove([1]);
  outbox.postpone([2], 50);
  outbox.push([message('c')], 60, 10);
  assert.deepEqual(words(outbox.due(60, 10)), ['b', 'c']);
  assert.equal(gate.trouble?.code, 'locked');
  other.exec('ROLLBACK');
  clock.ms += 1000;
  assert.equal(all.retry(), true);
  assert.equal(gate.trouble, undefined);
  const onDisk = openOutbox(database, gate).queue('slack');
  assert.deepEqual(onDisk.due(60, 10), outbox.due(60, 10));
});

test('each channel has its own queue: what one postpones, drops or has delivered is still to come for the others', (t) => {
  const { database, gate } = openTrail(t);
  const all = openOutbox(database, gate);
  const [slack, ops] = [all.queue('slack'), all.queue('ops')];
  slack.push([message('a'), message('b')], 100, 10);
  assert.equal(ops.push([message('a'), message('b')], 100, 1), 1, 'a limit is one of each channel');
  slack.postpone(
    slack.due(100, 10).map(({ id }) => id),
    900,
  );
  assert.deepEqual(words(ops.due(100, 10)), ['b']);
  ops.remove(ops.due(100, 10).map(({ id }) => id));
  assert.deepEqual([slack.size(), ops.size()], [2, 0]);
  assert.equal(openOutbox(database, gate).queue('slack').findNextDueMs(), 900);
});

test('the queue of a channel that is no longer configured goes, those of the others stay', (t) => {
  const { database, gate } = openTrail(t);
  const all = openOutbox(database, gate);
  all.queue('slack').push([message('a')], 0, 10);
  all.queue('old').push([message('a'), message('b')], 0, 10);
  assert.equal(all.keepOnly(['slack', 'ops']), 2);
  const reopened = openOutbox(database, gate);
  assert.deepEqual([reopened.queue('slack').size(), reopened.queue('old').size()], [1, 0]);
});

test('messages that an older version left are for Slack', (t) => {
  const { path, database: first } = openTrail(t);
  first.close();
  rmSync(path);
  const older = openDatabase(path, { busyTimeoutMs: 20, migrations: MIGRATIONS.slice(0, 4) });
  older.sql.exec(`INSERT INTO outbox VALUES (7, '${JSON.stringify(message('a'))}', 2, 100)`);
  older.close();
  const { database, gate } = openTrail(t, path);
  assert.deepEqual(openOutbox(database, gate).queue('slack').due(100, 10), [
    { id: 7, notification: message('a'), attempts: 2, dueMs: 100 },
  ]);
});

test('a ban that an older version reported has the present name of its condition', (t) => {
  const { database, gate } = openTrail(t);
  openOutbox(database, gate)
    .queue('slack')
    .push([message('a')], 0, 10);
  const former = { kind: 'ban', event: { ip: '192.0.2.1', condition: 'surprise' } };
  database.sql.prepare('UPDATE outbox SET notification = ?').run(JSON.stringify(former));
  const [left] = openOutbox(database, gate).queue('slack').due(0, 10);
  assert.deepEqual(left?.notification, { kind: 'ban', event: { ip: '192.0.2.1', condition: 'scan' } });
});
