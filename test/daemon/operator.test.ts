import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { type Prefix, parsePrefix, prefixesOverlap } from '../../src/core/net/prefix.ts';
import { Operator } from '../../src/daemon/operator.ts';
import type { TrafficTask } from '../../src/workers/messages.ts';
import { answer, banEvent, makeBans, T0 } from './fixtures.ts';

const WHO = { operator: 'anna', reason: 'because' };

interface Setting {
  readonly enforce?: boolean;
  /** Never banned. */
  readonly never?: readonly string[];
  /** What the firewall does with what it should hold. */
  readonly refuses?: string;
}

function make(t: TestContext, { enforce = true, never = [], refuses }: Setting = {}) {
  const made = makeBans(t, enforce);
  const { bans, trail, clock } = made;
  const tasks: TrafficTask[] = [];
  const held = new Set<string>();
  const reconcile = async () => {
    const desired = [...bans.desired()].map(({ target }) => target);
    const released = [...held].filter((target) => !desired.includes(target));
    const fresh = desired.filter((target) => !held.has(target));
    if (refuses !== undefined) {
      const failed = fresh.map((target) => ({ target, code: 'kernel_refused' as const, message: refuses }));
      return bans.onResult(answer({ failed }));
    }
    for (const target of fresh) held.add(target);
    for (const target of released) held.delete(target);
    bans.onResult(answer({ confirmed: fresh, released }));
  };
  const networks = never.map((text) => parsePrefix(text)).filter((prefix): prefix is Prefix => prefix !== undefined);
  const operator = new Operator({
    config: configSchema.parse({ mode: enforce ? 'enforce' : 'observe' }),
    bans,
    trail,
    protection: {
      refresh: async () => {},
      find: (prefix) => {
        const found = networks.find((network) => prefixesOverlap(network, prefix));
        return found && { prefix: found, kind: 'protected', detail: 'an SSH session' };
      },
    },
    pipeline: {
      send: async (task) => {
        tasks.push(task);
        return { second: 0, events: [], consumed: [] };
      },
    },
    now: () => clock.nowMs,
    reconcile,
  });
  const ban = (...targets: readonly string[]) => operator.ban({ targets, ...WHO });
  const unban = (...targets: readonly string[]) => operator.unban({ targets, all: false, ...WHO });
  const engineTasks = () => tasks.splice(0).map((task) => task.kind);
  return { ...made, operator, ban, unban, held, tasks, engineTasks };
}

test('a ban is recorded under its author, enforced, confirmed, and known to the engine', async (t) => {
  const { ban, trail, held, tasks, since } = make(t);
  assert.deepEqual(await ban('203.0.113.9'), [{ target: '203.0.113.9', ok: true, code: 'done', message: 'banned' }]);
  assert.deepEqual(since(), ['row ban 203.0.113.9 because', 'row ban_result 203.0.113.9 ok']);
  const found = trail.findActiveBan('203.0.113.9', T0);
  assert.deepEqual([found?.actor, found?.tier, found?.condition], ['operator:anna', 0, 'manual']);
  assert.equal(found?.untilMs, T0 + 600_000, "without a time it is the schedule's first");
  assert.ok(held.has('203.0.113.9'));
  assert.equal(tasks[0]?.kind === 'set_bans' && tasks[0].offenders[0]?.until, (T0 + 600_000) / 1000);
});

test('for how long: as asked, or for ever', async (t) => {
  const { operator, trail } = make(t);
  await operator.ban({ targets: ['203.0.113.1'], forMs: 3_600_000, ...WHO });
  await operator.ban({ targets: ['203.0.113.2'], forMs: null, ...WHO });
  assert.equal(trail.findActiveBan('203.0.113.1', T0)?.untilMs, T0 + 3_600_000);
  assert.equal(trail.findActiveBan('203.0.113.2', T0)?.untilMs, null);
});

test('several targets: each has its own answer, each is banned once', async (t) => {
  const { ban, since } = make(t, { never: ['192.0.2.1'] });
  const results = await ban(
    '203.0.113.9',
    '::ffff:203.0.113.9',
    '192.0.2.1',
    '192.0.2.0/24',
    'nonsense',
    '0.0.0.0/0',
    '2001:db8::/15',
  );
  assert.deepEqual(results.map(({ target, code }) => `${target} ${code}`).sort(), [
    '0.0.0.0/0 invalid',
    '192.0.2.0/24 protected',
    '192.0.2.1 protected',
    '2001:db8::/15 invalid',
    '203.0.113.9 done',
    'nonsense invalid',
  ]);
  assert.deepEqual(
    since().filter((step) => step.startsWith('row ban ')),
    ['row ban 203.0.113.9 because'],
  );
  assert.match(results.find(({ code }) => code === 'protected')?.message ?? '', /never banned: an SSH session/);
});

test('a network is banned as one; the engine is told of whole clients only', async (t) => {
  const { ban, held, engineTasks } = make(t);
  await ban('198.51.100.0/24', '2001:db8:5::/48');
  assert.deepEqual([...held], ['198.51.100.0/24', '2001:db8:5::/48']);
  assert.deepEqual(engineTasks(), []);
  await ban('2001:db8::7');
  assert.deepEqual([...held].at(-1), '2001:db8::7');
  assert.deepEqual(engineTasks(), [], 'the rest of its /64 is still judged');
  await ban('2001:db8::/64');
  assert.deepEqual(engineTasks(), ['set_bans']);
});

test('a firewall that refuses is the answer', async (t) => {
  const { ban, trail } = make(t, { refuses: 'no room in the set' });
  const failed = { target: '203.0.113.9', ok: false, code: 'failed', message: 'no room in the set' };
  assert.deepEqual(await ban('203.0.113.9'), [failed]);
  assert.equal(trail.findActiveBan('203.0.113.9', T0)?.confirmed, false, 'zban keeps trying');
});

test('unban: the ban itself, what covers it, or what it covers', async (t) => {
  const { bans, ban, unban, held, engineTasks, since } = make(t);
  bans.onEvents([banEvent('2001:db8:1:2::/64')], []);
  await ban('203.0.113.0/24', '198.51.100.1', '198.51.100.2');
  engineTasks();
  since();
  assert.deepEqual(await unban('2001:db8:1:2::99'), [
    { target: '2001:db8:1:2::/64', ok: true, code: 'done', message: 'unbanned' },
  ]);
  assert.deepEqual(engineTasks(), ['release']);
  assert.deepEqual(since(), [
    'row unban 2001:db8:1:2::/64 because',
    'notify unban',
    'row unban_result 2001:db8:1:2::/64 ok',
  ]);
  assert.deepEqual(
    (await unban('203.0.113.77')).map(({ target }) => target),
    ['203.0.113.0/24'],
  );
  const inside = await unban('198.51.100.0/24', '198.51.100.1');
  assert.deepEqual(
    inside.map(({ target }) => target),
    ['198.51.100.1', '198.51.100.2'],
  );
  assert.equal(held.size, 0);
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
  assert.deepEqual(since(), ['row disallow 192.0.2.0/24 because']);
});

test('whoever comes under protection is released', async (t) => {
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

test('observe mode: recorded, and said that nothing is enforced', async (t) => {
  const { ban, unban, trail, held } = make(t, { enforce: false });
  const [result] = await ban('203.0.113.9');
  assert.deepEqual([result?.ok, result?.message], [true, 'recorded; nothing is enforced in observe mode']);
  assert.equal(trail.findActiveBan('203.0.113.9', T0)?.enforced, false);
  assert.equal(held.size, 0);
  assert.deepEqual(
    (await unban('203.0.113.9')).map(({ code }) => code),
    ['done'],
  );
});
