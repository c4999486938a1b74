/** The control socket while one instance of the daemon gives way to the next. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { callDaemon } from '../../src/control/client.ts';
import type { Outcome } from '../../src/control/protocol.ts';
import { controlHandlers, serveControl } from '../support/control.ts';
import { temporaryFolder } from '../support/folder.ts';

const answering = (message: string) => controlHandlers({ reload: async () => ({ ok: true, message }) });

/** A server, and a request that its first instance is carrying out. */
async function start(t: TestContext) {
  const folder = temporaryFolder(t);
  const socket = join(folder, 'zban.sock');
  const [begun, work] = [Promise.withResolvers<void>(), Promise.withResolvers<Outcome>()];
  const reload = () => {
    begun.resolve();
    return work.promise;
  };
  const arrived = Promise.withResolvers<void>();
  const findPeer = async () => {
    arrived.resolve();
    return { uid: 0, name: 'root' };
  };
  const server = await serveControl(t, socket, { reload }, { findPeer });
  const first = callDaemon(socket, 'reload');
  await begun.promise;
  return { folder, socket, server, first, work, arrived: arrived.promise };
}

test('suspending waits for what was begun; what comes then waits for the next instance', async (t) => {
  const { socket, server, first, work } = await start(t);
  let isSuspended = false;
  const suspended = server.suspend().then(() => {
    isSuspended = true;
  });
  const later = callDaemon(socket, 'reload');
  await setImmediate();
  assert.equal(isSuspended, false, 'a command is under way');
  work.resolve({ ok: true, message: 'first' });
  assert.deepEqual(await first, { ok: true, message: 'first' });
  await suspended;
  await server.serve({ socket, handlers: answering('second') });
  assert.deepEqual(await later, { ok: true, message: 'second' });
});

test('what still waits when the daemon stops is refused in words; what was begun is answered', async (t) => {
  const { socket, server, first, work, arrived } = await start(t);
  const suspended = server.suspend();
  const waiting = callDaemon(socket, 'annotate', { text: 'deploy', operator: 'ann' });
  await arrived;
  const closed = server.close();
  await assert.rejects(waiting, { code: 'failed', message: 'zban is stopping: nothing was done' });
  work.resolve({ ok: true, message: 'done' });
  assert.deepEqual(await first, { ok: true, message: 'done' });
  await suspended;
  await closed;
});

test('the next instance may answer at another socket: who waits at the old one is answered too, and it is gone', async (t) => {
  const { folder, socket, server, first, work, arrived } = await start(t);
  work.resolve({ ok: true, message: 'first' });
  await first;
  await server.suspend();
  const waiting = callDaemon(socket, 'annotate', { text: 'deploy', operator: 'ann' });
  await arrived;
  const other = join(folder, 'other.sock');
  const annotate = async () => ({ ok: true, message: 'noted' });
  await server.serve({ socket: other, handlers: { ...answering('second'), annotate } });
  assert.deepEqual(await waiting, { ok: true, message: 'noted' });
  assert.equal(existsSync(socket), false);
  assert.deepEqual(await callDaemon(other, 'reload'), { ok: true, message: 'second' });
});

test('an instance that cannot have its socket answers nobody: who waits is answered by the next', async (t) => {
  const { folder, socket, server, first, work } = await start(t);
  work.resolve({ ok: true, message: 'first' });
  await first;
  await server.suspend();
  const taken = join(folder, 'taken.sock');
  await serveControl(t, taken);
  const waiting = callDaemon(socket, 'reload');
  await assert.rejects(server.serve({ socket: taken, handlers: answering('never') }), { code: 'already_running' });
  await server.serve({ socket, handlers: answering('again') });
  assert.deepEqual(await waiting, { ok: true, message: 'again' });
});

test('an order whose caller hung up is through before the server is closed', async (t) => {
  const { socket, server, work } = await start(t);
  const [begun, ordered] = [Promise.withResolvers<void>(), Promise.withResolvers<Outcome>()];
  const annotate = () => {
    begun.resolve();
    return ordered.promise;
  };
  await server.serve({ socket, handlers: controlHandlers({ annotate }) });
  const request = { command: 'annotate', argument: { text: 'deploy', operator: 'ann' } };
  const client = connect(socket, () => client.write(`${JSON.stringify(request)}\n`));
  await begun.promise;
  client.destroy();
  // The server hears of it.
  for (let turns = 0; turns < 100; turns++) await setImmediate();
  work.resolve({ ok: true, message: 'first' });
  let isClosed = false;
  const closed = server.close().then(() => {
    isClosed = true;
  });
  for (let turns = 0; turns < 20; turns++) await setImmediate();
  assert.equal(isClosed, false, 'the order is under way');
  ordered.resolve({ ok: true, message: 'noted' });
  await closed;
});
