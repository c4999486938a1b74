import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import BetterSqlite3 from 'better-sqlite3';
import { verifyAudit } from '../../src/record/chain/verify.ts';
import { openDatabase } from '../../src/record/database/database.ts';
import { MIGRATIONS } from '../../src/record/database/migrations.ts';
import { TrailReader } from '../../src/record/trail/trail-reader.ts';
import {
  afterwards,
  ban,
  failsWith,
  fill,
  folder,
  MINUTE,
  NUMBERS,
  notRoot,
  openTrail,
  position,
  smallDisk,
  T0,
} from './examples.ts';

const WRITER = { busyTimeoutMs: 20, openTimeoutMs: 50 };
const READER = { busyTimeoutMs: 20, readonly: true };
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

test('a new database gets its folder, its rights and the safe settings', (t) => {
  const path = join(folder(t), 'new', 'zban.db');
  const umask = process.umask(0o077);
  afterwards(t, () => void process.umask(umask));
  const database = openDatabase(path, WRITER);
  afterwards(t, () => database.close());
  database.sql.exec("INSERT INTO state VALUES ('x', x'00')");
  assert.deepEqual([modeOf(path), modeOf(`${path}-wal`), modeOf(`${path}-shm`)], ['640', '640', '640']);
  const pragma = (name: string) => database.sql.pragma(name, { simple: true });
  assert.deepEqual([pragma('journal_mode'), pragma('synchronous'), pragma('foreign_keys')], ['wal', 2, 1]);
  assert.equal(pragma('user_version'), MIGRATIONS.length);
  assert.equal(pragma('busy_timeout'), 20);
});

test('an old database is brought up to date with all that is in it', (t) => {
  const path = join(folder(t), 'zban.db');
  const old = new BetterSqlite3(path);
  old.exec(readFileSync(fileURLToPath(new URL('layout-1.sql', import.meta.url)), 'utf8'));
  old.close();
  assert.throws(() => openDatabase(path, READER), failsWith('too_old', /start the daemon once/));
  const { trail, database } = openTrail(t, path);
  const result = verifyAudit(database);
  assert.ok(result.ok, JSON.stringify(result));
  assert.deepEqual([result.rows, result.prunedBefore], [7, 2]);
  const bans = trail.activeBans(T0 + MINUTE).map(({ client, tier, numbers }) => [client, tier, numbers]);
  assert.deepEqual(bans, [
    ['192.0.2.2', 4, NUMBERS],
    ['2001:db8::/64', 1, NUMBERS],
  ]);
  assert.deepEqual(trail.positions(), [position('/var/log/nginx/access.log', 4711)]);
  assert.deepEqual(
    trail.allowed().map(({ entry }) => entry),
    ['198.51.100.0/24'],
  );
  trail.append([ban('192.0.2.3')]);
  assert.equal(verifyAudit(database).ok, true);
});

test('a migration that fails leaves the layout before it', (t) => {
  const path = join(folder(t), 'zban.db');
  const broken = [...MIGRATIONS, { version: MIGRATIONS.length + 1, sql: 'CREATE TABLE extra (a); SELECT nonsense;' }];
  assert.throws(() => openDatabase(path, { ...WRITER, migrations: broken }), /nonsense/);
  const { database } = openTrail(t, path);
  assert.equal(database.sql.prepare("SELECT count(*) FROM sqlite_master WHERE name = 'extra'").pluck().get(), 0);
});

test('a newer database is left alone', (t) => {
  const { database, path } = openTrail(t);
  database.sql.pragma('user_version = 99');
  database.close();
  assert.throws(() => openDatabase(path, WRITER), failsWith('too_new', /layout 99/));
  assert.throws(() => openDatabase(path, READER), failsWith('too_new'));
});

test('one writer, any number of readers', (t) => {
  const { trail, database, path } = openTrail(t);
  assert.throws(() => openDatabase(path, WRITER), failsWith('in_use', /another zban/));
  trail.append([ban('192.0.2.1')]);
  const readers = [openDatabase(path, READER), openDatabase(path, READER)];
  for (const reader of readers) {
    afterwards(t, () => reader.close());
    assert.equal(new TrailReader(reader).query({ limit: 9 }).length, 1);
  }
  trail.append([ban('192.0.2.2')]);
  for (const reader of readers) assert.equal(new TrailReader(reader).query({ limit: 9, afterId: 1 }).length, 1);
  database.close();
  database.close();
  openDatabase(path, WRITER).close();
});

test('what cannot be a database is said with the way to fix it', (t) => {
  const here = folder(t);
  const garbage = join(here, 'garbage.db');
  writeFileSync(garbage, 'no database '.repeat(1000));
  assert.throws(() => openDatabase(garbage, WRITER), failsWith('corrupt', /garbage\.db.*sets it aside/));
  assert.throws(() => openDatabase(garbage, READER), failsWith('corrupt'));
  assert.throws(() => openDatabase(here, WRITER), failsWith('cannot_open', /ls -ld/));
  assert.throws(() => openDatabase(join(garbage, 'zban.db'), WRITER), failsWith('cannot_open'));
  assert.throws(() => openDatabase(join(here, 'missing.db'), READER), failsWith('missing', /missing\.db/));
  assert.equal(existsSync(join(here, 'missing.db')), false);
});

test('a damaged database is said to be damaged when it is read', (t) => {
  const { trail, database, path } = openTrail(t);
  trail.append(Array.from({ length: 2000 }, (_, i) => ban(`192.0.2.${i % 250}`)));
  database.close();
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 4096 * 3);
  writeFileSync(path, bytes);
  const reader = () => {
    const opened = openDatabase(path, READER);
    afterwards(t, () => opened.close());
    return new TrailReader(opened).query({ limit: 5000 });
  };
  assert.throws(reader, failsWith('corrupt'));
});

test('a held database is said to be held', (t) => {
  const { database, path } = openTrail(t);
  database.close();
  const other = new BetterSqlite3(path);
  afterwards(t, () => void other.close());
  other.exec('BEGIN EXCLUSIVE');
  assert.throws(() => openDatabase(path, WRITER), failsWith('locked', /fuser/));
});

test('a full disk is said to be full, also for a new database', { skip: notRoot }, (t) => {
  const disk = smallDisk(t);
  fill(disk);
  assert.throws(() => openDatabase(join(disk, 'zban.db'), WRITER), failsWith('full', /df /));
});

test('a disk mounted read-only is said to be so', { skip: notRoot }, (t) => {
  const disk = smallDisk(t);
  const path = join(disk, 'zban.db');
  openDatabase(path, WRITER).close();
  execFileSync('mount', ['-o', 'remount,ro', disk]);
  assert.throws(() => openDatabase(path, WRITER), failsWith('read_only', /remount,rw/));
  const reader = openDatabase(path, READER);
  afterwards(t, () => reader.close());
  assert.equal(verifyAudit(reader).ok, true);
});

/** Opens for reading, or writing, as a user without rights, in a process of its own. */
function openAsNobody(path: string, how: 'read' | 'write'): string {
  const script = `
    import { openDatabase } from ${JSON.stringify(new URL('../../src/record/database/database.ts', import.meta.url).href)};
    import { TrailReader } from ${JSON.stringify(new URL('../../src/record/trail/trail-reader.ts', import.meta.url).href)};
    import 'better-sqlite3';
    process.setgroups([]); process.setgid(65534); process.setuid(65534);
    try {
      const database = openDatabase(${JSON.stringify(path)}, { busyTimeoutMs: 20, openTimeoutMs: 50, readonly: ${how === 'read'} });
      console.log(new TrailReader(database).query({ limit: 9 }).length);
    } catch (error) { console.log(error.code) }`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.equal(stderr, '');
  return stdout.trim();
}

test('somebody who may only read can read: beside the daemon, after it stopped, after it was killed', {
  skip: notRoot,
}, (t) => {
  const here = folder(t);
  chmodSync(here, 0o755);
  const { trail, database, path } = openTrail(t, join(here, 'zban.db'));
  trail.append([ban('192.0.2.1')]);
  assert.equal(openAsNobody(path, 'read'), 'no_permission');
  chmodSync(here, 0o700);
  assert.equal(openAsNobody(path, 'read'), 'no_permission');
  chmodSync(here, 0o755);
  for (const file of [path, `${path}-wal`, `${path}-shm`]) chmodSync(file, 0o644);
  assert.equal(openAsNobody(path, 'read'), '1');
  assert.equal(openAsNobody(path, 'write'), 'no_permission');
  trail.append([ban('192.0.2.2')]);
  assert.equal(openAsNobody(path, 'read'), '2');
  database.close();
  assert.equal(openAsNobody(path, 'read'), '2');
  const again = openTrail(t, path);
  again.trail.append([ban('192.0.2.3')]);
  assert.equal(openAsNobody(path, 'read'), '3');
  // The files as a killed daemon leaves them.
  const left = join(here, 'left');
  mkdirSync(left, { mode: 0o755 });
  for (const end of ['', '-wal', '-shm']) {
    writeFileSync(join(left, `zban.db${end}`), readFileSync(`${path}${end}`), { mode: 0o644 });
  }
  assert.equal(openAsNobody(join(left, 'zban.db'), 'read'), '3');
});

test('a database that opens but does not take a write is refused at once', { skip: notRoot }, (t) => {
  const here = folder(t);
  chmodSync(here, 0o777);
  const { trail, database, path } = openTrail(t, join(here, 'zban.db'));
  trail.append([ban('192.0.2.1')]);
  database.close();
  for (const file of [path, `${path}.lock`, `${path}-wal`]) chownSync(file, 65_534, 65_534);
  chmodSync(`${path}-shm`, 0o644);
  assert.equal(openAsNobody(path, 'write'), 'read_only');
});
