/** Requests between two instances of the daemon. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Dispatcher } from '../../src/control/dispatcher.ts';
import type { ControlHandlers } from '../../src/control/protocol.ts';
import { controlHandlers } from '../support/control.ts';

/** Hears of progress. */
const nobody = async () => {};
const REQUEST = { command: 'reload' } as const;

const answering = (message: string): ControlHandlers =>
  controlHandlers({ reload: async () => ({ ok: true, message }) });

test('suspending waits for what was begun; what comes then waits for the next handlers', async () => {
  const work = Promise.withResolvers<{ ok: boolean; message: string }>();
  const dispatcher = new Dispatcher(controlHandlers({ reload: () => work.promise }), () => {});
  let isSuspended = false;
  const begun = dispatcher.dispatch(REQUEST, nobody);
  const suspended = dispatcher.suspend().then(() => {
    isSuspended = true;
  });
  const later = dispatcher.dispatch(REQUEST, nobody);
  await setImmediate();
  assert.equal(isSuspended, false, 'a command is under way');
  work.resolve({ ok: true, message: 'first' });
  assert.deepEqual(await begun, { ok: true, value: { ok: true, message: 'first' } });
  await suspended;
  dispatcher.resume(answering('second'));
  assert.deepEqual(await later, { ok: true, value: { ok: true, message: 'second' } });
});

test('what still waits when the daemon stops is refused in words; what was begun is answered', async () => {
  const work = Promise.withResolvers<{ ok: boolean; message: string }>();
  const dispatcher = new Dispatcher(controlHandlers({ reload: () => work.promise }), () => {});
  const begun = dispatcher.dispatch(REQUEST, nobody);
  const suspended = dispatcher.suspend();
  const waiting = dispatcher.dispatch(REQUEST, nobody);
  dispatcher.end();
  assert.deepEqual(await waiting, { ok: false, message: 'zban is stopping: nothing was done' });
  work.resolve({ ok: true, message: 'done' });
  assert.deepEqual(await begun, { ok: true, value: { ok: true, message: 'done' } });
  await suspended;
});
