import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnforcementError, type KernelBan } from '../../src/enforce/backend.ts';
import { createDryRunBackend, type DryRunBackend } from '../../src/enforce/dry-run.ts';
import { createEnforcer } from '../../src/enforce/enforcer.ts';
import type { EnforcementResult, EnforcementTrouble } from '../../src/enforce/reconciler.ts';
import fc from '../support/fast-check.ts';
import { desiredBans, eventually, listed } from './world.ts';

const HOUR_MS = 3_600_000;

interface Kernel extends DryRunBackend {
  /** Thrown by every command while set. */
  broken: EnforcementError | undefined;
  /** Thrown by `apply` alone while set. */
  refusing: EnforcementError | undefined;
  /** Commands wait for it. */
  gate: Promise<void>;
  readonly calls: string[];
}

/** The table in memory with faults that can be switched on. */
function createKernel(now: () => number): Kernel {
  const table = createDryRunBackend(now);
  const enter = async (call: string) => {
    kernel.calls.push(call);
    await kernel.gate;
    if (kernel.broken) throw kernel.broken;
  };
  const kernel: Kernel = {
    name: 'dry-run',
    longestMs: table.longestMs,
    broken: undefined,
    refusing: undefined,
    gate: Promise.resolve(),
    calls: [],
    setUp: () => enter('setUp').then(() => table.setUp()),
    list: (onBan, known) => enter('list').then(() => table.list(onBan, known)),
    confirm: (operations, nowMs) => enter('confirm').then(() => table.confirm(operations, nowMs)),
    async apply(operations, nowMs) {
      await enter(`apply ${operations.length}`);
      if (kernel.refusing) throw kernel.refusing;
      await table.apply(operations, nowMs);
    },
    wipe: () => table.wipe(),
  };
  return kernel;
}

function setUp(t: { after(work: () => unknown): void }, now: () => number = Date.now, reconcileMs = HOUR_MS) {
  const desired = new Map<string, KernelBan>();
  const news: string[] = [];
  const troubles: (EnforcementTrouble | undefined)[] = [];
  const kernel = createKernel(now);
  const left: number[] = [];
  const enforcer = createEnforcer({
    backend: kernel,
    leaveOthers: async () => void left.push(now()),
    desired: desiredBans(desired),
    now,
    reconcileMs,
    onResult: (result: EnforcementResult) => {
      for (const target of result.confirmed) news.push(`confirmed ${target}`);
      for (const target of result.released) news.push(`released ${target}`);
      for (const { target, code } of result.failed) news.push(`failed ${target} ${code}`);
    },
    onTrouble: (trouble) => troubles.push(trouble),
    log: () => {},
  });
  t.after(() => enforcer.stop());
  const ban = (target: string, forMs: number | null = HOUR_MS) =>
    desired.set(target, { target, untilMs: forMs === null ? null : now() + forMs });
  return { desired, news, troubles, kernel, enforcer, ban, left };
}

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
  assert.deepEqual(kernel.calls, ['apply 5000', 'confirm']);
  assert.equal(news.length, 5000);
});

test('at the start what stands is confirmed, what is missing is added, and surplus is released', async (t) => {
  const { kernel, enforcer, ban, news } = setUp(t);
  const untilMs = Date.now() + HOUR_MS;
  const leftover = ['192.0.2.1', '192.0.2.66'].map((target) => ({ kind: 'add', ban: { target, untilMs } }) as const);
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

test('a ban that the kernel does not show after a change is not confirmed before everything was repaired', async (t) => {
  const { enforcer, ban, news, kernel } = setUp(t);
  await enforcer.start();
  kernel.confirm = async () => false;
  kernel.calls.length = 0;
  ban('192.0.2.1');
  await enforcer.changed();
  assert.deepEqual(kernel.calls, ['apply 1', 'setUp', 'list']);
  assert.deepEqual(news, ['confirmed 192.0.2.1']);
});

test('what others destroy while it is being repaired is repaired by the next try, before anything is reported', async (t) => {
  const { enforcer, ban, news, kernel, troubles } = setUp(t);
  ban('192.0.2.1');
  await enforcer.start();
  const refusal = new EnforcementError('kernel_refused', 'The set with the given name does not exist');
  const apply = kernel.apply.bind(kernel);
  const list = kernel.list.bind(kernel);
  const once = (method: 'setUp' | 'list' | 'apply', fault: () => unknown) => {
    const original = kernel[method] as (...args: unknown[]) => Promise<never>;
    Object.assign(kernel, {
      [method]: async (...args: unknown[]) => {
        Object.assign(kernel, { [method]: original });
        fault();
        return original.apply(kernel, args);
      },
    });
  };
  const refuse = () => {
    throw refusal;
  };
  for (const [method, fault] of [
    ['setUp', refuse],
    ['list', refuse],
    ['apply', refuse],
  ] as const) {
    kernel.wipe();
    once(method, fault);
    await enforcer.reconcile();
    assert.equal((await listed(kernel)).length, 1, method);
  }
  // Destroyed between applying and listing: nothing was refused.
  kernel.wipe();
  kernel.apply = async (operations, nowMs) => {
    kernel.apply = apply;
    await apply(operations, nowMs);
    kernel.wipe();
  };
  await enforcer.reconcile();
  assert.equal((await listed(kernel)).length, 1);
  kernel.list = list;
  assert.deepEqual([news, troubles], [['confirmed 192.0.2.1'], []]);
});

test('a refusal that persists is reported after three tries, and from then on tried once a reconcile', async (t) => {
  const { enforcer, ban, news, kernel, troubles } = setUp(t);
  await enforcer.start();
  kernel.refusing = new EnforcementError('kernel_refused', 'no');
  ban('192.0.2.1');
  const applied = () => kernel.calls.filter((call) => call.startsWith('apply')).length;
  kernel.calls.length = 0;
  await enforcer.reconcile();
  assert.deepEqual([applied(), news], [3, ['failed 192.0.2.1 kernel_refused']]);
  await enforcer.reconcile();
  assert.deepEqual([applied(), troubles.length], [4, 1]);
  kernel.refusing = undefined;
  await enforcer.reconcile();
  assert.equal(news.at(-1), 'confirmed 192.0.2.1');
});

test('a kernel that accepts everything and holds nothing is found out', async (t) => {
  const { enforcer, ban, news, kernel, troubles } = setUp(t);
  await enforcer.start();
  kernel.apply = async () => {};
  ban('192.0.2.1');
  await enforcer.changed();
  assert.deepEqual(news, ['failed 192.0.2.1 kernel_refused']);
  assert.equal(troubles.at(-1)?.code, 'kernel_refused');
  await enforcer.changed();
  assert.deepEqual(troubles.length, 1, 'the trouble stands');
});

test('failures are told once for each cause, retried by themselves, and cleared when healed', async (t) => {
  const { enforcer, ban, news, kernel, troubles, desired } = setUp(t);
  ban('192.0.2.1');
  await enforcer.start();
  kernel.broken = new EnforcementError('lock_held', 'held');
  ban('192.0.2.2');
  desired.delete('192.0.2.1');
  await enforcer.changed();
  await enforcer.changed();
  assert.deepEqual(news.slice(1).sort(), ['failed 192.0.2.1 lock_held', 'failed 192.0.2.2 lock_held']);
  kernel.broken = new EnforcementError('timeout', 'hung');
  await enforcer.changed();
  assert.deepEqual(
    troubles.map((trouble) => trouble?.code),
    ['lock_held', 'timeout'],
  );
  kernel.broken = undefined;
  assert.ok(await eventually(() => news.includes('confirmed 192.0.2.2')), 'without another change');
  assert.ok(news.includes('released 192.0.2.1'));
  assert.equal(troubles.at(-1), undefined);
});

test('when the firewall cannot be reached, bans that were confirmed are not called failed', async (t) => {
  const { enforcer, ban, news, kernel } = setUp(t);
  ban('192.0.2.1');
  await enforcer.start();
  kernel.broken = new EnforcementError('missing_tool', 'gone');
  ban('192.0.2.2');
  await enforcer.reconcile();
  assert.deepEqual(news, ['confirmed 192.0.2.1', 'failed 192.0.2.2 missing_tool']);
});

test('what the kernel refuses does not keep the rest from being confirmed', async (t) => {
  const { enforcer, ban, news, troubles } = setUp(t);
  await enforcer.start();
  ban('0.0.0.0/0');
  ban('192.0.2.1');
  await enforcer.changed();
  assert.deepEqual(news.sort(), ['confirmed 192.0.2.1', 'failed 0.0.0.0/0 kernel_refused']);
  assert.match(troubles.at(-1)?.message ?? '', /0\.0\.0\.0\/0/);
});

test('a change of very many bans is applied at once, and listed, not asked for one by one', async (t) => {
  const { enforcer, ban, news, kernel } = setUp(t);
  await enforcer.start();
  kernel.calls.length = 0;
  for (let host = 0; host < 20_001; host++) ban(`10.0.${host >> 8}.${host & 255}`);
  await enforcer.changed();
  assert.equal(news.length, 20_001);
  assert.deepEqual(kernel.calls, ['apply 20001', 'setUp', 'list']);
});

test('a change that is small beside what stands lists nothing: a long list in pieces costs no listing each', async (t) => {
  const { enforcer, ban, kernel, news } = setUp(t);
  for (let index = 0; index < 30_000; index++) ban(`10.0.${index >> 8}.${index & 255}`);
  await enforcer.start();
  kernel.calls.length = news.length = 0;
  for (let index = 0; index < 2500; index++) ban(`10.1.${index >> 8}.${index & 255}`);
  await enforcer.changed();
  assert.deepEqual(kernel.calls, ['apply 2500', 'confirm']);
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

test('a full table: what it refuses is told and retried, and keeps nothing else from being set', async (t) => {
  const { kernel, enforcer, ban, news, troubles, desired } = setUp(t);
  const apply = kernel.apply.bind(kernel);
  kernel.apply = async (operations, nowMs) => {
    for (const operation of operations) {
      const isNew =
        operation.kind === 'add' && !(await listed(kernel)).some(({ target }) => target === operation.ban.target);
      if (isNew && (await listed(kernel)).length >= 2) throw new EnforcementError('set_full', 'full');
      await apply([operation], nowMs);
    }
  };
  await enforcer.start();
  for (const host of [1, 2, 3]) {
    ban(`192.0.2.${host}`);
    await enforcer.changed();
  }
  assert.deepEqual(news, ['confirmed 192.0.2.1', 'confirmed 192.0.2.2', 'failed 192.0.2.3 set_full']);
  desired.delete('192.0.2.1');
  await enforcer.changed();
  assert.equal(troubles.at(-1)?.code, 'set_full', 'as long as a ban is missing');
  assert.ok(await eventually(() => news.includes('confirmed 192.0.2.3')), 'when there is room again, by itself');
  assert.equal(troubles.at(-1), undefined);
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
