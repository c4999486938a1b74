import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessEvent } from '../../src/simulate/access-event.ts';
import { isAsset, NOON_MS, requests } from '../simulate/day.ts';
import { befallen, type Incident } from './incidents.ts';

const eventsWith = (incidents: readonly Incident[]): AccessEvent[] => [
  ...befallen(requests({ durationMs: 600_000 }), NOON_MS, incidents),
];

test('while the backend is down everybody gets 5xx for what it makes, and files as ever', () => {
  const events = eventsWith([{ kind: 'outage', atMs: 300_000, durationMs: 60_000 }]);
  const during = events.filter(({ timeMs }) => timeMs >= NOON_MS + 300_000 && timeMs < NOON_MS + 360_000);
  const failed = during.filter(({ status }) => status === 502 || status === 504);
  assert.ok(new Set(failed.map(({ from }) => from.client)).size > 20);
  assert.ok(during.every((event) => event.status >= 500 || isAsset(event)));
  assert.ok(during.some((event) => isAsset(event) && event.status === 200));
  assert.ok(!events.some(({ status, timeMs }) => status >= 500 && timeMs < NOON_MS + 300_000));
});

test('a deploy without its static files fails for everybody, a gap leaves nothing', () => {
  const events = eventsWith([
    { kind: 'broken deploy', atMs: 200_000, durationMs: 100_000 },
    { kind: 'gap', atMs: 400_000, durationMs: 100_000 },
  ]);
  const within = (from: number, to: number): AccessEvent[] =>
    events.filter(({ timeMs }) => timeMs >= NOON_MS + from && timeMs < NOON_MS + to);
  const broken = within(200_000, 300_000).filter(({ path }) => path.startsWith('/static/'));
  assert.ok(broken.length > 100 && broken.every(({ status }) => status === 404));
  assert.ok(within(300_000, 400_000).some(({ path, status }) => path.startsWith('/static/') && status === 200));
  assert.equal(within(400_000, 500_000).length, 0);
  assert.ok(within(500_000, 600_000).length > 0);
});
