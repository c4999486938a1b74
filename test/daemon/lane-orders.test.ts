/** What people hear of lanes that a person opens, keeps or ends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnforcementError } from '../../src/enforce/backend.ts';
import type { Notification } from '../../src/model/notification.ts';
import { formatMessage } from '../../src/notify/format.ts';
import { severityOf } from '../../src/notify/severity.ts';
import { ASK, BACKTEST, endEvent, HOUR_MS, make, startEvent } from './lane-fixtures.ts';

test('people are told what a person does about a lane, and of every end of one, so that no incident stays open', async (t) => {
  const { build, happen, clock, told, broken } = make(t);
  const lanes = build();
  await lanes.start();
  const orders = () =>
    told
      .splice(0)
      .flatMap((one) =>
        one.kind === 'lane_order'
          ? [[one.phase, one.id, one.operator, one.enforced, one.failure, severityOf(one)]]
          : [],
      );
  await happen(lanes, startEvent('a-1'));
  await happen(lanes, startEvent('a-2'));
  assert.deepEqual(orders(), [], 'of a swarm the engine tells');
  await lanes.change({ id: 'a-1', ...ASK });
  await lanes.change({ id: 'a-2', keepMs: HOUR_MS, ...ASK });
  assert.deepEqual(orders(), [
    ['end', 'a-1', 'anna', true, undefined, 'SEV-3'],
    ['keep', 'a-2', 'anna', true, undefined, 'SEV-5'],
  ]);
  await happen(lanes, endEvent('a-1'), endEvent('a-2'));
  assert.deepEqual(told.splice(0), [], 'of one that was dropped or kept the end of the swarm is no news');
  broken.with = new EnforcementError('missing_tool', 'nginx is gone');
  const lane = { action: 'deny', match: { path: '/x' }, usualRate: 0, forMs: 2 * HOUR_MS, backtest: BACKTEST } as const;
  const { id } = await lanes.add({ ...lane, ...ASK });
  assert.deepEqual(orders(), [['open', id, 'anna', true, 'nginx is gone', 'SEV-5']]);
  clock.nowMs += 2 * HOUR_MS;
  await lanes.tick();
  assert.deepEqual(orders(), [
    ['end', 'a-2', null, true, 'nginx is gone', 'SEV-3'],
    ['end', id, null, true, 'nginx is gone', 'SEV-3'],
  ]);
});

const say = (one: Notification) => {
  const { headline, details, commands, incident } = formatMessage(one, { host: 'web-1' });
  return [headline, ...details, ...commands.map(([, command]) => command), incident?.phase];
};

test('a message about a lane says who, what it stops and how to undo it', async (t) => {
  const { build, told, happen } = make(t);
  const lanes = build();
  const lane = { action: 'deny', match: { path: '/x' }, usualRate: 0, forMs: HOUR_MS, backtest: BACKTEST } as const;
  const { id } = await lanes.add({ ...lane, ...ASK });
  assert.deepEqual(told.splice(0).map(say), [
    [
      'web-1: anna opened a lane that denies path /x',
      'deny path /x: would have touched 3 of 41,000 clients of the last 1d; because.',
      ...[`zban lanes explain ${id}`, `zban lanes drop ${id}`, 'open'],
    ],
  ]);
  await lanes.change({ id, ...ASK });
  assert.deepEqual(told.splice(0).map(say), [
    [
      `web-1: anna ended lane ${id}: because`,
      'It stops nobody any more. It was for path /x.',
      ...[`zban lanes explain ${id}`, 'close'],
    ],
  ]);
  const observe = make(t, { enforce: false });
  const watching = observe.build();
  await happen(watching, startEvent('a-1'));
  await watching.change({ id: 'a-1', keepMs: HOUR_MS, ...ASK });
  const kept = observe.told.map(say).at(-1) ?? [];
  assert.match(String(kept[0]), /^web-1: anna keeps lane a-1 until 2026-11-20T11:11:12\.000Z; because$/);
  assert.ok(kept.includes('Nobody is stopped in observe mode.'), kept.join('\n'));
});
