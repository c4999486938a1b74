/** A daemon that runs and that nobody can ask: its socket is gone, or not there yet. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { reachDaemon } from '../../src/cli/reach-daemon.ts';
import { callDaemon } from '../../src/control/client.ts';
import { openDatabase } from '../../src/record/database/database.ts';
import { serveControl } from '../support/control.ts';
import { place, runZban } from './run-zban.ts';

test('commands say that a daemon runs and cannot be reached, and do nothing behind its back', async (t) => {
  const { folder, config, socket } = place(t);
  // As a daemon has it.
  const database = openDatabase(join(folder, 'zban.db'), { busyTimeoutMs: 100 });
  t.after(() => database.close());
  const [status, unban, flush, panic] = await Promise.all(
    [['status'], ['unban', '192.0.2.1'], ['firewall', 'flush'], ['panic']].map((words) =>
      runZban([...words, '--config', config]),
    ),
  );
  const silent = `zban: a zban daemon runs, but nobody answers on ${socket}: it is starting or stopping, or the socket was removed; if it stays so: systemctl restart zban\n`;
  for (const answer of [status, unban]) assert.deepEqual(answer, { exitCode: 1, stdout: '', stderr: silent });
  assert.equal(flush?.exitCode, 1);
  assert.match(flush?.stderr ?? '', /the daemon is running: systemctl stop zban first/);
  const emptied = 'the firewall is empty, but a zban daemon that does not answer runs and bans again';
  const cure = 'systemctl stop zban, then zban panic again';
  assert.deepEqual(panic, { exitCode: 1, stdout: '', stderr: `zban: ${emptied}: ${cure}\n` });
});

test('a socket that was removed and is made again is waited for', async (t) => {
  const { folder, config, socket } = place(t);
  const database = openDatabase(join(folder, 'zban.db'), { busyTimeoutMs: 100 });
  t.after(() => database.close());
  t.mock.timers.enable({ apis: ['setInterval'] });
  const asked = { panic: async () => ({ ok: true, message: '2 bans lifted', lifted: 2 }) };
  const server = await serveControl(t, socket, asked);
  rmSync(socket);
  const panic = reachDaemon({ configPath: config }, socket, 'panic', { end: false, reason: '', operator: 'ann' });
  // It has found nobody by then; now the daemon looks after its socket.
  await assert.rejects(callDaemon(socket, 'status'), { code: 'not_running' });
  t.mock.timers.tick(1000);
  assert.equal((await panic).message, '2 bans lifted');

  await server.close();
  database.close();
  await assert.rejects(reachDaemon({ configPath: config }, socket, 'status'), { code: 'not_running' });
});
