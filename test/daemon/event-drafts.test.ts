import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draftOf } from '../../src/daemon/bans/event-drafts.ts';
import type { EngineEvent } from '../../src/model/told-event.ts';
import { banEvent, refusedEvent, T0 } from './fixtures.ts';

const time = new Date(T0).toISOString();

test('a ban keeps every number of the event, in log time', () => {
  const { event: _, time: __, ip, condition, tier, duration_seconds, ...numbers } = banEvent('203.0.113.9');
  const row = { timeMs: T0, actor: 'policy', action: 'ban', client: ip, condition, numbers, tier };
  const enforced = { ...row, durationSeconds: duration_seconds, enforced: true, detail: '' };
  assert.deepEqual(draftOf(banEvent(ip), true), enforced);
  const observed = { ...enforced, enforced: false, detail: 'would ban (observe mode)' };
  assert.deepEqual(draftOf(banEvent(ip), false), observed);
  assert.equal(draftOf(banEvent(ip, { duration_seconds: null }), true)?.durationSeconds, null, 'permanent');
});

test('a refusal says what refused it', () => {
  const draft = draftOf(refusedEvent('192.0.2.7'), true);
  assert.equal(draft?.action, 'refused');
  assert.equal(draft?.detail, 'allowlist: 192.0.2.0/24');
  assert.equal(draft?.numbers?.['rate'], 5.2);
  assert.equal(draft?.tier, null);
  const gateway = { ...refusedEvent('192.0.2.7'), reason: 'protected', detail: 'default gateway (eth0)' } as const;
  assert.equal(draftOf(gateway, true)?.detail, 'protected: default gateway (eth0)');
});

test('fuse and site anomalies are about no client', () => {
  const fuse = draftOf({ event: 'fuse', phase: 'reset', time, reason: 'max_share', detail: 'banning resumed' }, true);
  assert.deepEqual([fuse?.client, fuse?.detail, fuse?.numbers], [null, 'reset: banning resumed', { phase: 'reset' }]);
  const level = {
    rate: 9,
    mean: 1,
    stddev: 1,
    z: 8,
    multiple: 9,
    measured: 9,
    usual: 1,
    limit: 4,
    peak_rate: 9,
    peak_measured: 9,
  };
  const verdict = { verdict: 'unclear', detail: 'may be visitors or an attack', since: time } as const;
  const shares = { new_client_share: 0.5, usual_new_client_share: null };
  const top = { ...verdict, ...shares, top_clients: [], top_prefixes: [], top_paths: [], top_user_agents: [] };
  const site: EngineEvent = {
    event: 'global_anomaly',
    phase: 'start',
    time,
    condition: 'site_z_score',
    ...level,
    ...top,
  };
  const draft = draftOf(site, true);
  assert.deepEqual([draft?.client, draft?.condition, draft?.detail], [null, 'site_z_score', 'start']);
  assert.deepEqual(draft?.numbers, { phase: 'start', ...level, ...top });
});

test("recalculated baselines and the engine's own releases are no rows", () => {
  const level = { mean: 1, stddev: 1 };
  const learned = { site: null, client: null, error_ratio: null };
  const counts = { error_ratio: 0.1, learned, origin: 'floor', site_samples: 0, client_samples: 0 } as const;
  assert.equal(
    draftOf({ event: 'baseline', time, ready: true, site: level, client: level, ...counts }, true),
    undefined,
  );
  assert.equal(draftOf({ event: 'unban', time, ip: '203.0.113.9', tier: 1, reason: 'expired' }, true), undefined);
});
