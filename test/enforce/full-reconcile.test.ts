/** Changes beside a full reconcile: whoever waits for one hears what came of it, whoever of the two told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createEnforcer } from '../../src/enforce/enforcer.ts';
import { HOUR_MS, setUp } from './faulty-kernel.ts';
import { desiredBans, eventually } from './world.ts';

test('a change that a full reconcile has taken up resolves when that has told what came of it', async (t) => {
  const { kernel, enforcer, ban, news } = setUp(t);
  await enforcer.start();
  const { promise, resolve } = Promise.withResolvers<void>();
  const { list } = kernel;
  let lists = 0;
  t.mock.method(kernel, 'list', async (...args: Parameters<typeof list>) => {
    if (++lists === 2) await promise;
    return list(...args);
  });
  ban('192.0.2.1');
  void enforcer.reconcile();
  await eventually(() => lists === 2);
  const told: string[] = [];
  const changed = enforcer.changed().then(() => told.push(...news));
  for (let turn = 0; turn < 10; turn++) await setImmediate();
  resolve();
  await changed;
  assert.deepEqual(told, ['confirmed 192.0.2.1']);
});

test('a change whose end a full reconcile saw first resolves when that has told it', async (t) => {
  const { kernel, ban, desired } = setUp(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  const told: number[] = [];
  const enforcer = createEnforcer({
    ...{ backend: kernel, desired: desiredBans(desired), now: Date.now, reconcileMs: HOUR_MS },
    leaveOthers: async () => {},
    onResult: async ({ confirmed }) => {
      await promise;
      // As long as recording some takes.
      for (let turn = 0; turn < 20; turn++) await setImmediate();
      told.push(confirmed.length);
    },
    onTrouble: () => {},
    log: () => {},
  });
  t.after(() => enforcer.stop());
  await enforcer.start();
  for (let n = 0; n < 1000; n++) ban(`10.9.${n >> 8}.${n & 255}`);
  const changed = enforcer.changed().then(() => told.reduce((sum, count) => sum + count, 0));
  await eventually(() => kernel.calls.includes('confirm'));
  kernel.calls.length = 0;
  const full = enforcer.reconcile();
  await eventually(() => kernel.calls.includes('list'));
  resolve();
  assert.equal(await changed, 1000);
  await full;
});

test('a change that a full reconcile meets as it reads what should stand is confirmed without waiting for its end', async (t) => {
  const { kernel, ban, desired, news } = setUp(t);
  const targets = desiredBans(desired);
  const enforcer = createEnforcer({
    ...{ backend: kernel, now: Date.now, reconcileMs: HOUR_MS, leaveOthers: async () => {} },
    desired: {
      ...targets,
      *all() {
        // Lifted and ordered after it took up what had changed.
        if (desired.delete('192.0.2.1')) ban('192.0.2.2');
        yield* targets.all();
      },
    },
    onResult: ({ confirmed, released }) =>
      void news.push(...confirmed, ...released.map((target) => `released ${target}`)),
    onTrouble: () => {},
    log: () => {},
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  t.after(() => {
    resolve();
    return enforcer.stop();
  });
  await enforcer.start();
  ban('192.0.2.1');
  await enforcer.changed();
  assert.deepEqual(news.splice(0), ['192.0.2.1']);
  const { list } = kernel;
  let lists = 0;
  t.mock.method(kernel, 'list', async (...args: Parameters<typeof list>) => {
    if (++lists === 2) await promise;
    return list(...args);
  });
  const full = enforcer.reconcile();
  await eventually(() => lists === 2);
  await enforcer.changed();
  assert.deepEqual(news.splice(0).sort(), ['192.0.2.2', 'released 192.0.2.1']);
  resolve();
  await full;
  assert.deepEqual(news, []);
});
