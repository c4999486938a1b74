/** Rows that are written by another thread: what waits for them, what does not, and in which order they come. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import BetterSqlite3 from 'better-sqlite3';
import type { Batch } from '../../src/record/chain/trail-statements.ts';
import type { TrailWriter } from '../../src/record/chain/trail-writer.ts';
import { verifyAudit } from '../../src/record/chain/verify.ts';
import { openDatabase } from '../../src/record/database/database.ts';
import { ReadConnection } from '../../src/record/database/read-connection.ts';
import { WriteGate } from '../../src/record/database/write-gate.ts';
import { recordError } from '../../src/record/error.ts';
import type { Call } from '../../src/record/thread/call.ts';
import { RecordThread } from '../../src/record/thread/record-thread.ts';
import { AuditTrail } from '../../src/record/trail/audit-trail.ts';
import { createWriter } from '../support/direct-writer.ts';
import { afterwards, ban, draft, folder, MINUTE, position, savedPositions, T0 } from './examples.ts';

/** A trail whose writer does nothing until it is told to. */
function openSlow(t: TestContext) {
  const path = join(folder(t), 'zban.db');
  const database = openDatabase(path, { busyTimeoutMs: 20 });
  afterwards(t, () => database.close());
  const target = createWriter(database);
  const asked: { readonly batch: Batch; readonly done: (outcome: never) => void }[] = [];
  const writer = ((_method: 'write', batch: Batch, done: (outcome: never) => void) =>
    void asked.push({ batch, done })) as unknown as Call<TrailWriter>;
  const clock = { ms: T0 };
  const gate = new WriteGate(path, () => clock.ms);
  const trail = new AuditTrail({ database, writer, gate, configVersion: 'c0ffee123456' });
  return {
    ...{ trail, database, asked, clock },
    /** The writer gets along by one batch. */
    write: () => {
      const { batch, done } = asked.shift() ?? assert.fail('nothing was asked for');
      done({ ok: true, value: target.write(batch) } as never);
    },
    refuse: () => asked.shift()?.done({ ok: false, error: recordError('full', path, 'is full') } as never),
    /** Bans that the firewall should hold. */
    held: () => Object.fromEntries([...trail.enforcedEnds(T0)].map(({ target: client, untilMs }) => [client, untilMs])),
  };
}

async function isResolved(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), new Promise<boolean>((resolve) => setImmediate(resolve, false))]);
}

test('a ban, its change and its end reach the firewall once their rows are on disk', async (t) => {
  const { trail, write, held } = openSlow(t);
  trail.append([ban('192.0.2.1')]);
  const recorded = trail.settled();
  assert.ok(trail.findActiveBan('192.0.2.1', T0), 'what decides knows of it at once');
  assert.deepEqual([held(), trail.findEnforcedEnd('192.0.2.1', T0)], [{}, undefined]);
  assert.equal(trail.isUnderWay('192.0.2.1'), true);
  assert.equal(await isResolved(recorded), false);
  write();
  assert.equal(await isResolved(recorded), true);
  const first = T0 + 10 * MINUTE;
  assert.deepEqual([held(), trail.isUnderWay('192.0.2.1')], [{ '192.0.2.1': first }, false]);
  trail.append([ban('192.0.2.1', { durationSeconds: null })]);
  assert.deepEqual([held(), trail.findEnforcedEnd('192.0.2.1', T0)], [{ '192.0.2.1': first }, first]);
  trail.append([draft('unban', '192.0.2.1')]);
  write();
  assert.deepEqual(held(), { '192.0.2.1': first }, 'the row of its end is still under way');
  write();
  assert.deepEqual(held(), {});
});

test('what is recorded while a batch is under way is the next batch, with the newest position', async (t) => {
  const { trail, write, asked, database } = openSlow(t);
  for (let n = 1; n <= 50; n++) trail.append([ban(`192.0.2.${n}`)], { positions: [position('/a.log', n)] });
  assert.deepEqual(
    asked.map(({ batch }) => JSON.parse(batch.rows).length),
    [1],
  );
  const first = trail.settled();
  write();
  assert.deepEqual(
    asked.map(({ batch }) => [JSON.parse(batch.rows).length, batch.extra.positions?.[0]?.offset]),
    [[49, 50]],
  );
  assert.equal(await isResolved(first), false);
  const durable = trail.isDurable();
  trail.append([draft('stop', null)]);
  write();
  assert.equal(await isResolved(first), true, 'later rows are not waited for');
  assert.equal(await durable, true);
  const drained = trail.drain();
  write();
  assert.equal(await drained, true);
  assert.deepEqual(savedPositions(database), [position('/a.log', 50)]);
  const result = verifyAudit(database);
  assert.equal(result.ok && result.rows, 51);
});

test('a state that comes without a row is saved once it is on disk, and no sooner; one that the disk refuses is not waited for', async (t) => {
  const { trail, write, refuse } = openSlow(t);
  trail.saveState('said', Buffer.from('1'));
  assert.equal(await isResolved(trail.settled()), true, 'no row is on its way');
  const first = trail.saved();
  trail.saveState('said', Buffer.from('2'));
  const second = trail.saved();
  assert.equal(await isResolved(first), false);
  write();
  assert.deepEqual([await isResolved(first), await isResolved(second)], [true, false]);
  refuse();
  assert.equal(await isResolved(second), true);
});

test('a disk that refuses holds nothing up: bans are enforced, and rows are written in order later', async (t) => {
  const { trail, write, refuse, held, asked, clock, database } = openSlow(t);
  trail.append([ban('192.0.2.1', { durationSeconds: null })], { positions: [position('/a.log', 1)] });
  const recorded = trail.settled();
  trail.append([ban('192.0.2.2', { durationSeconds: null })]);
  refuse();
  assert.deepEqual([await isResolved(recorded), await trail.isDurable()], [true, false]);
  assert.equal(trail.status.trouble?.code, 'full');
  assert.deepEqual(held(), { '192.0.2.1': null, '192.0.2.2': null });
  trail.append([ban('192.0.2.3', { durationSeconds: null })]);
  assert.deepEqual([asked.length, await isResolved(trail.settled()), Object.keys(held()).length], [0, true, 3]);
  clock.ms += 1000;
  trail.append([], { positions: [position('/b.log', 2)] });
  write();
  assert.deepEqual(trail.status, { backlog: 0, lost: 0, trouble: undefined });
  assert.deepEqual(savedPositions(database), [position('/a.log', 1), position('/b.log', 2)]);
  const result = verifyAudit(database);
  assert.equal(result.ok && result.rows, 3);
});

test('a batch that finds another database follows it, and the firewall loses no ban meanwhile', (t) => {
  const { trail, write, held, asked } = openSlow(t);
  trail.append([ban('192.0.2.1', { durationSeconds: null })]);
  write();
  const [entry = assert.fail()] = trail.append([ban('192.0.2.2', { durationSeconds: null })]);
  const { done } = asked.shift() ?? assert.fail();
  assert.equal(entry.id, 2);
  done({ ok: true, value: { kind: 'other', end: { id: 1, hash: trail.query({ limit: 1 })[0]?.hash } } } as never);
  assert.deepEqual(Object.keys(held()), ['192.0.2.1']);
  write();
  assert.deepEqual(Object.keys(held()), ['192.0.2.1', '192.0.2.2']);
  assert.equal(trail.newest(entry).id, 2);
});

test('the thread waits for a lock, not this one; then everything is there', async (t) => {
  const home = folder(t);
  const path = join(home, 'zban.db');
  const text = { path: join(home, 'audit.log'), bytesMax: 10_000, keep: 1 };
  const thread = await RecordThread.open({ database: path, busyTimeoutMs: 20_000, text });
  const database = new ReadConnection(path, 20);
  const gate = new WriteGate(path, () => T0);
  const trail = new AuditTrail({ database, writer: thread.call, gate, configVersion: 'c0ffee123456' });
  const other = new BetterSqlite3(path);
  other.exec('BEGIN EXCLUSIVE');
  trail.append([ban('192.0.2.1')]);
  // Written here, this would have waited for its own release, in vain.
  assert.equal(await isResolved(trail.settled()), false);
  other.exec('ROLLBACK');
  other.close();
  assert.equal(await trail.drain(), true);
  assert.equal(trail.status.trouble, undefined);
  assert.equal(trail.query({ limit: 9 }).length, 1);
  database.close();
  await thread.close();
  await assert.rejects(RecordThread.open({ database: home, busyTimeoutMs: 20, text }), /is no file/);
});
