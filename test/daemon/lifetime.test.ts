/** Whatever happens at a start or at an end, everything is closed, in order, and nothing begins afterwards. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { Lifetime } from '../../src/daemon/lifetime.ts';
import { rehearse } from '../../src/daemon/start/rehearsal.ts';
import { openDatabase } from '../../src/record/database/database.ts';
import { loadInTurns } from '../../src/record/projection/projection-table.ts';
import { MAIN } from '../support/built.ts';
import { TestDaemon, until } from '../support/daemon.ts';
import { temporaryFolder } from '../support/folder.ts';
import { logLine } from '../support/traffic.ts';
import { DEADLINE_MS } from '../support/until.ts';

test('everything is closed, the newest first, though some of it fails', async () => {
  const closed: string[] = [];
  const said: string[] = [];
  const lifetime = new Lifetime((_level, message) => said.push(message));
  lifetime.own('the first', () => closed.push('first'));
  lifetime.own('the second', async () => {
    closed.push('second');
    throw new Error('the second fails');
  });
  lifetime.own('the third', () => {
    closed.push('third');
    throw new Error('the third fails');
  });
  await assert.rejects(lifetime.close(), /the third fails/);
  assert.deepEqual(closed, ['third', 'second', 'first']);
  assert.deepEqual(said, ['the third could not be closed', 'the second could not be closed']);
  assert.throws(() => lifetime.own('one that comes late', () => {}), ReferenceError);
});

function folder(t: TestContext): string {
  const path = temporaryFolder(t);
  return path;
}

test('the history of a log is given up where it stands, and nothing of it is under way afterwards', async (t) => {
  const path = join(folder(t), 'access.log');
  const second = Math.floor(Date.now() / 1000) - 60;
  // A few chunks of a megabyte.
  writeFileSync(path, `${logLine(second, '203.0.113.9', '/page')}\n`.repeat(30_000));
  const starting = new AbortController();
  const underWay = new Set<Promise<void>>();
  let fed = 0;
  const feed = () => {
    fed++;
    starting.abort();
    const work = new Promise<void>((resolve) => setImmediate(resolve)).finally(() => underWay.delete(work));
    underWay.add(work);
    return work;
  };
  const rehearsal = rehearse({
    config: configSchema.parse({ logs: [{ path }] }),
    positions: [],
    state: undefined,
    pipeline: { feed, send: async () => ({}) as never, finish: async () => {}, lines: 0, forgetCounts: () => {} },
    now: Date.now,
    log: () => {},
    onProgress: () => {},
    signal: starting.signal,
  });
  await assert.rejects(rehearsal, { name: 'AbortError' });
  assert.equal(fed, 1);
  assert.equal(underWay.size, 0);
});

test('the loading of a large database is given up, and leaves the database usable', async (t) => {
  const database = openDatabase(join(folder(t), 'zban.db'), { busyTimeoutMs: 100 });
  t.after(() => database.close());
  const { sql } = database;
  sql.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
    INSERT INTO offences (scope, enforced, client, tier, last_ms) SELECT 'now', 1, 'client ' || i, 1, i FROM n`);
  const starting = new AbortController();
  setImmediate(() => starting.abort());
  await assert.rejects(loadInTurns(database, starting.signal), { name: 'AbortError' });
  assert.equal((await loadInTurns(database)).offences.enforced.size, 30_000);
});

/** A daemon whose firewall is a script: `list` prints what `stands` holds, both may take their time. */
function makeDaemon(t: TestContext, scripts: { readonly list?: string; readonly apply?: string }): TestDaemon {
  const daemon = new TestDaemon();
  t.after(() => daemon.close());
  const shell = (script: string) => ['/bin/sh', '-c', `cd ${daemon.folder}; ${script}`];
  const exec = { apply: shell(scripts.apply ?? 'cat >/dev/null'), ...(scripts.list && { list: shell(scripts.list) }) };
  daemon.configure({ firewall: { backend: 'exec', command_timeout: '5m', exec } });
  return daemon;
}

test('SIGTERM is obeyed at once while the firewall is brought in line for the first time', async (t) => {
  const daemon = makeDaemon(t, { list: 'touch listing; sleep 600' });
  writeFileSync(daemon.log, `${logLine(Math.floor(Date.now() / 1000) - 1, '203.0.113.9', '/')}\n`);
  void daemon.start().catch(() => {});
  await until('the listing', () => existsSync(join(daemon.folder, 'listing')));
  assert.equal(daemon.status()?.state, 'starting', 'it answers meanwhile');
  const began = performance.now();
  assert.equal(await daemon.stop(), 0);
  assert.ok(performance.now() - began < DEADLINE_MS, 'the firewall gets five minutes for a command');
  assert.match(daemon.stderr, /stopped during the start/);
  assert.doesNotMatch(daemon.stderr, /"level":"error"/);
  const database = openDatabase(daemon.database, { busyTimeoutMs: 100, readonly: true });
  t.after(() => database.close());
  // How this host's clock stands, and under which names bans may stand, is known from the first moment.
  const saved = database.sql
    .prepare("SELECT key FROM state WHERE key NOT IN ('clock', 'firewall names')")
    .pluck()
    .all();
  assert.deepEqual(saved, [], 'a start that was given up has learned nothing');
});

test('a ban that is being carried out when the daemon stops is carried out and answered', async (t) => {
  const daemon = makeDaemon(t, { apply: 'cat >/dev/null; touch applying; while ! test -e go; do sleep 0.05; done' });
  writeFileSync(daemon.log, '');
  const child = await daemon.start();
  const node = process.execPath;
  const ban = spawn(node, [MAIN, 'ban', '203.0.113.9', '--config', daemon.configPath], { stdio: 'pipe' });
  let said = '';
  for (const stream of [ban.stdout, ban.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  const answered = once(ban, 'exit');
  await until('the ban', () => existsSync(join(daemon.folder, 'applying')));
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await until('the end of the socket', () => !existsSync(join(daemon.folder, 'zban.sock')));
  writeFileSync(join(daemon.folder, 'go'), '');
  assert.equal((await answered)[0], 0, said);
  assert.match(said, /banned/);
  assert.deepEqual(await ended, [0, null]);
  assert.doesNotMatch(daemon.stderr, /"level":"(warn|error)"/);
});
