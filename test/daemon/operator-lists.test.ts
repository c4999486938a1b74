import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseList } from '../../src/cli/ban-list/formats.ts';
import { formatJson } from '../../src/cli/ban-list/json.ts';
import type { BanRequest } from '../../src/control/protocol.ts';
import { banEvent, T0 } from './fixtures.ts';
import { make, WHO } from './orders.ts';

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
  assert.deepEqual([...to.trail.eachOffence(true)], [{ client: '203.0.113.9', tier: 2, lastMs: T0 + 600_000 }]);
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
