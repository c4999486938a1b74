import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOUR_MS, setUp } from './faulty-kernel.ts';

test('while more is about to change the kernel is not asked; the next reconcile asks about all of it, and so do 10,000 changes', async (t) => {
  const { kernel, enforcer, ban, news, desired } = setUp(t);
  await enforcer.start();
  kernel.calls.length = 0;
  const many = (count: number, net: number) => {
    for (let n = 0; n < count; n++) ban(`10.${net}.${n >> 8}.${n & 255}`);
  };
  many(30, 1);
  await enforcer.changed('many');
  many(30, 2);
  desired.delete('10.1.0.7');
  await enforcer.changed('many');
  assert.deepEqual([kernel.calls.splice(0), news], [['apply 30', 'apply 31'], []]);
  ban('192.0.2.1');
  desired.delete('10.2.0.7');
  await enforcer.changed('few');
  assert.deepEqual(kernel.calls.splice(0), ['apply 2', 'confirm']);
  assert.deepEqual(news.splice(0).sort(), ['confirmed 192.0.2.1', 'released 10.2.0.7']);
  await enforcer.changed();
  assert.deepEqual(kernel.calls.splice(0), ['confirm']);
  assert.equal(news.length, 59);
  assert.ok(news.splice(0).includes('released 10.1.0.7'));
  many(10_000, 3);
  await enforcer.changed('many');
  assert.deepEqual([kernel.calls.at(-1), news.length], ['confirm', 10_000]);
});

test('what went ahead while a full reconcile ran is told once, by whoever asks first', async (t) => {
  const { enforcer, ban, news } = setUp(t);
  await enforcer.start();
  ban('192.0.2.1');
  await enforcer.changed('many');
  await enforcer.reconcile();
  assert.deepEqual(news, ['confirmed 192.0.2.1']);
  await enforcer.changed();
  assert.deepEqual(news, ['confirmed 192.0.2.1']);
});

test('a few changes are waited for until the kernel has shown them, also beside many that are applied at that moment', async (t) => {
  const { kernel, enforcer, ban, news } = setUp(t, Date.now, HOUR_MS, new Set(['192.0.2.1', '192.0.2.2']));
  await enforcer.start();
  for (let n = 0; n < 30; n++) ban(`10.0.0.${n}`);
  ban('192.0.2.1');
  const { promise, resolve: answer } = Promise.withResolvers<void>();
  const confirm = kernel.confirm.bind(kernel);
  kernel.confirm = async (operations, nowMs) => {
    if (operations.length > 1) await promise;
    return confirm(operations, nowMs);
  };
  const all = enforcer.changed();
  await enforcer.changed('few');
  const first = [...news];
  answer();
  await all;
  assert.deepEqual(first, ['confirmed 192.0.2.1'], 'before the many');
  assert.equal(news.length, 31);
  ban('192.0.2.2');
  await enforcer.changed();
  assert.equal(news.at(-1), 'confirmed 192.0.2.2', 'all are the few as well');
});
