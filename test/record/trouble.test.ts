/** The trail while its database cannot be written: nothing is lost, nothing stalls, the picture stays right. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import BetterSqlite3 from 'better-sqlite3';
import { verifyAudit } from '../../src/record/chain/verify.ts';
import { DatabaseOutbox } from '../../src/record/outbox/outbox-store.ts';
import { fuse } from '../notify/examples.ts';
import {
  afterwards,
  ban,
  draft,
  fill,
  MINUTE,
  NUMBERS,
  notRoot,
  openTrail,
  position,
  savedPositions,
  smallDisk,
  T0,
} from './examples.ts';

/** Another program that holds the database. */
function holdLock(t: TestContext, path: string): () => void {
  const other = new BetterSqlite3(path, { timeout: 1000 });
  other.exec('BEGIN EXCLUSIVE');
  afterwards(t, () => void other.close());
  return () => void other.exec('ROLLBACK');
}

test('rows wait in their order while another program holds the database, and positions wait with them', (t) => {
  const { trail, database, path, clock } = openTrail(t);
  trail.append([ban('192.0.2.1')], { positions: [position('/a.log', 1)] });
  const release = holdLock(t, path);
  const entries = trail.append([ban('192.0.2.2'), draft('unban', '192.0.2.1')], { positions: [position('/a.log', 2)] });
  trail.saveState('baseline', Buffer.from('new'));
  assert.deepEqual(
    entries.map(({ id }) => id),
    [2, 3],
  );
  const { backlog, trouble } = trail.status;
  assert.equal(backlog, 2);
  assert.equal(trouble?.code, 'locked');
  assert.match(trouble?.message ?? '', /zban\.db.*fuser/);
  assert.deepEqual(
    trail.activeBans(T0).map(({ client, numbers }) => [client, numbers]),
    [['192.0.2.2', NUMBERS]],
  );
  assert.deepEqual(savedPositions(database), [position('/a.log', 1)]);
  assert.equal(Buffer.from(trail.loadState('baseline') ?? []).toString(), 'new');
  assert.equal(trail.retry(), false);
  release();
  clock.ms += 10_000;
  trail.append([ban('192.0.2.3')], { positions: [position('/a.log', 3)] });
  assert.deepEqual(trail.status, { backlog: 0, lost: 0, trouble: undefined });
  assert.deepEqual(
    trail.query({ limit: 10 }).map(({ id, client }) => [id, client]),
    [
      [1, '192.0.2.1'],
      [2, '192.0.2.2'],
      [3, '192.0.2.1'],
      [4, '192.0.2.3'],
    ],
  );
  assert.deepEqual(savedPositions(database), [position('/a.log', 3)]);
  assert.equal(verifyAudit(database).ok, true);
});

test('messages that the database takes do not end the trouble of rows that it refuses', (t) => {
  const { trail, database, gate, path, clock } = openTrail(t);
  const outbox = new DatabaseOutbox(database, gate, (_name, _work, done) => done({ ok: true, value: 0 as never }));
  const release = holdLock(t, path);
  trail.append([ban('192.0.2.1')]);
  clock.ms += 1000;
  outbox.queue('slack').push([fuse], 0, 10);
  assert.equal(outbox.retry(), true, 'the message is written');
  assert.equal(trail.status.trouble?.code, 'locked');
  release();
  assert.equal(trail.retry(), true);
  assert.equal(trail.status.trouble, undefined);
});

test('a database in trouble is asked once a second, not with every row', (t) => {
  const { trail, path, clock } = openTrail(t);
  const release = holdLock(t, path);
  trail.append([ban('192.0.2.1')]);
  release();
  trail.append([ban('192.0.2.2')]);
  assert.equal(trail.status.backlog, 2);
  clock.ms += 1000;
  trail.append([ban('192.0.2.3')]);
  assert.equal(trail.status.backlog, 0);
});

test('a long backlog is written in parts, positions with the last', (t) => {
  const { trail, database, path } = openTrail(t);
  const release = holdLock(t, path);
  const rows = Array.from({ length: 15_000 }, (_, i) => draft('trouble', null, { detail: `row ${i}` }));
  trail.append(rows, { positions: [position('/a.log', 9)] });
  release();
  const write = database.write.bind(database);
  const parts: unknown[] = [];
  Object.assign(database, {
    write: (run: () => unknown) => {
      parts.push([trail.query({ limit: 20_000 }).length, savedPositions(database)]);
      return write(run);
    },
  });
  assert.equal(trail.retry(), true);
  assert.deepEqual(parts, [
    [0, []],
    [10_000, []],
  ]);
  assert.deepEqual(savedPositions(database), [position('/a.log', 9)]);
  const result = verifyAudit(database);
  assert.equal(result.ok && result.rows, 15_000);
});

test('what a full backlog has no room for is counted, has no consequence, and the trail says so', (t) => {
  const { trail, database, path } = openTrail(t, undefined, 3);
  const release = holdLock(t, path);
  trail.append([ban('192.0.2.1'), ban('192.0.2.2')]);
  const entries = trail.append([ban('192.0.2.3'), ban('192.0.2.4', { timeMs: T0 + MINUTE })]);
  assert.deepEqual(
    entries.map(({ id }) => id),
    [3, 0],
  );
  assert.equal(trail.status.lost, 1);
  assert.equal(trail.findActiveBan('192.0.2.4', T0 + MINUTE), undefined);
  release();
  assert.equal(trail.retry(), true);
  const [said] = trail.query({ limit: 1, newestFirst: true });
  assert.equal(said?.action, 'trouble');
  assert.equal(said?.timeMs, T0 + MINUTE);
  assert.match(said?.detail ?? '', /^1 audit rows before this one are lost/);
  const result = verifyAudit(database);
  assert.equal(result.ok && result.rows, 4);
});

test('a database that turned read-only keeps rows waiting', (t) => {
  const { trail, database } = openTrail(t);
  database.sql.pragma('query_only = ON');
  trail.append([ban('192.0.2.1')]);
  assert.equal(trail.status.trouble?.code, 'read_only');
  database.sql.pragma('query_only = OFF');
  assert.equal(trail.retry(), true);
  assert.equal(verifyAudit(database).ok, true);
});

test('rows that somebody else wrote are not written over', (t) => {
  const { trail, path } = openTrail(t);
  trail.append([ban('192.0.2.1')]);
  const other = new BetterSqlite3(path);
  afterwards(t, () => void other.close());
  other.exec("UPDATE chain SET head_id = 2, head_hash = 'f'");
  trail.append([ban('192.0.2.2')]);
  assert.equal(trail.status.trouble?.code, 'conflict');
  assert.equal(trail.status.backlog, 1);
});

test('a full disk keeps rows waiting until there is room', { skip: notRoot }, (t) => {
  const disk = smallDisk(t);
  const { trail, database } = openTrail(t, join(disk, 'zban.db'));
  trail.append([ban('192.0.2.1')]);
  const makeRoom = fill(disk);
  const detail = 'x'.repeat(1000);
  for (let i = 0; i < 100; i++)
    trail.append([ban(`198.51.100.${i}`, { detail })], { positions: [position('/a.log', i)] });
  const { trouble, backlog } = trail.status;
  assert.equal(trouble?.code, 'full');
  assert.match(trouble?.message ?? '', /df .*zban\.db/);
  assert.ok(backlog > 0);
  assert.equal(trail.activeBans(T0).length, 101);
  const written = verifyAudit(database);
  assert.equal(written.ok && written.rows, 101 - backlog);
  makeRoom();
  assert.equal(trail.retry(), true);
  const whole = verifyAudit(database);
  assert.equal(whole.ok && whole.rows, 101);
  assert.deepEqual(savedPositions(database), [position('/a.log', 99)]);
});
