/** Orders that take long: how far they are, told over the control socket. */

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { callDaemon } from '../../src/control/client.ts';
import type { ControlHandlers, Progress } from '../../src/control/protocol.ts';
import { serveControl } from '../support/control.ts';
import { temporaryFolder } from '../support/folder.ts';
import { until } from '../support/until.ts';

const request = { targets: ['192.0.2.1'], reason: '', operator: 'ann' };

async function start(t: TestContext, handlers: Partial<ControlHandlers>): Promise<{ socket: string }> {
  const socket = join(temporaryFolder(t), 'zban.sock');
  await serveControl(t, socket, handlers, { findPeer: async () => ({ uid: 0, name: 'root' }) });
  return { socket };
}

// First, because its timers are not the real ones: real ones of another test could not be cleared meanwhile.
test('who orders much and reads nothing of it holds nobody up: the order is carried out', async (t) => {
  const told = { target: '192.0.2.1', ok: true, code: 'done', message: 'x'.repeat(1000) } as const;
  const results = Array.from({ length: 10_000 }, () => told);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let [isBegun, isDone] = [false, false];
  const { socket } = await start(t, {
    unban: async (_request, onProgress) => {
      isBegun = true;
      for (let done = 0; done < 3; done++) await onProgress?.({ done, of: 3, results });
      isDone = true;
      return [];
    },
  });
  const client = connect(socket, () =>
    client.write(`${JSON.stringify({ command: 'unban', argument: { ...request, all: true, targets: [] } })}\n`),
  );
  t.after(() => client.destroy());
  client.pause();
  // Before that, the server's patience with who sends nothing would end first.
  await until('the order came', () => isBegun);
  await until('the order is through', async () => {
    t.mock.timers.tick(10_000);
    return isDone;
  });
});

test('an order that takes long tells how far it is, and each sign of it makes the caller wait on', async (t) => {
  const told = { target: '192.0.2.1', ok: true, code: 'done', message: 'unbanned' } as const;
  const steps = [1, 2, 3].map(() => Promise.withResolvers<void>());
  const { socket } = await start(t, {
    unban: async (_request, onProgress) => {
      for (const [index, step] of steps.entries()) {
        await onProgress?.({ done: index, of: 3, results: [told] });
        await step.promise;
      }
      return [told];
    },
  });
  const seen: number[] = [];
  const onProgress = ({ done, results }: Progress) => {
    assert.deepEqual(results, [told]);
    seen.push(done);
    steps[done]?.resolve();
  };
  assert.deepEqual(await callDaemon(socket, 'unban', { ...request, all: false }, { onProgress }), [told]);
  assert.deepEqual(seen, [0, 1, 2]);
});
