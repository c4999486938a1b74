import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnforcementError } from '../../src/enforce/backend.ts';
import { LANES_MAX } from '../../src/model/lane.ts';
import { formatAuditLine } from '../../src/record/text-log/audit-line.ts';
import { T0 } from './fixtures.ts';
import { ASK, BACKTEST, endEvent, HOUR_MS, make, startEvent } from './lane-fixtures.ts';

test('a swarm opens a lane: the row with its proof, nginx, the result, and its end the other way round', async (t) => {
  const { build, happen, applied, trail, rows, told } = make(t);
  const lanes = build();
  await lanes.setAllowed([
    { prefix: { family: 4, value: 0xc0000200n, bits: 24 }, kind: 'allowlist', because: '' },
    { prefix: { family: 4, value: 0xcb007100n, bits: 24 }, kind: 'protected', because: 'a CDN' },
  ]);
  await lanes.start();
  await happen(lanes, startEvent('a-1'));
  const [lane] = applied.at(-1)?.lanes ?? [];
  assert.deepEqual([lane?.id, lane?.action, lane?.usualRps, lane?.untilMs], ['a-1', 'hold', 0.2, T0 + HOUR_MS]);
  assert.deepEqual(applied.at(-1)?.exempt, ['192.0.2.0/24', '66.249.64.0/19']);
  assert.deepEqual(rows(), [
    'lane policy hold user agent "bot a-1": 96 % of 5,120 requests above normal, from 4,980 clients, in 60 s; would have touched 3 of 41,000 clients of the last 1d',
    'lane_result system ok',
  ]);
  const [row, result] = trail.query({ limit: 100 });
  assert.equal(row?.numbers && Reflect.get(row.numbers, 'usual_rate'), 0.2);
  assert.match((row && formatAuditLine(row)) ?? '', /\] LANE a-1 \| hold user agent/);
  assert.equal(result && formatAuditLine(result), undefined);
  assert.equal(lanes.list()[0]?.state, 'open');
  assert.deepEqual(told.splice(0), [{ kind: 'lane', event: startEvent('a-1'), enforced: true }]);
  await happen(lanes, endEvent('a-1'));
  assert.deepEqual(told, [{ kind: 'lane', event: endEvent('a-1'), enforced: true }]);
  assert.deepEqual(applied.at(-1)?.lanes, []);
  assert.match(rows().at(-1) ?? '', /^lane_end policy the swarm is over: 7000 requests matched$/);
});

test('lanes outlive a restart, end by the clock, and nginx is told again before it lets them go', async (t) => {
  const { build, happen, applied, clock, rows } = make(t);
  const first = build();
  await first.start();
  await happen(first, startEvent('a-1'));
  const lanes = build();
  await lanes.start();
  assert.equal(applied.at(-1)?.lanes[0]?.id, 'a-1');
  const count = applied.length;
  clock.nowMs = T0 + HOUR_MS / 2;
  await lanes.tick();
  assert.equal(applied.length, count, 'nothing to do yet');
  clock.nowMs = T0 + HOUR_MS - 60_000;
  await lanes.tick();
  assert.equal(applied.at(-1)?.lanes[0]?.untilMs, clock.nowMs + HOUR_MS);
  clock.nowMs = T0 + 24 * HOUR_MS;
  await lanes.tick();
  assert.deepEqual(applied.at(-1)?.lanes, []);
  assert.equal(rows().at(-1), 'lane_end system its time is up');
  assert.equal(rows().filter((row) => row.startsWith('lane_result')).length, 1, 'the result is news once');
});

test('nobody is stopped in observe mode, or where the engine only alerts', async (t) => {
  const observe = make(t, { enforce: false });
  const watching = observe.build();
  await watching.start();
  await observe.happen(watching, startEvent('a-1'));
  assert.deepEqual(observe.applied.at(-1)?.lanes, []);
  assert.equal(watching.list()[0]?.state, 'observed');
  assert.equal(observe.trail.query({ limit: 100 })[0]?.enforced, false);
  assert.match(formatAuditLine(observe.trail.query({ limit: 100 })[0] ?? assert.fail()) ?? '', /\] WOULD LANE a-1/);
  const alerting = make(t, { action: 'alert' });
  const lanes = alerting.build();
  await alerting.happen(lanes, startEvent('a-1', { opened: false }));
  assert.deepEqual(alerting.applied.at(-1)?.lanes, []);
});

test('lanes that stand follow the configuration: hold what was only reported, hold nothing once it says alert', async (t) => {
  const { build, happen, applied, rows } = make(t, { action: 'alert' });
  const first = build();
  await first.start();
  await happen(first, startEvent('a-1', { opened: false }));
  assert.equal(first.list()[0]?.state, 'observed');
  const acting = build({ action: 'deny' });
  await acting.start();
  assert.deepEqual(
    applied.at(-1)?.lanes.map(({ id, action }) => [id, action]),
    [['a-1', 'deny']],
  );
  assert.deepEqual(rows().slice(-2), [
    'lane system the configuration allows it now: deny user agent "bot a-1"',
    'lane_result system ok',
  ]);
  const alerting = build();
  await alerting.start();
  assert.deepEqual(applied.at(-1)?.lanes, []);
  assert.equal(rows().at(-1), 'lane system swarm.action is alert: deny user agent "bot a-1"');
  const kept = await alerting.change({ id: 'a-1', keepMs: HOUR_MS, reason: '', operator: 'root' });
  assert.match(kept.message, /it stops nobody: swarm.action is alert$/);
  const same = build();
  await same.start();
  assert.match(rows().at(-1) ?? '', /^lane_keep/, 'nothing changed');
});

test('what nginx refuses is recorded once, tried again, and reported as over when it worked', async (t) => {
  const { build, happen, applied, broken, troubles, clock, rows, told } = make(t);
  const lanes = build();
  broken.with = new EnforcementError('kernel_refused', 'nginx does not include it');
  await happen(lanes, startEvent('a-1'));
  assert.deepEqual([lanes.list()[0]?.state, troubles.at(-1)], ['failed', 'nginx does not include it']);
  assert.equal(told[0]?.kind === 'lane' && told[0].failure, 'nginx does not include it');
  await lanes.tick();
  clock.nowMs += 60_000;
  await lanes.tick();
  assert.deepEqual(rows().slice(1), ['lane_result system failed: nginx does not include it']);
  broken.with = undefined;
  clock.nowMs += 60_000;
  await lanes.tick();
  assert.equal(applied.at(-1)?.lanes.length, 1);
  assert.deepEqual([lanes.list()[0]?.state, troubles.at(-1)], ['open', undefined]);
  assert.equal(rows().at(-1), 'lane_result system ok');
});

test('when nginx refuses its configuration, it goes on with the lanes it has: only the new one failed', async (t) => {
  const { build, happen, broken, rows } = make(t);
  const lanes = build();
  await happen(lanes, startEvent('a-1'));
  broken.with = new EnforcementError('kernel_refused', 'unknown directive');
  await happen(lanes, startEvent('a-2'));
  assert.deepEqual(
    lanes.list().map(({ id, state }) => [id, state]),
    [
      ['a-1', 'open'],
      ['a-2', 'failed'],
    ],
  );
  assert.equal(rows().filter((row) => row.startsWith('lane_result system failed')).length, 1);
});

test('a dropped lane that nginx did not let go of is let go as soon as nginx takes its file', async (t) => {
  const { build, happen, applied, broken, troubles, clock } = make(t);
  const lanes = build();
  await happen(lanes, startEvent('a-1'));
  broken.with = new EnforcementError('kernel_refused', 'unknown directive');
  const dropped = await lanes.change({ id: 'a-1', reason: '', operator: 'eva' });
  assert.deepEqual([dropped.ok, dropped.message], [false, 'unknown directive']);
  broken.with = undefined;
  await lanes.tick();
  assert.equal(troubles.at(-1), 'unknown directive', 'not asked again at once');
  clock.nowMs += 60_000;
  await lanes.tick();
  assert.deepEqual([applied.at(-1)?.lanes.length, troubles.at(-1)], [0, undefined]);
});

test('without a file for lanes, the lane says what to set up', async (t) => {
  const { build, happen } = make(t, { nginx: false });
  const lanes = build();
  await lanes.start();
  await happen(lanes, startEvent('a-1'));
  assert.match(lanes.list()[0]?.message ?? '', /firewall\.nginx\.lanes/);
});

test('a person drops, keeps and adds lanes; what was dropped stays dropped, what is kept outlives its swarm', async (t) => {
  const { build, happen, applied, dropped, rows } = make(t);
  const lanes = build();
  await lanes.start();
  await happen(lanes, startEvent('a-1'), startEvent('a-2'));
  assert.equal((await lanes.change({ id: 'a-1', ...ASK })).code, 'done');
  assert.deepEqual(
    applied.at(-1)?.lanes.map(({ id }) => id),
    ['a-2'],
  );
  assert.deepEqual(dropped, ['a-1'], 'the engine is told');
  assert.equal((await lanes.change({ id: 'a-1', ...ASK })).code, 'not_found');
  assert.equal((await lanes.change({ id: 'a-2', keepMs: 2 * HOUR_MS, ...ASK })).code, 'done');
  const count = rows().length;
  await happen(lanes, endEvent('a-1'), endEvent('a-2'));
  assert.equal(rows().length, count);
  assert.deepEqual(
    lanes.list().map(({ id, kept, until }) => [id, kept, Date.parse(until)]),
    [['a-2', true, T0 + 2 * HOUR_MS]],
  );
  const order = {
    action: 'deny',
    match: { path: '/x*' },
    usualRate: 0,
    forMs: 60_000,
    backtest: BACKTEST,
    ...ASK,
  } as const;
  const added = await lanes.add(order);
  assert.deepEqual([added.ok, added.message], [true, 'opened']);
  assert.equal(applied.at(-1)?.lanes[1]?.action, 'deny');
  assert.equal(
    rows().at(-2),
    'lane operator:anna deny path /x*: would have touched 3 of 41,000 clients of the last 1d; because',
  );
});

test('more lanes than nginx takes are refused to a person, and of the engine recorded as not enforced', async (t) => {
  const { build, happen, applied } = make(t);
  const lanes = build();
  await happen(lanes, ...Array.from({ length: LANES_MAX + 1 }, (_, n) => startEvent(`a-${n}`)));
  assert.equal(applied.at(-1)?.lanes.length, LANES_MAX);
  const order = {
    action: 'hold',
    match: { path: '/x' },
    usualRate: 0,
    forMs: 60_000,
    backtest: BACKTEST,
    ...ASK,
  } as const;
  assert.equal((await lanes.add(order)).code, 'full');
  assert.equal((await lanes.add({ ...order, match: { user_agent: '('.repeat(2000) } })).code, 'invalid');
});

test('nginx gets the same file again while nothing changed, also from a look in between', async (t) => {
  const { build, happen, applied, clock } = make(t);
  const lanes = build();
  await lanes.start();
  const begun = happen(lanes, startEvent('a-1'));
  // The timer's second falls between decision and answer.
  await Promise.all([begun, lanes.tick()]);
  clock.nowMs += 1000;
  await lanes.tick();
  assert.equal(applied.filter((each) => each.lanes.length > 0).length, 1);
  clock.nowMs += 60_000;
  await happen(lanes, startEvent('a-2'));
  assert.deepEqual(
    applied.at(-1)?.lanes.map(({ untilMs }) => untilMs - T0),
    [HOUR_MS, HOUR_MS + 61_000],
  );
});

test('whoever makes swarms come and go has nginx reloaded a dozen times and then every five minutes, while people wait for nothing', async (t) => {
  const { build, happen, applied, clock } = make(t);
  const lanes = build();
  await lanes.start();
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second++, clock.nowMs += 1000) await lanes.tick();
  };
  for (let n = 0; n < 180; n++) {
    await happen(lanes, ...(n === 0 ? [] : [endEvent(`a-${n - 1}`)]), startEvent(`a-${n}`));
    await pass(20);
  }
  assert.equal(applied.length, 12 + 3600 / 300 - 1);
  assert.equal(lanes.list()[0]?.state, 'pending');
  await lanes.change({ id: 'a-179', ...ASK });
  assert.deepEqual(applied.at(-1)?.lanes, []);
  await happen(lanes, startEvent('b'));
  await pass(600);
  assert.deepEqual(
    applied.at(-1)?.lanes.map(({ id }) => id),
    ['b'],
  );
});

test('a swarm that comes while nginx is reloaded for another reason, and is to wait for its turn, is not forgotten', async (t) => {
  const { build, happen, applied, busy, clock } = make(t);
  const lanes = build();
  await lanes.start();
  for (let n = 0; n < 12; n++) await happen(lanes, startEvent(`a-${n}`));
  const nginx = Promise.withResolvers<void>();
  busy.until = nginx.promise;
  const dropping = lanes.change({ id: 'a-0', ...ASK });
  // What nginx is about to get is known by then.
  await new Promise((resolve) => setImmediate(resolve));
  await happen(lanes, startEvent('b'), endEvent('a-1'));
  nginx.resolve();
  await dropping;
  assert.equal(lanes.list().find(({ id }) => id === 'b')?.state, 'pending');
  clock.nowMs += 600_000;
  await lanes.tick();
  assert.deepEqual(
    applied.at(-1)?.lanes.map(({ id }) => id),
    [...Array.from({ length: 10 }, (_, n) => `a-${n + 2}`), 'b'],
  );
});
