import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnforcementError, type KernelBan } from '../../src/enforce/backend.ts';
import fc from '../support/fast-check.ts';
import { HOUR_MS, setUp } from './faulty-kernel.ts';
import { eventually, listed } from './world.ts';

test('a change is confirmed by name, without setting up or listing again', async (t) => {
  const { kernel, enforcer, ban, news, desired } = setUp(t);
  await enforcer.start();
  kernel.calls.length = 0;
  ban('192.0.2.1');
  await enforcer.changed();
  assert.deepEqual(news, ['confirmed 192.0.2.1']);
  desired.clear();
  await enforcer.changed();
  assert.deepEqual(news, ['confirmed 192.0.2.1', 'released 192.0.2.1']);
  assert.deepEqual(kernel.calls, ['apply 1', 'confirm', 'apply 1', 'confirm']);
});

test('a burst of changes is confirmed in one go, without setting up or listing all again', async (t) => {
  const { kernel, enforcer, ban, news } = setUp(t);
  await enforcer.start();
  kernel.calls.length = 0;
  for (let n = 0; n < 5000; n++) ban(`10.9.${n >> 8}.${n & 255}`);
  await enforcer.changed();
  assert.deepEqual(kernel.calls, ['apply 2000', 'apply 2000', 'apply 1000', 'confirm']);
  assert.equal(news.length, 5000);
});

test('a few changes go ahead of many, between two portions; what they lift of the many is told once', async (t) => {
  const { kernel, enforcer, ban, news, desired } = setUp(t);
  await enforcer.start();
  ban('192.0.2.1');
  await enforcer.changed();
  kernel.calls.length = news.length = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  kernel.gate = promise;
  for (let n = 0; n < 5000; n++) ban(`10.9.${n >> 8}.${n & 255}`);
  const many = enforcer.changed();
  await eventually(() => kernel.calls.length > 0);
  for (const target of ['192.0.2.1', '10.9.0.7']) desired.delete(target);
  const few = enforcer.changed('few');
  resolve();
  await few;
  assert.deepEqual(kernel.calls.slice(0, 2), ['apply 2000', 'apply 2']);
  assert.deepEqual(news.slice(0, 2).sort(), ['released 10.9.0.7', 'released 192.0.2.1']);
  await many;
  assert.equal(news.length, 2 + 4999);
  assert.ok(!kernel.calls.includes('setUp') && !news.includes('confirmed 10.9.0.7'));
  assert.equal((await listed(kernel)).length, 4999);
});

test('at the start what stands is confirmed, what is missing is added, and surplus is released', async (t) => {
  const { kernel, enforcer, ban, news } = setUp(t);
  const untilMs = Date.now() + HOUR_MS;
  const leftover = ['192.0.2.1', '192.0.2.66'].map((target) => ({ target, untilMs }) as const);
  await kernel.apply(leftover, Date.now());
  ban('192.0.2.1');
  ban('192.0.2.2', null);
  await enforcer.start();
  assert.deepEqual(news.sort(), ['confirmed 192.0.2.1', 'confirmed 192.0.2.2', 'released 192.0.2.66']);
});

test('while one reconcile runs, all further changes share one more', async (t) => {
  const { kernel, enforcer, ban, news } = setUp(t);
  await enforcer.start();
  kernel.calls.length = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  kernel.gate = promise;
  ban('192.0.2.1');
  const first = enforcer.changed();
  await eventually(() => kernel.calls.length > 0);
  const rest = [2, 3, 4, 5].map((host) => {
    ban(`192.0.2.${host}`);
    return enforcer.changed();
  });
  resolve();
  await Promise.all([first, ...rest]);
  assert.deepEqual(kernel.calls, ['apply 1', 'confirm', 'apply 4', 'confirm']);
  assert.equal(news.length, 5);
});

test('a change resolves after a reconcile that began after it', async (t) => {
  const { kernel, enforcer, ban, news } = setUp(t);
  await enforcer.start();
  const { promise, resolve } = Promise.withResolvers<void>();
  kernel.gate = promise;
  const running = enforcer.reconcile();
  await eventually(() => kernel.calls.length > 0);
  ban('192.0.2.1');
  const changed = enforcer.changed();
  resolve();
  await running;
  await changed;
  assert.deepEqual(news, ['confirmed 192.0.2.1']);
});

test('a new end is confirmed anew, an old one is not told twice', async (t) => {
  const { enforcer, ban, news, kernel } = setUp(t);
  ban('192.0.2.1');
  await enforcer.start();
  await enforcer.reconcile();
  await enforcer.changed();
  assert.deepEqual(news, ['confirmed 192.0.2.1']);
  ban('192.0.2.1', null);
  await enforcer.changed();
  assert.deepEqual(news, ['confirmed 192.0.2.1', 'confirmed 192.0.2.1']);
  assert.deepEqual(await listed(kernel), [{ target: '192.0.2.1', untilMs: null }]);
});

test('what somebody took out comes back with the next full reconcile, silently', async (t) => {
  const { enforcer, ban, news, kernel } = setUp(t);
  ban('192.0.2.1');
  await enforcer.start();
  kernel.wipe();
  await enforcer.reconcile();
  assert.equal((await listed(kernel)).length, 1);
  assert.deepEqual(news, ['confirmed 192.0.2.1']);
});

test('a flushed table is noticed while full reconciles rest because they take long', async (t) => {
  const { enforcer, ban, kernel } = setUp(t, Date.now, 50);
  ban('192.0.2.1');
  ban('2001:db8::/64');
  // Two seconds make the next full one rest for twenty.
  kernel.gate = new Promise((resolve) => setTimeout(resolve, 2000));
  await enforcer.start();
  kernel.calls.length = 0;
  await eventually(() => kernel.calls.length >= 2);
  assert.deepEqual(new Set(kernel.calls), new Set(['confirm']), 'a look is all it takes');
  kernel.wipe();
  assert.ok(await eventually(async () => (await listed(kernel)).length === 2, 10_000));
});

test('a change of very many bans is applied at once, and listed, not asked for one by one', async (t) => {
  const { enforcer, ban, news, kernel } = setUp(t);
  await enforcer.start();
  kernel.calls.length = 0;
  for (let host = 0; host < 20_001; host++) ban(`10.0.${host >> 8}.${host & 255}`);
  await enforcer.changed();
  assert.equal(news.length, 20_001);
  assert.deepEqual(kernel.calls, [...Array(10).fill('apply 2000'), 'apply 1', 'setUp', 'list']);
});

test('a change that is small beside what stands lists nothing: a long list in pieces costs no listing each', async (t) => {
  const { enforcer, ban, kernel, news } = setUp(t);
  for (let index = 0; index < 30_000; index++) ban(`10.0.${index >> 8}.${index & 255}`);
  await enforcer.start();
  kernel.calls.length = news.length = 0;
  for (let index = 0; index < 2500; index++) ban(`10.1.${index >> 8}.${index & 255}`);
  await enforcer.changed();
  assert.deepEqual(kernel.calls, ['apply 2000', 'apply 500', 'confirm']);
  assert.equal(news.length, 2500);
});

test('a ban that has ended is released by the next reconcile', async (t) => {
  const clock = { nowMs: 1_800_000_000_000 };
  const { enforcer, ban, news, kernel } = setUp(t, () => clock.nowMs);
  ban('192.0.2.1', 1000);
  ban('192.0.2.2', 30 * 86_400_000);
  await enforcer.start();
  clock.nowMs += 1000;
  await enforcer.reconcile();
  assert.deepEqual(news, ['confirmed 192.0.2.1', 'confirmed 192.0.2.2', 'released 192.0.2.1']);
  assert.equal((await listed(kernel)).length, 1);
});

test('a ban that ends at any moment of a full reconcile is no trouble, and is released', async (t) => {
  // Each look at the clock is one of those moments.
  for (let looks = 1; looks <= 15; looks++) {
    const clock = { nowMs: 1_800_000_000_000 };
    const { kernel, enforcer, ban, news, troubles, logged, desired } = setUp(t, () => ++clock.nowMs);
    ban('192.0.2.1', 1000);
    ban('192.0.2.2', 60_000);
    await enforcer.start();
    clock.nowMs = Number(desired.get('192.0.2.1')?.untilMs) - looks;
    ban('192.0.2.3', 60_000);
    logged.length = 0;
    await enforcer.reconcile();
    assert.deepEqual(logged, ['brought the firewall in line'], `${looks}`);
    clock.nowMs += 1000;
    await enforcer.reconcile();
    assert.deepEqual(troubles, [], `${looks}`);
    assert.deepEqual(news.slice(2).sort(), ['confirmed 192.0.2.3', 'released 192.0.2.1'], `${looks}`);
    assert.equal((await listed(kernel)).length, 2);
  }
});

test('bans are set and lifted while a listing takes its time, which says nothing about them', async (t) => {
  const { kernel, enforcer, ban, news, desired } = setUp(t);
  ban('192.0.2.1');
  ban('192.0.2.2');
  await enforcer.start();
  const { promise, resolve } = Promise.withResolvers<void>();
  t.after(() => resolve());
  const list = kernel.list.bind(kernel);
  kernel.list = async (onBan, known) => {
    const snapshot: KernelBan[] = [];
    await list((ban) => snapshot.push(ban), known);
    await promise;
    snapshot.forEach(onBan);
  };
  kernel.calls.length = 0;
  const full = enforcer.reconcile();
  assert.ok(await eventually(() => kernel.calls.includes('list')));
  ban('192.0.2.3');
  desired.delete('192.0.2.1');
  await enforcer.changed();
  ban('192.0.2.1');
  await enforcer.changed();
  desired.delete('192.0.2.2');
  await enforcer.changed();
  const before = ['confirmed 192.0.2.1', 'confirmed 192.0.2.2', 'confirmed 192.0.2.3', 'released 192.0.2.1'];
  assert.deepEqual(news, [...before, 'confirmed 192.0.2.1', 'released 192.0.2.2'], 'told before the listing has ended');
  resolve();
  await full;
  assert.equal(news.length, 6, 'and not again');
  assert.deepEqual(kernel.calls.at(-1), 'confirm', 'the old listing changes nothing');
  assert.deepEqual((await listed(kernel)).map(({ target }) => target).sort(), ['192.0.2.1', '192.0.2.3']);
});

test('other backends are left once, after the first reconcile that went through', async (t) => {
  const { kernel, enforcer, left } = setUp(t);
  kernel.broken = new EnforcementError('timeout', 'hung');
  await enforcer.start();
  assert.equal(left.length, 0);
  kernel.broken = undefined;
  await enforcer.reconcile();
  await enforcer.reconcile();
  assert.equal(left.length, 1);
});

test('after stop nothing is touched', async (t) => {
  const { enforcer, ban, kernel } = setUp(t);
  ban('192.0.2.1', 100);
  await enforcer.start();
  await enforcer.stop();
  kernel.calls.length = 0;
  ban('192.0.2.2');
  await enforcer.changed();
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.deepEqual(kernel.calls, []);
});

test('any sequence of bans, unbans, faults and vandalism ends in what is desired once the faults are over', async () => {
  const host = fc.integer({ min: 1, max: 6 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('ban' as const), host, permanent: fc.boolean() }),
    fc.record({ kind: fc.constant('unban' as const), host }),
    fc.record({ kind: fc.constant('vandalise' as const) }),
    fc.record({
      kind: fc.constant('break' as const),
      code: fc.constantFrom('timeout' as const, 'kernel_refused' as const),
    }),
    fc.record({
      kind: fc.constant('refuse' as const),
      code: fc.constantFrom('set_full' as const, 'kernel_refused' as const),
    }),
    fc.record({ kind: fc.constant('fix' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const cleanups: (() => unknown)[] = [];
      const { desired, kernel, enforcer, ban, news } = setUp({ after: (work) => cleanups.push(work) });
      await enforcer.start();
      for (const action of steps) {
        if (action.kind === 'ban') ban(`192.0.2.${action.host}`, action.permanent ? null : HOUR_MS);
        else if (action.kind === 'unban') desired.delete(`192.0.2.${action.host}`);
        else if (action.kind === 'vandalise') kernel.wipe();
        else if (action.kind === 'break') kernel.broken = new EnforcementError(action.code, 'broken');
        else if (action.kind === 'refuse') kernel.refusing = new EnforcementError(action.code, 'refused');
        else kernel.broken = kernel.refusing = undefined;
        await enforcer.changed();
      }
      kernel.broken = kernel.refusing = undefined;
      await enforcer.reconcile();
      const standing = (await listed(kernel)).map(({ target }) => target).sort();
      assert.deepEqual(standing, [...desired.keys()].sort());
      for (const target of desired.keys()) {
        const last = news.filter((line) => line.includes(`${target}`)).at(-1);
        assert.equal(last, `confirmed ${target}`);
      }
      for (const work of cleanups) await work();
    }),
    { numRuns: 200 },
  );
});
