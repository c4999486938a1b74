import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Row } from '../../src/record/row/columns.ts';
import { readRow } from '../../src/record/row/row.ts';
import { NUMBERS, T0 } from './examples.ts';

const JUDGED = JSON.stringify(NUMBERS);

/** Action, client, condition, numbers and detail as versions before the codes wrote them, and what they mean. */
const OLD: readonly [string, string | null, string | null, string | null, string, object | null][] = [
  ['ban_result', '192.0.2.1', null, null, 'ok', { result: 'ok' }],
  ['ban_result', '192.0.2.1', null, null, 'failed: the set is full', { result: 'failed' }],
  ['unban_result', '192.0.2.1', null, null, 'ok', { result: 'ok' }],
  [
    'refused',
    '192.0.2.1',
    'scan',
    JUDGED,
    'allowlist: office: 3',
    { reason: 'allowlist', because: 'office: 3', ...NUMBERS },
  ],
  ['refused', '192.0.2.1', 'scan', JUDGED, 'limit: full', { reason: 'limit', because: 'full', ...NUMBERS }],
  ['global_anomaly', null, 'site_clients', '{"rate":9}', 'start', { phase: 'start', rate: 9 }],
  ['global_anomaly', null, 'site_clients', '{"rate":9}', 'end', { phase: 'end', rate: 9 }],
  ['fuse', null, null, null, 'tripped until 2026-11-20T10:21:12Z: too many', { phase: 'tripped' }],
  ['fuse', null, null, null, 'blown: too many', { phase: 'tripped' }],
  ['fuse', null, null, null, 'reset: banning resumed', { phase: 'reset' }],
];

const rowOf = (
  action: string,
  client: string | null,
  condition: string | null,
  numbers: string | null,
  detail: string,
): Row => [1, T0, 'system', action, client, condition, numbers, null, null, 1, detail, 'c0ffee123456', ''];

for (const [action, client, condition, numbers, detail, meant] of OLD) {
  test(`an old row is read as before: ${action} ${detail}`, () => {
    const entry = readRow(rowOf(action, client, condition, numbers, detail));
    assert.deepEqual([entry.action, entry.client, entry.condition, entry.numbers], [action, client, condition, meant]);
  });
}

test('words of a row that has its code mean nothing', () => {
  const failed = readRow(rowOf('ban_result', '192.0.2.1', null, '{"result":"failed","code":"busy"}', 'ok so far'));
  assert.deepEqual(failed.numbers, { result: 'failed', code: 'busy' });
});

test('a row that no version wrote hides no other', () => {
  for (const row of [
    rowOf('ban', null, 'scan', null, ''),
    rowOf('prune', null, null, '{"rows":"1"}', ''),
    rowOf('x', null, null, null, ''),
  ]) {
    assert.deepEqual([readRow(row).action, readRow(row).numbers], ['trouble', null]);
  }
});

test('a number of another shape is left out, and hides no other', () => {
  const odd = { ...NUMBERS, z: null, rate: '5.2', samples: 'GET /', swarm: { requests: 1 }, more: [1] };
  const { rate: _, samples: __, ...left } = { ...NUMBERS, z: null, more: [1] };
  const ban = readRow(rowOf('ban', '192.0.2.1', 'scan', JSON.stringify(odd), ''));
  assert.deepEqual([ban.action, ban.numbers], ['ban', left]);
  const site = readRow(rowOf('global_anomaly', null, 'site_clients', '{"rate":9,"top_paths":"/a","silent":1}', 'end'));
  assert.deepEqual(site.numbers, { phase: 'end', rate: 9 });
  const match = { user_agent: 'bot' };
  const lane = readRow(rowOf('lane', null, null, JSON.stringify({ id: 'a-1', action: 'stop', match, rate: 2 }), ''));
  assert.deepEqual(lane.numbers, { id: 'a-1', match, rate: 2 });
});
