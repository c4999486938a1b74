import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Activity } from '../../src/cli/story/activity.ts';
import { START } from '../support/traffic.ts';

test('adds up whatever the order of the lines', () => {
  const activity = new Activity();
  for (const n of [7, 2, 70, 65, 1, 64]) {
    activity.add(START + n, {
      source_ip: '192.0.2.1',
      method: 'GET',
      path: `/${n}?q=${n}`,
      status: '200',
      user_agent: 'a',
    });
  }
  const summary = activity.summary();
  assert.deepEqual([summary?.first, summary?.last], ['2026-01-01T00:00:01Z', '2026-01-01T00:01:10Z']);
  assert.deepEqual(summary?.busiest_minute, { time: '2026-01-01T00:00:00Z', requests: 3 });
  assert.deepEqual(
    summary.samples.map(({ path }) => path),
    ['/2?q=2', '/7?q=7', '/64?q=64', '/65?q=65', '/70?q=70'],
  );
  assert.deepEqual(summary.top_user_agents, [{ name: 'a', requests: 6, share: 1 }]);
});

test('nothing is no summary', () => {
  assert.equal(new Activity().summary(), undefined);
});

test('names are told apart up to a limit, requests all counted', () => {
  const activity = new Activity();
  for (let n = 0; n < 20_100; n++) activity.add(START, { path: `/${n}`, status: '404' });
  activity.add(START, { path: '/0', status: '404' });
  const summary = activity.summary();
  assert.deepEqual([summary?.requests, summary?.paths, summary?.answers['4xx']], [20_101, 20_000, 20_101]);
  assert.deepEqual(summary?.top_paths[0], { name: ' /0', requests: 2, share: 2 / 20_101 });
});
