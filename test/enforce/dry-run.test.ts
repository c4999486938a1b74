/** The contract for the table in memory; packets aside, the same as for a kernel. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operation } from '../../src/enforce/backend.ts';
import { createDryRunBackend } from '../../src/enforce/dry-run.ts';
import { listed } from './world.ts';

const add = (target: string, untilMs: number | null): Operation => ({ target, untilMs });
const remove = (target: string): Operation => ({ target, untilMs: undefined });

function setUp() {
  const clock = { nowMs: 1000 };
  const backend = createDryRunBackend(() => clock.nowMs);
  return { clock, backend, apply: (...operations: Operation[]) => backend.apply(operations, clock.nowMs) };
}

test('set-up, bans, new ends and removal', async () => {
  const { backend, apply } = setUp();
  assert.equal((await backend.setUp()).length, 1);
  assert.deepEqual(await backend.setUp(), []);
  await apply(add('192.0.2.1', 5000), add('2001:db8::/64', null));
  await apply(add('192.0.2.1', 9000), remove('192.0.2.2'));
  assert.deepEqual(await listed(backend), [
    { target: '192.0.2.1', untilMs: 9000 },
    { target: '2001:db8::/64', untilMs: null },
  ]);
  assert.equal(await backend.confirm([add('192.0.2.1', 9000), remove('192.0.2.2')], 1000), true);
  assert.equal(await backend.confirm([add('192.0.2.2', 9000)], 1000), false);
  assert.equal(await backend.confirm([remove('192.0.2.1')], 1000), false);
  await apply(remove('192.0.2.1'));
  assert.deepEqual(await listed(backend), [{ target: '2001:db8::/64', untilMs: null }]);
});

test('bans end by themselves', async () => {
  const { clock, backend, apply } = setUp();
  await apply(add('192.0.2.1', 5000), add('192.0.2.2', 1000), add('192.0.2.3', null));
  clock.nowMs = 4999;
  assert.equal(await backend.confirm([add('192.0.2.1', 5000)], clock.nowMs), true);
  clock.nowMs = 5000;
  assert.equal(await backend.confirm([remove('192.0.2.1')], clock.nowMs), true);
  assert.deepEqual(await listed(backend), [{ target: '192.0.2.3', untilMs: null }]);
});

test('what cannot be banned is refused, and the rest is done', async () => {
  const { backend, apply } = setUp();
  await assert.rejects(apply(add('::/0', null), add('nonsense', null), add('192.0.2.1', null)), {
    code: 'kernel_refused',
  });
  assert.deepEqual(await listed(backend), [{ target: '192.0.2.1', untilMs: null }]);
});
