import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditDraft } from '../../src/model/audit.ts';
import { T0 } from './fixtures.ts';
import { make, WHO } from './orders.ts';

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
  assert.ok(append.mock.calls.every(({ arguments: [drafts] }) => drafts.length <= 500));
  assert.ok(turns >= 18, `others got a turn only ${turns} times`);
});

test('an unban amid a list of ten thousand waits for two portions of it, not for all', async (t) => {
  const { ban, order, unban, trail } = make(t, { isDiskSlow: true });
  await ban('203.0.113.9');
  const targets = Array.from({ length: 10_000 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
  const list = order(targets);
  await new Promise((resolve) => setImmediate(resolve));
  await unban('203.0.113.9');
  const { enforced } = trail.countActive(T0);
  assert.ok(enforced > 0 && enforced <= 2000, `${enforced} of the list went before it`);
  await list;
  assert.equal(trail.countActive(T0).enforced, 10_000);
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

test('who bans a part of a client hears which client that is, until all of it is banned', async (t) => {
  const { ban } = make(t);
  const parts = async (...targets: string[]) => (await ban(...targets)).map(({ part_of }) => part_of);
  const alone = ['203.0.113.9', '203.0.113.0/24', '2001:db8:7::/48', '64:ff9b::203.0.113.9'];
  assert.deepEqual(await parts(...alone), [undefined, undefined, undefined, undefined]);
  assert.deepEqual(await parts('2001:db8::5', '2001:db8:1:2:3::/80'), ['2001:db8::/64', '2001:db8:1:2::/64']);
  assert.deepEqual(await parts('2001:db8::5'), ['2001:db8::/64'], 'also of one that is banned already');
  assert.deepEqual(await parts('2001:db8::/64'), [undefined]);
  assert.deepEqual(await parts('2001:db8::6'), [undefined]);
});

test('a firewall that refuses is the answer', async (t) => {
  const { ban, trail } = make(t, { refuses: 'no room in the set' });
  const failed = { target: '203.0.113.9', ok: false, code: 'failed', message: 'no room in the set' };
  assert.deepEqual(await ban('203.0.113.9'), [failed]);
  assert.equal(trail.findActiveBan('203.0.113.9', T0)?.confirmed, false, 'zban keeps trying');
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

test('observe mode: recorded, and said that nothing is enforced', async (t) => {
  const { ban, unban, trail, held } = make(t, { enforce: false });
  const [result] = await ban('203.0.113.9');
  assert.deepEqual(
    [result?.ok, result?.message],
    [true, 'nothing is blocked in observe mode or a panic: recorded as a would-be ban'],
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
