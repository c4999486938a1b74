import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TargetResult } from '../../src/control/protocol.ts';
import { unbanResult } from '../../src/daemon/orders/order-answers.ts';
import type { Actor } from '../../src/model/audit.ts';
import { TARGETS_MAX } from '../../src/model/limits.ts';
import { answer, banEvent, T0 } from './fixtures.ts';
import { make, WHO } from './orders.ts';

test('unban: the ban itself, what covers it, and what it covers', async (t) => {
  const { bans, ban, unban, held, engineTasks, since } = make(t);
  bans.onEvents([banEvent('2001:db8:1:2::/64')], []);
  await ban('203.0.113.0/24', '198.51.100.1', '198.51.100.2');
  engineTasks();
  since();
  assert.deepEqual(await unban('2001:db8:1:2::99'), [
    { target: '2001:db8:1:2::/64', ok: true, code: 'done', message: 'unbanned (it covered 2001:db8:1:2::99)' },
  ]);
  assert.deepEqual(engineTasks(), ['release']);
  assert.deepEqual(since(), [
    'row unban 2001:db8:1:2::/64 because',
    'row unban_result 2001:db8:1:2::/64 ok',
    'notify unban',
  ]);
  assert.deepEqual(
    (await unban('203.0.113.77')).map(({ target }) => target),
    ['203.0.113.0/24'],
  );
  const inside = await unban('198.51.100.0/24', '198.51.100.1');
  assert.deepEqual(
    inside.map(({ target, message }) => `${target}: ${message}`),
    ['198.51.100.1: unbanned', '198.51.100.2: unbanned (it was within 198.51.100.0/24)'],
  );
  assert.equal(held.size, 0);
});

test('of overlapping bans unban lifts all that share addresses with the target, and names them', async (t) => {
  const { ban, unban, held, told, tasks } = make(t);
  await ban('198.51.100.7', '198.51.100.9', '198.51.100.0/24', '198.51.100.0/25', '203.0.113.1');
  tasks.splice(0);
  const lines = (results: Awaited<ReturnType<typeof unban>>) =>
    results.map(({ target, ok, message }) => `${target} ${ok}: ${message}`).sort();
  assert.deepEqual(lines(await unban('198.51.100.7')), [
    '198.51.100.0/24 true: unbanned (it covered 198.51.100.7); still banned within it: 198.51.100.9',
    '198.51.100.0/25 true: unbanned (it covered 198.51.100.7); still banned within it: 198.51.100.9',
    '198.51.100.7 true: unbanned',
  ]);
  assert.deepEqual([...held.keys()], ['198.51.100.9', '203.0.113.1']);
  const [task] = tasks;
  const keys = task?.kind === 'release' ? task.clients : [];
  assert.ok(keys.length > 0, 'what it did before does not count, though it was banned with its network');
  assert.deepEqual(
    told.flatMap((one) => (one.kind !== 'unban' ? [] : [[one.ip, one.blockedBy, one.within, one.operator]])),
    [
      ['198.51.100.7', [], 0, 'anna'],
      ['198.51.100.0/25', [], 1, 'anna'],
      ['198.51.100.0/24', [], 1, 'anna'],
    ],
  );
  await ban('198.51.100.0/24');
  assert.deepEqual(lines(await unban('198.51.100.0/24')), [
    '198.51.100.0/24 true: unbanned',
    '198.51.100.9 true: unbanned (it was within 198.51.100.0/24)',
  ]);
  assert.deepEqual([...held.keys()], ['203.0.113.1']);
});

test('a ban that the firewall cannot lift still blocks: no success, and Slack is told so', async (t) => {
  const { ban, unban, stuck, told } = make(t);
  await ban('198.51.100.7', '198.51.100.0/24');
  stuck.add('198.51.100.0/24');
  assert.deepEqual(
    (await unban('198.51.100.7')).map(({ target, ok, code, message }) => [target, ok, code, message]),
    [
      ['198.51.100.7', false, 'failed', 'its ban is lifted, but it is still blocked by 198.51.100.0/24'],
      ['198.51.100.0/24', false, 'failed', 'still blocked by the firewall: busy'],
    ],
  );
  assert.deepEqual(
    told.flatMap((one) => (one.kind !== 'unban' ? [] : [[one.ip, one.failure, one.blockedBy]])),
    [
      ['198.51.100.7', undefined, ['198.51.100.0/24']],
      ['198.51.100.0/24', 'busy', []],
    ],
  );
});

test('one of two overlapping bans expires: who is still blocked by the other is not called free', async (t) => {
  const { bans, clock, order, held, told } = make(t);
  await order(['198.51.100.7'], { forMs: 60_000 });
  await order(['198.51.100.0/24'], { forMs: 120_000 });
  await order(['198.51.100.9'], { forMs: null });
  clock.nowMs = T0 + 60_000;
  await bans.expireDue();
  assert.deepEqual([...held.keys()], ['198.51.100.0/24', '198.51.100.9']);
  clock.nowMs = T0 + 120_000;
  await bans.expireDue();
  assert.deepEqual(
    told.flatMap((one) => (one.kind !== 'unban' ? [] : [[one.ip, one.blockedBy, one.within]])),
    [
      ['198.51.100.7', ['198.51.100.0/24'], 0],
      ['198.51.100.0/24', [], 1],
    ],
  );
});

test('allow lifts every ban that covers the address, and is no success while the firewall holds one', async (t) => {
  for (const isStuck of [false, true]) {
    const never: string[] = [];
    const { operator, ban, stuck, held, trail } = make(t, {
      never,
      onRefresh: () => never.push(...trail.allowed().map(({ entry }) => entry)),
    });
    await ban('198.51.100.0/24', '198.51.100.0/25');
    if (isStuck) stuck.add('198.51.100.0/24');
    const [allowed] = await operator.allow({ targets: ['198.51.100.7'], remove: false, ...WHO });
    assert.deepEqual(
      [allowed?.ok, allowed?.message],
      isStuck
        ? [false, 'allowed, but still blocked: the ban of 198.51.100.0/24 stands']
        : [true, 'allowed, and the bans of 198.51.100.0/25, 198.51.100.0/24 are lifted'],
    );
    assert.deepEqual([...held.keys()], isStuck ? ['198.51.100.0/24'] : []);
  }
});

test('who allows an address hears which ban ends with that; of an exception of another host people hear nothing here', async (t) => {
  const never: string[] = [];
  const { operator, ban, since, trail } = make(t, {
    never,
    onRefresh: () => never.splice(0, never.length, ...trail.allowed().map(({ entry }) => entry)),
  });
  await ban('198.51.100.0/24', '203.0.113.9');
  const answers = await operator.allow({
    targets: ['198.51.100.7', '203.0.113.9', '192.0.2.1'],
    remove: false,
    ...WHO,
  });
  assert.deepEqual(
    answers.map(({ message }) => message),
    ['allowed, and the ban of 198.51.100.0/24 is lifted', 'allowed, and its ban is lifted', 'allowed'],
  );
  since();
  for (const remove of [true, false])
    await operator.allow({ targets: ['192.0.2.1'], remove, operator: 'anna@web-2', reason: '' }, 'none');
  assert.deepEqual(
    since().filter((what) => what.startsWith('notify')),
    [],
  );
});

test('of a would-be ban it is said whether another host of the fleet blocks the client', () => {
  const nothing = { failure: undefined, blockedBy: [], within: [] };
  const ban = {
    client: '203.0.113.9',
    tier: 0,
    condition: 'manual',
    sinceMs: T0,
    untilMs: null,
    auditId: 1,
  } as const;
  const told = (actor: Actor, numbers: { origin: string } | null) =>
    unbanResult({ ...ban, actor, numbers, reason: '', enforced: false, confirmed: false }, '', nothing).message;
  assert.equal(told('operator:anna', null), 'its would-be ban is lifted; it was never blocked');
  assert.equal(
    told('operator:anna@web-2', { origin: 'web-2' }),
    'its would-be ban is lifted; it was never blocked here; web-2 hears of it',
  );
});

test('unban of what is not banned, of nonsense, and of everything', async (t) => {
  const { operator, ban, unban, held } = make(t);
  await ban('203.0.113.1', '203.0.113.2');
  assert.deepEqual(
    (await unban('192.0.2.1', 'nonsense')).map(({ code }) => code),
    ['not_found', 'invalid'],
  );
  const all = await operator.unban({ targets: [], all: true, ...WHO });
  assert.deepEqual(
    all.map(({ target, ok }) => [target, ok]),
    [
      ['203.0.113.1', true],
      ['203.0.113.2', true],
    ],
  );
  assert.equal(held.size, 0);
});

test('who is no longer an entry and yet never banned is told why', async (t) => {
  const never: string[] = [];
  const { operator } = make(t, { never });
  const targets = ['192.0.2.0/24', '192.0.2.7', '198.51.100.7'];
  await operator.allow({ targets, remove: false, ...WHO });
  never.push('192.0.2.0/24', '198.51.100.7');
  const told = async (target: string) => {
    const [answer] = await operator.allow({ targets: [target], remove: true, ...WHO });
    return [answer?.ok, answer?.message];
  };
  const still = 'its entry is removed, but it is still never banned: an SSH session';
  assert.deepEqual(await told('192.0.2.7'), [false, still], 'another entry covers it');
  assert.deepEqual(await told('198.51.100.7'), [false, still], 'so does the host itself');
  never.splice(0, 2, '192.0.2.8');
  assert.deepEqual(await told('192.0.2.0/24'), [true, 'no longer allowed'], 'of others in it nothing was said');
});

test('nobody allows everybody by a slip', async (t) => {
  const { operator, trail } = make(t);
  const answers = await operator.allow({ targets: ['0.0.0.0/0', '::/0', '10.0.0.0/8'], remove: false, ...WHO });
  assert.deepEqual(
    answers.map(({ code, message }) => `${code} ${message}`),
    ['invalid /0 is too wide: at least /8', 'invalid /0 is too wide: at least /16', 'done allowed'],
  );
  assert.deepEqual(
    trail.allowed().map(({ entry }) => entry),
    ['10.0.0.0/8'],
  );
  const [absent] = await operator.allow({ targets: ['0.0.0.0/0'], remove: true, ...WHO });
  assert.equal(absent?.code, 'not_found');
});

test('allow and take it back: recorded, each change once', async (t) => {
  const { operator, trail, since } = make(t);
  const change = async (remove: boolean, ...targets: readonly string[]) =>
    (await operator.allow({ targets, remove, ...WHO })).map(({ target, code }) => `${target} ${code}`);
  assert.deepEqual(await change(false, '192.0.2.0/24', 'Office.Example.com.', 'no name!'), [
    '192.0.2.0/24 done',
    'office.example.com done',
    'no name! invalid',
  ]);
  assert.deepEqual(
    trail.allowed().map(({ entry, actor }) => [entry, actor]),
    [
      ['192.0.2.0/24', 'operator:anna'],
      ['office.example.com', 'operator:anna'],
    ],
  );
  since();
  assert.deepEqual(await change(false, '192.0.2.0/24'), ['192.0.2.0/24 unchanged']);
  assert.deepEqual(await change(true, '192.0.2.0/24', '203.0.113.9'), ['192.0.2.0/24 done', '203.0.113.9 not_found']);
  assert.deepEqual(since(), ['row disallow 192.0.2.0/24 because', 'notify order']);
});

test('anyone who comes under protection is released', async (t) => {
  const { operator, bans, since } = make(t, { never: ['203.0.113.9'] });
  bans.onEvents([banEvent('203.0.113.9'), banEvent('203.0.113.10')], []);
  bans.onResult(answer({ confirmed: ['203.0.113.9', '203.0.113.10'] }));
  since();
  await operator.liftProtected();
  assert.deepEqual(
    since().filter((step) => step.startsWith('row unban ')),
    ['row unban 203.0.113.9 never banned: an SSH session'],
  );
});

test('many bans are lifted a portion at a time: each is told as it is done, people hear of all at once', async (t) => {
  const { order, operator, held, told, trail, reconciles, tasks } = make(t);
  const count = 2 * TARGETS_MAX + 1;
  const targets = Array.from({ length: count }, (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
  await order(targets);
  told.splice(0);
  tasks.splice(0);
  reconciles.count = 0;
  const seen: string[] = [];
  const results: TargetResult[] = [];
  const rest = await operator.unban({ targets: [], all: true, ...WHO }, async (progress) => {
    seen.push(`${progress.done} of ${progress.of}, ${held.size} held, ${progress.results.length} told`);
    results.push(...progress.results);
  });
  assert.deepEqual(seen, [
    `${TARGETS_MAX} of ${count}, ${TARGETS_MAX + 1} held, ${TARGETS_MAX} told`,
    `${2 * TARGETS_MAX} of ${count}, 1 held, ${TARGETS_MAX} told`,
  ]);
  results.push(...rest);
  assert.deepEqual(
    results.map(({ target }) => target),
    targets,
    'each is told once',
  );
  assert.ok(results.every(({ ok, message }) => ok && message === 'unbanned'));
  assert.deepEqual([trail.countActive(T0).enforced, held.size, reconciles.count], [0, 0, 3]);
  assert.deepEqual(
    tasks.flatMap((task) => (task.kind === 'release' ? task.clients.length : [])),
    [TARGETS_MAX, TARGETS_MAX, 1],
  );
  assert.deepEqual(
    told.map((one) => (one.kind === 'many' ? [one.action, one.count, one.clients.length] : one.kind)),
    [['unban', count, 10]],
  );
});

test('an exception that covers many bans lifts them all', async (t) => {
  const never: string[] = [];
  const { order, operator, held } = make(t, { never });
  const targets = Array.from({ length: 3000 }, (_, n) => `10.0.${n >> 8}.${n & 255}`);
  await order([...targets, '192.0.2.1']);
  never.push('10.0.0.0/8');
  await operator.liftProtected();
  assert.deepEqual([...held.keys()], ['192.0.2.1']);
});
