import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { parseList } from '../../src/cli/ban-list/formats.ts';
import { formatJson } from '../../src/cli/ban-list/json.ts';
import { configSchema } from '../../src/config/schema.ts';
import type { BanRequest } from '../../src/control/protocol.ts';
import { Operator } from '../../src/daemon/orders/operator.ts';
import type { AuditDraft } from '../../src/model/audit.ts';
import type { FuseEvent } from '../../src/model/event.ts';
import { parsePrefix, prefixesOverlap } from '../../src/net/prefix.ts';
import type { TrafficTask } from '../../src/workers/messages.ts';
import { answer, banEvent, makeBans, T0 } from './fixtures.ts';

const WHO = { operator: 'anna', reason: 'because' };

interface Setting {
  readonly maxActive?: number;
  readonly enforce?: boolean;
  /** Never banned. */
  readonly never?: readonly string[];
  /** Protection is looked up again. */
  readonly onRefresh?: () => void;
  /** What the firewall does with what it should hold. */
  readonly refuses?: string;
}

function make(t: TestContext, { enforce = true, never = [], refuses, maxActive, onRefresh = () => {} }: Setting = {}) {
  const tasks: TrafficTask[] = [];
  /** What the engine says to a reset. */
  const fuse: { event?: FuseEvent } = {};
  const held = new Map<string, number | null>();
  /** Bans that the firewall cannot lift. */
  const stuck = new Set<string>();
  const reconciles = { count: 0 };
  const reconcile = async () => {
    reconciles.count++;
    const desired = new Map([...bans.desired.all()].map(({ target, untilMs }) => [target, untilMs]));
    const released = [...held.keys()].filter((target) => !desired.has(target));
    if (stuck.size > 0) {
      const failed = released.filter((target) => stuck.has(target));
      await bans.onResult(
        answer({ failed: failed.map((target) => ({ target, code: 'kernel_refused', message: 'busy' })) }),
      );
    }
    const fresh = [...desired].flatMap(([target, untilMs]) => (held.get(target) === untilMs ? [] : [target]));
    if (refuses !== undefined) {
      const failed = fresh.map((target) => ({ target, code: 'kernel_refused' as const, message: refuses }));
      return bans.onResult(answer({ failed }));
    }
    for (const target of fresh) held.set(target, desired.get(target) ?? null);
    const gone = released.filter((target) => !stuck.has(target));
    for (const target of gone) held.delete(target);
    await bans.onResult(answer({ confirmed: fresh, released: gone }));
  };
  const made = makeBans(t, enforce, reconcile);
  const { bans, trail, clock } = made;
  const operator: Operator = new Operator({
    config: configSchema.parse({
      mode: enforce ? 'enforce' : 'observe',
      bans: maxActive === undefined ? {} : { max_active: maxActive },
    }),
    bans,
    trail,
    protection: {
      refresh: async () => {
        onRefresh();
        await operator.liftProtected();
      },
      find: (prefix) => {
        const networks = never.flatMap((text) => parsePrefix(text) ?? []);
        const found = networks.find((network) => prefixesOverlap(network, prefix));
        return found && { prefix: found, kind: 'protected', detail: 'an SSH session' };
      },
    },
    pipeline: {
      send: async (task) => {
        tasks.push(task);
        return { second: 0, events: [], consumed: [], ...(fuse.event && { fuse: fuse.event }) };
      },
    },
    now: () => clock.nowMs,
    reconcile,
  });
  const order = (targets: readonly string[], more: Partial<BanRequest> = {}) =>
    operator.ban({ bans: targets.map((target) => ({ target })), keepLonger: false, ...WHO, ...more });
  const ban = (...targets: readonly string[]) => order(targets);
  const unban = (...targets: readonly string[]) => operator.unban({ targets, all: false, ...WHO });
  const engineTasks = () => tasks.splice(0).map((task) => task.kind);
  return { ...made, operator, order, ban, unban, held, stuck, fuse, tasks, engineTasks, reconciles };
}

test('a ban is recorded under its author, enforced, confirmed, and known to the engine', async (t) => {
  const { ban, trail, held, tasks, since } = make(t);
  const until = new Date(T0 + 600_000).toISOString();
  const done = { target: '203.0.113.9', ok: true, code: 'done', message: 'banned', until };
  assert.deepEqual(await ban('203.0.113.9'), [done]);
  assert.deepEqual(since(), ['row ban 203.0.113.9 because', 'row ban_result 203.0.113.9 ok', 'notify order']);
  const found = trail.findActiveBan('203.0.113.9', T0);
  assert.deepEqual([found?.actor, found?.tier, found?.condition], ['operator:anna', 0, 'manual']);
  assert.equal(found?.untilMs, T0 + 600_000, "without a time it is the schedule's first");
  assert.ok(held.has('203.0.113.9'));
  assert.equal(tasks[0]?.kind === 'set_bans' && tasks[0].offenders.untils[0], (T0 + 600_000) / 1000);
});

test('for how long: as asked, or for ever', async (t) => {
  const { order, trail } = make(t);
  await order(['203.0.113.1'], { forMs: 3_600_000 });
  await order(['203.0.113.2'], { forMs: null });
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

test('a ban waits until it is known who is protected now', async (t) => {
  const never: string[] = [];
  const { ban, since } = make(t, { never, onRefresh: () => never.push('192.0.2.1') });
  const codes = (await ban('192.0.2.1', '203.0.113.9')).map(({ target, code }) => `${target} ${code}`);
  assert.deepEqual(codes.sort(), ['192.0.2.1 protected', '203.0.113.9 done']);
  assert.deepEqual(since(), ['row ban 203.0.113.9 because', 'row ban_result 203.0.113.9 ok', 'notify order']);
});

test('ten thousand at once: one message to the engine and one reconcile each way', async (t) => {
  const { ban, unban, held, engineTasks, reconciles, trail } = make(t);
  const append = t.mock.method(trail, 'append');
  let turns = 0;
  const turn = setInterval(() => turns++, 0);
  t.after(() => clearInterval(turn));
  const targets = Array.from({ length: 10_000 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
  assert.ok((await ban(...targets)).every(({ code }) => code === 'done'));
  assert.equal(held.size, 10_000);
  assert.deepEqual([engineTasks(), reconciles.count], [['set_bans'], 1]);
  const lifted = await unban(...targets.slice(1), '10.1.0.0/32');
  assert.equal(lifted.filter(({ code }) => code === 'done').length, 10_000);
  assert.equal(held.size, 0);
  assert.deepEqual([engineTasks(), reconciles.count], [['release'], 2]);
  assert.ok(append.mock.calls.every(({ arguments: [drafts] }) => drafts.length <= 1000));
  assert.ok(turns >= 18, `others got a turn only ${turns} times`);
});

test('banned for good twice: the second changes nothing', async (t) => {
  const { order, since } = make(t);
  await order(['203.0.113.9'], { forMs: null });
  since();
  const unchanged = { target: '203.0.113.9', ok: true, code: 'unchanged', until: null };
  assert.deepEqual(await order(['203.0.113.9'], { forMs: null }), [
    { ...unchanged, message: 'is banned for as long already' },
  ]);
  assert.deepEqual(since(), []);
});

test('a ban that is made longer keeps its reason, unless another one is given', async (t) => {
  const { order, trail, clock } = make(t);
  const reasonOf = () => trail.findActiveBan('203.0.113.9', clock.nowMs)?.reason;
  await order(['203.0.113.9'], { reason: 'scrapes prices' });
  await order(['203.0.113.9'], { reason: '', forMs: 86_400_000 });
  assert.equal(reasonOf(), 'scrapes prices');
  await order(['203.0.113.9'], { reason: 'and guesses passwords', forMs: null });
  assert.equal(reasonOf(), 'and guesses passwords');
});

test('each ban of a list has its own time, reason, tier and condition', async (t) => {
  const { operator, trail, tasks } = make(t);
  const bans = [
    { target: '203.0.113.1', forMs: 60_000, reason: 'this one' },
    { target: '203.0.113.2', untilMs: T0 + 7_200_000, tier: 3, condition: 'scan' },
    { target: '203.0.113.3', forMs: null },
    { target: '203.0.113.4' },
    { target: '203.0.113.5', untilMs: T0 },
  ];
  const results = await operator.ban({ bans, forMs: 5000, keepLonger: false, ...WHO });
  assert.deepEqual(results.map(({ target, code }) => `${target} ${code}`).sort(), [
    '203.0.113.1 done',
    '203.0.113.2 done',
    '203.0.113.3 done',
    '203.0.113.4 done',
    '203.0.113.5 unchanged',
  ]);
  assert.deepEqual(
    trail
      .activeBans(T0)
      .map(({ client, untilMs, tier, condition, reason, actor }) => [client, untilMs, tier, condition, reason, actor]),
    [
      ['203.0.113.1', T0 + 60_000, 0, 'manual', 'this one', 'operator:anna'],
      ['203.0.113.2', T0 + 7_200_000, 3, 'scan', 'because', 'operator:anna'],
      ['203.0.113.3', null, 0, 'manual', 'because', 'operator:anna'],
      ['203.0.113.4', T0 + 5000, 0, 'manual', 'because', 'operator:anna'],
    ],
  );
  const [task] = tasks;
  assert.deepEqual(task?.kind === 'set_bans' && [...task.offenders.tiers], [0, 3, 0, 0]);
});

test('what one host exports another imports: ends, tiers, reasons and conditions, but nobody it protects', async (t) => {
  const from = make(t);
  from.bans.onEvents([banEvent('203.0.113.9', { tier: 2, condition: 'scan' })], []);
  await from.order(['198.51.100.0/24'], { forMs: null, reason: 'their, "list"' });
  await from.order(['2001:db8::7', '192.0.2.7'], { forMs: 3_600_000 });
  const exported = formatJson(from.trail.activeBans(T0));
  const to = make(t, { never: ['192.0.2.0/24'] });
  to.clock.nowMs = T0 + 1000;
  const { bans } = parseList(exported);
  const results = await to.operator.ban({ bans, keepLonger: true, operator: 'bob', reason: 'imported' });
  assert.deepEqual(results.map(({ target, code }) => `${target} ${code}`).sort(), [
    '192.0.2.7 protected',
    '198.51.100.0/24 done',
    '2001:db8::7 done',
    '203.0.113.9 done',
  ]);
  const kept = (trail: typeof to.trail) =>
    trail
      .activeBans(T0)
      .map(({ client, untilMs, tier, condition, reason }) => [client, untilMs, tier, condition, reason]);
  assert.deepEqual(
    kept(to.trail),
    kept(from.trail).filter(([client]) => client !== '192.0.2.7'),
  );
  assert.ok(to.trail.activeBans(T0).every(({ actor }) => actor === 'operator:bob'));
  assert.deepEqual(to.trail.offences(true), [{ client: '203.0.113.9', tier: 2, lastMs: T0 + 600_000 }]);
  const again = await to.operator.ban({ bans, keepLonger: true, operator: 'bob', reason: 'imported' });
  assert.deepEqual(new Set(again.map(({ code }) => code)), new Set(['unchanged', 'protected']));
});

test('where longer bans are to be kept, shorter ones of the same target change nothing', async (t) => {
  const { operator, order, trail } = make(t);
  await order(['203.0.113.1'], { forMs: null });
  await order(['203.0.113.2'], { forMs: 60_000 });
  const ask = (...bans: BanRequest['bans']) => operator.ban({ bans, keepLonger: true, ...WHO });
  const codes = await ask(
    { target: '203.0.113.1', forMs: 3_600_000 },
    { target: '203.0.113.2', forMs: 3_600_000 },
    { target: '203.0.113.3', forMs: 3_600_000 },
    { target: '203.0.113.3', forMs: 1000 },
  );
  assert.deepEqual(codes.map(({ target, code }) => `${target} ${code}`).sort(), [
    '203.0.113.1 unchanged',
    '203.0.113.2 done',
    '203.0.113.3 done',
  ]);
  assert.deepEqual(
    trail.activeBans(T0).map(({ untilMs }) => untilMs),
    [null, T0 + 3_600_000, T0 + 3_600_000],
  );
  await order(['203.0.113.1'], { forMs: 1000 });
  assert.equal(trail.findActiveBan('203.0.113.1', T0)?.untilMs, T0 + 1000, 'a ban that is asked for by name does');
});

test('no more bans than bans.max_active', async (t) => {
  const { ban } = make(t, { maxActive: 2 });
  assert.deepEqual(
    (await ban('203.0.113.1', '203.0.113.2', '203.0.113.3', '203.0.113.1')).map(
      ({ code, message }) => `${code} ${message}`,
    ),
    ['failed 2 bans are in force already (bans.max_active)', 'done banned', 'done banned'],
  );
});

test('a network is banned as one; the engine is told of what it may judge: whole clients, and networks of them', async (t) => {
  const { ban, held, engineTasks } = make(t);
  await ban('198.51.100.0/25', '2001:db8::/44');
  assert.deepEqual([...held.keys()], ['198.51.100.0/25', '2001:db8::/44']);
  assert.deepEqual(engineTasks(), []);
  await ban('2001:db8:5::7');
  assert.deepEqual([...held.keys()].at(-1), '2001:db8:5::7');
  assert.deepEqual(engineTasks(), [], 'the rest of its /64 is still judged');
  await ban('2001:db8:5::/64');
  assert.deepEqual(engineTasks(), ['set_bans']);
  await ban('203.0.113.0/24', '2001:db8:6::/48');
  assert.deepEqual(engineTasks(), ['set_bans']);
});

test('a firewall that refuses is the answer', async (t) => {
  const { ban, trail } = make(t, { refuses: 'no room in the set' });
  const failed = { target: '203.0.113.9', ok: false, code: 'failed', message: 'no room in the set' };
  assert.deepEqual(await ban('203.0.113.9'), [failed]);
  assert.equal(trail.findActiveBan('203.0.113.9', T0)?.confirmed, false, 'zban keeps trying');
});

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

test('a reset of the fuse is recorded under its author and told; of one that has not tripped it is nothing', async (t) => {
  const { operator, trail, told, fuse, since } = make(t);
  assert.deepEqual(await operator.resetFuse(WHO), { ok: true, message: 'the fuse has not tripped: nothing to reset' });
  assert.deepEqual(since(), []);
  fuse.event = { event: 'fuse', phase: 'reset', time: 'T', reason: 'max_share', detail: 'banning resumed' };
  assert.deepEqual(await operator.resetFuse(WHO), { ok: true, message: 'the fuse is reset: zban bans again' });
  assert.deepEqual(since(), [
    'row fuse null reset: because; banning resumed; 0 bans were refused meanwhile',
    'notify fuse',
  ]);
  assert.equal(trail.query({ action: 'fuse', limit: 1 })[0]?.actor, 'operator:anna');
  const [one] = told;
  assert.equal(
    one?.kind === 'fuse' && one.event.detail,
    'banning resumed; 0 bans were refused meanwhile; by anna: because',
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
      isStuck ? [false, 'allowed, but still blocked: the ban of 198.51.100.0/24 stands'] : [true, 'allowed'],
    );
    assert.deepEqual([...held.keys()], isStuck ? ['198.51.100.0/24'] : []);
  }
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
  assert.deepEqual(since(), ['row disallow 192.0.2.0/24 because', 'notify order']);
});

test('what a person orders is told with its author once the firewall has answered; a list is one message', async (t) => {
  const { operator, ban, order, told } = make(t);
  await ban('203.0.113.9');
  await order(['203.0.113.10'], { forMs: null });
  await operator.allow({ targets: ['office.example.com'], remove: false, ...WHO });
  assert.deepEqual(
    told.map(
      (one) => one.kind === 'order' && [one.action, one.target, one.operator, one.durationSeconds, one.confirmed],
    ),
    [
      ['ban', '203.0.113.9', 'anna', 600, true],
      ['ban', '203.0.113.10', 'anna', null, true],
      ['allow', 'office.example.com', 'anna', null, false],
    ],
  );
  told.length = 0;
  const orders = (condition?: string) => [{ target: '192.0.2.1', condition }, { target: '192.0.2.2' }];
  await operator.ban({ bans: orders('import'), keepLonger: false, ...WHO });
  await operator.allow({ targets: Array.from({ length: 25 }, (_, n) => `198.51.100.${n}`), remove: false, ...WHO });
  assert.deepEqual(
    told.map(({ kind }) => kind),
    ['many', ...Array.from({ length: 20 }, () => 'order')],
  );
  const last = told.at(-1);
  assert.equal(last?.kind === 'order' && last.target, '198.51.100.19 and 5 more');
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

test('observe mode: recorded, and said that nothing is enforced', async (t) => {
  const { ban, unban, trail, held } = make(t, { enforce: false });
  const [result] = await ban('203.0.113.9');
  assert.deepEqual(
    [result?.ok, result?.message],
    [true, 'recorded as a would-be ban; nothing is enforced in observe mode'],
  );
  assert.equal(trail.findActiveBan('203.0.113.9', T0)?.enforced, false);
  assert.equal(held.size, 0);
  assert.deepEqual(
    (await unban('203.0.113.9')).map(({ code }) => code),
    ['done'],
  );
});

test('orders while the database takes nothing are carried out and said to be not durable', async (t) => {
  const { operator, trail, database } = make(t);
  const order = { bans: [{ target: '198.51.100.7' }], keepLonger: false, ...WHO };
  const until = new Date(T0 + 600_000).toISOString();
  assert.deepEqual(await operator.ban({ ...order, bans: [{ target: '203.0.113.1' }] }), [
    { target: '203.0.113.1', ok: true, code: 'done', message: 'banned', until },
  ]);
  database.sql.pragma('query_only = ON');
  const durable = false;
  assert.deepEqual(await operator.ban(order), [
    { target: '198.51.100.7', ok: true, code: 'done', message: 'banned', until, durable },
  ]);
  assert.deepEqual(await operator.unban({ targets: ['203.0.113.1'], all: false, ...WHO }), [
    { target: '203.0.113.1', ok: true, code: 'done', message: 'unbanned', durable },
  ]);
  assert.deepEqual(await operator.allow({ targets: ['192.0.2.0/24'], remove: false, ...WHO }), [
    { target: '192.0.2.0/24', ok: true, code: 'done', message: 'allowed', durable },
  ]);
  database.sql.pragma('query_only = OFF');
  assert.equal(trail.retry(), true);
  const [allowed] = await operator.allow({ targets: ['192.0.2.0/24'], remove: true, ...WHO });
  assert.equal(allowed?.durable, undefined);
});

test('an order that finds no room among the rows that wait has failed', async (t) => {
  const { operator, trail, database } = make(t);
  const order = (target: string) => operator.ban({ bans: [{ target }], keepLonger: false, ...WHO });
  await order('203.0.113.1');
  database.sql.pragma('query_only = ON');
  t.mock.method(trail, 'append', (drafts: readonly AuditDraft[]) =>
    drafts.map((draft) => ({ ...draft, id: 0, hash: '', configVersion: '' })),
  );
  const failed = [
    ...(await order('198.51.100.7')),
    ...(await operator.unban({ targets: ['203.0.113.1'], all: false, ...WHO })),
    ...(await operator.allow({ targets: ['192.0.2.0/24'], remove: false, ...WHO })),
  ];
  assert.deepEqual(
    failed.map(({ code }) => code),
    ['failed', 'failed', 'failed'],
  );
  for (const { message } of failed) assert.match(message, /could not be recorded.*zban status/);
});
