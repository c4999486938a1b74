import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnforcementError } from '../../src/enforce/backend.ts';
import { setUp } from './faulty-kernel.ts';
import { eventually, listed } from './world.ts';

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

test('what another backend left and cannot be taken out is a trouble until it is gone, whatever is banned meanwhile', async (t) => {
  const { enforcer, ban, kernel, troubles, left } = setUp(t);
  kernel.leaving = new EnforcementError('kernel_refused', 'cannot write zban.conf: EROFS');
  await enforcer.start();
  const [trouble] = troubles;
  assert.match(trouble?.message ?? '', /another backend left in the firewall is still there: cannot write zban\.conf/);
  ban('192.0.2.1');
  await enforcer.changed();
  await enforcer.reconcile();
  assert.deepEqual(troubles, [trouble], 'one trouble, which no change ends');
  kernel.leaving = undefined;
  await enforcer.reconcile();
  assert.deepEqual([troubles.length, troubles.at(-1), left.length], [2, undefined, 1]);
});

test('a right to look elsewhere that is lacking is no trouble', async (t) => {
  const { enforcer, kernel, troubles } = setUp(t);
  kernel.leaving = new EnforcementError('no_permission', 'you must be root');
  await enforcer.start();
  assert.deepEqual(troubles, []);
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
  const { enforcer, ban, news, reasons, kernel, troubles, desired } = setUp(t);
  ban('192.0.2.1');
  await enforcer.start();
  kernel.broken = new EnforcementError('lock_held', 'held');
  ban('192.0.2.2');
  desired.delete('192.0.2.1');
  await enforcer.changed();
  await enforcer.changed();
  assert.deepEqual(news.slice(1).sort(), ['failed 192.0.2.1 lock_held', 'failed 192.0.2.2 lock_held']);
  assert.deepEqual(reasons, ['held', 'held'], 'in the words of the command that failed');
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

test('while nobody may list, as with a lock that another program holds, a person’s unban goes ahead all the same', async (t) => {
  const { enforcer, ban, news, kernel, desired } = setUp(t);
  ban('192.0.2.1');
  ban('192.0.2.2');
  await enforcer.start();
  const held = new EnforcementError('lock_held', 'held');
  const setUpKernel = kernel.setUp.bind(kernel);
  kernel.setUp = async () => {
    throw held;
  };
  await enforcer.reconcile();
  kernel.calls.length = 0;
  desired.delete('192.0.2.1');
  await enforcer.changed('few');
  assert.deepEqual([kernel.calls.splice(0), news.splice(2)], [['apply 1', 'confirm'], ['released 192.0.2.1']]);
  assert.deepEqual((await listed(kernel)).length, 1);
  kernel.broken = held;
  desired.delete('192.0.2.2');
  await enforcer.changed('few');
  assert.deepEqual(news.splice(2), ['failed 192.0.2.2 lock_held'], 'where lifting needs it as well');
  kernel.broken = undefined;
  kernel.setUp = setUpKernel;
  await enforcer.reconcile();
  assert.deepEqual(news.splice(2), ['released 192.0.2.2']);
});

test('two that keep their bans in one place: each is told, once; what an earlier run left is no such thing', async (t) => {
  const [one, other] = [setUp(t), setUp(t)];
  const { kernel, enforcer, troubles } = one;
  other.kernel.apply = (operations, nowMs) => kernel.apply(operations, nowMs);
  other.kernel.list = (add, held) => kernel.list(add, held);
  one.ban('192.0.2.1');
  other.ban('192.0.2.2');
  await enforcer.start();
  await other.enforcer.start();
  for (let looks = 0; looks < 2; looks++) {
    await enforcer.reconcile();
    await other.enforcer.reconcile();
  }
  assert.equal(troubles.length, 0, 'it may be what was left');
  for (let looks = 0; looks < 2; looks++) {
    await enforcer.reconcile();
    await other.enforcer.reconcile();
  }
  for (const told of [troubles, other.troubles]) {
    assert.deepEqual(
      told.map((trouble) => trouble?.code),
      ['contested'],
    );
    assert.match(told[0]?.message ?? '', /a second zban with the same firewall\.chain/);
  }
  await other.enforcer.stop();
  one.ban('192.0.2.3');
  one.desired.delete('192.0.2.1');
  for (let looks = 0; looks < 4; looks++) await enforcer.reconcile();
  assert.deepEqual(
    troubles.map((trouble) => trouble?.code),
    ['contested', undefined],
  );
});

test("bans that end while all is compared are nobody else's", async (t) => {
  const { ban, desired, enforcer, troubles } = setUp(t);
  await enforcer.start();
  for (let n = 1; n <= 6; n++) {
    ban(`192.0.2.${n}`);
    await enforcer.changed();
    desired.delete(`192.0.2.${n}`);
    await enforcer.reconcile();
  }
  assert.deepEqual(troubles, []);
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

test('a full table: what it refuses is told and retried, and keeps nothing else from being set', async (t) => {
  const { kernel, enforcer, ban, news, troubles, desired } = setUp(t);
  const apply = kernel.apply.bind(kernel);
  kernel.apply = async (operations, nowMs) => {
    for (const operation of operations) {
      const { target: name, untilMs } = operation;
      const isNew = untilMs !== undefined && !(await listed(kernel)).some(({ target }) => target === name);
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
