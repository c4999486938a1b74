/** A database on a disk that takes nothing: what is known serves, what is recorded waits. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import BetterSqlite3 from 'better-sqlite3';
import { verifyAudit } from '../../src/record/chain/verify.ts';
import { openDatabase } from '../../src/record/database/database.ts';
import { openKept } from '../../src/record/database/kept-database.ts';
import { MIGRATIONS } from '../../src/record/database/migrations.ts';
import { WriteGate } from '../../src/record/database/write-gate.ts';
import { type RecordError, toRecordError } from '../../src/record/error.ts';
import type { AuditTrail } from '../../src/record/trail/audit-trail.ts';
import { createTrail } from '../support/direct-writer.ts';
import { temporaryFolder } from '../support/folder.ts';
import {
  afterwards,
  ban,
  draft,
  failsWith,
  fill,
  notRoot,
  openOutbox,
  openTrail,
  position,
  smallDisk,
  T0,
} from './examples.ts';

const skip = notRoot;

function openStandby(t: TestContext, path: string) {
  const database = openKept(path, { busyTimeoutMs: 20 });
  afterwards(t, () => database.close());
  const gate = new WriteGate(path, () => 0);
  return { database, gate, trail: createTrail({ database, gate, configVersion: 'c0ffee123456' }) };
}

/** A database with one ban, whose writer was killed: the newest rows are in the -wal file alone. */
function leaveBan(t: TestContext, disk: string): string {
  const path = join(disk, 'zban.db');
  const { trail, database } = openTrail(t);
  trail.append([ban('192.0.2.1', { durationSeconds: null })], { positions: [position('/a.log', 1)] });
  for (const end of ['', '-wal', '-shm']) copyFileSync(`${database.path}${end}`, `${path}${end}`);
  return path;
}

const clients = (trail: AuditTrail) => trail.activeBans(T0).map(({ client }) => client);

test('a full disk at the start: bans are known, rows wait, and are written when there is room', { skip }, async (t) => {
  const disk = smallDisk(t);
  const path = leaveBan(t, disk);
  const makeRoom = fill(disk);
  const { trail, database } = openStandby(t, path);
  assert.equal(database.readonly, true);
  assert.deepEqual(clients(trail), ['192.0.2.1']);
  assert.deepEqual(trail.positions(), [position('/a.log', 1)]);
  trail.append([ban('192.0.2.2', { durationSeconds: null })]);
  assert.equal(trail.status.trouble?.code, 'full');
  assert.equal(await trail.isDurable(), false);
  makeRoom();
  assert.equal(trail.retry(), true);
  assert.equal(database.readonly, false);
  assert.deepEqual(clients(trail), ['192.0.2.1', '192.0.2.2']);
  const result = verifyAudit(database);
  assert.equal(result.ok && result.rows, 2);
});

test('a disk that does not even let it be read at the start: that is said, and not that anything is lost', {
  skip,
}, (t) => {
  const disk = smallDisk(t);
  const path = leaveBan(t, disk);
  // Without it the -wal file can only be read where there is room for another.
  rmSync(`${path}-shm`);
  const makeRoom = fill(disk);
  const { trail, database } = openStandby(t, path);
  assert.match(database.damage ?? '', /^it cannot be read now: .*disk/);
  assert.deepEqual(clients(trail), []);
  makeRoom();
  assert.equal(openStandby(t, path).database.damage, undefined);
});

test('a read-only disk at the start', { skip }, (t) => {
  const disk = smallDisk(t);
  const path = leaveBan(t, disk);
  execFileSync('mount', ['-o', 'remount,ro', disk]);
  const { trail, database } = openStandby(t, path);
  trail.append([draft('unban', '192.0.2.1')]);
  assert.equal(trail.status.trouble?.code, 'read_only');
  assert.deepEqual(clients(trail), []);
  execFileSync('mount', ['-o', 'remount,rw', disk]);
  assert.equal(trail.retry(), true, trail.status.trouble?.message);
  assert.equal(verifyAudit(database).ok, true);
});

test('a disk that is full before there is a database: rows wait, messages too', { skip }, (t) => {
  const disk = smallDisk(t);
  const makeRoom = fill(disk);
  const { trail, database, gate } = openStandby(t, join(disk, 'zban.db'));
  const outbox = openOutbox(database, gate);
  trail.append([ban('192.0.2.1')]);
  outbox.queue('slack').push([{ kind: 'test', time: new Date(T0).toISOString() }], T0, 10);
  assert.deepEqual(clients(trail), ['192.0.2.1']);
  makeRoom();
  assert.equal(trail.retry() && outbox.retry(), true);
  assert.equal(openOutbox(database, gate).queue('slack').size(), 1);
  assert.equal(verifyAudit(database).ok, true);
});

test('rows that waited without a view of the database follow what it has', { skip }, (t) => {
  const disk = smallDisk(t);
  const makeRoom = fill(disk);
  const { trail, database } = openStandby(t, join(disk, 'zban.db'));
  trail.append([ban('192.0.2.9', { durationSeconds: null })]);
  makeRoom();
  leaveBan(t, disk);
  assert.equal(trail.retry(), true);
  assert.deepEqual(clients(trail), ['192.0.2.1', '192.0.2.9']);
  const result = verifyAudit(database);
  assert.equal(result.ok && result.rows, 2);
});

test('an older layout is read although there is no room to bring it up to date', { skip }, (t) => {
  const disk = smallDisk(t);
  const path = join(disk, 'zban.db');
  const older = openDatabase(path, { busyTimeoutMs: 20, migrations: MIGRATIONS.slice(0, 2) });
  older.sql.exec(`INSERT INTO bans VALUES ('now', '192.0.2.1', 'scan', 1, ${T0}, NULL, 1, 'policy', '', 1, 1, NULL)`);
  older.close();
  fill(disk);
  const { trail } = openStandby(t, path);
  assert.deepEqual(clients(trail), ['192.0.2.1']);
});

test('what no disk is to blame for ends the start', (t) => {
  const { database } = openTrail(t);
  assert.throws(() => openKept(database.path, { busyTimeoutMs: 20 }), failsWith('in_use'));
  const newer = new BetterSqlite3(database.path);
  newer.pragma('user_version = 999');
  newer.close();
  database.close();
  assert.throws(() => openKept(database.path, { busyTimeoutMs: 20 }), failsWith('too_new'));
});

test('a disk that did not give pages back for a moment is no damage: the database stays, and its fault is named', (t) => {
  const path = leaveBan(t, temporaryFolder(t));
  const { database, trail } = openStandby(t, path);
  const said = 'database disk image is malformed';
  assert.equal(database.findLoss(said), undefined, 'all of it can be read by now');
  assert.deepEqual(clients(trail), ['192.0.2.1']);
  // The memory of a process gives EIO where nothing is mapped, as a disk with a bad sector does (proc_pid_mem(5)).
  const code = (file: string) =>
    (toRecordError(Object.assign(new Error(said), { code: 'SQLITE_CORRUPT' }), file) as RecordError).code;
  assert.equal(code('/proc/self/mem'), 'io');
  assert.equal(code(path), 'corrupt');
});

test('a database that cannot be opened because the disk gives errors is the fault of the disk, and nothing else is', (t) => {
  const path = leaveBan(t, temporaryFolder(t));
  const code = (file: string) =>
    (toRecordError(Object.assign(new Error('unable'), { code: 'SQLITE_CANTOPEN' }), file) as RecordError).code;
  assert.equal(code('/proc/self/mem'), 'io');
  for (const file of [path, dirname(path), join(path, 'zban.db'), `${path}.none`])
    assert.equal(code(file), 'cannot_open', file);
});
