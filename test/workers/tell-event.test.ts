import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Evidence } from '../../src/model/event.ts';
import { tellEvent } from '../../src/workers/tell-event.ts';

const NUMBERS: Evidence = {
  condition: 'scan',
  ...{ rate: 5, mean: 1, stddev: 0.5, z: 8, multiple: 5, limit: 2, requests: 300, errors: 200 },
  ...{ errorRatio: 0.6, baselineErrorRatio: 0.1, windowSeconds: 60, spanSeconds: 20, baselineOf: 'client' as const },
  learned: { mean: null, stddev: null, errorRatio: 0.01 },
  samples: [{ time: '2026-01-01T00:00:00Z', method: 'GET', path: '/', status: 404, userAgent: 'tool_of/1' }],
};
const [time, ip] = ['2026-01-01T00:00:00Z', '203.0.113.9'];

test('names become snake_case at every depth, in their order, and what they name stays as it is', () => {
  const told = tellEvent({ event: 'ban', time, ip, tier: 1, durationSeconds: 600, lenient: true, ...NUMBERS });
  assert.deepEqual(
    JSON.stringify(told)
      .match(/"\w+"(?=:)/g)
      ?.map((name) => name.slice(1, -1)),
    [
      ...[
        'event',
        'time',
        'ip',
        'tier',
        'duration_seconds',
        'lenient',
        'condition',
        'rate',
        'mean',
        'stddev',
        'z',
        'multiple',
      ],
      ...[
        'limit',
        'requests',
        'errors',
        'error_ratio',
        'baseline_error_ratio',
        'window_seconds',
        'span_seconds',
        'baseline_of',
      ],
      ...['learned', 'mean', 'stddev', 'error_ratio', 'samples', 'time', 'method', 'path', 'status', 'user_agent'],
    ],
  );
  assert.equal(told.event === 'ban' && told.samples[0]?.user_agent, 'tool_of/1');
});

test('a refusal says in words what stands against the ban', () => {
  const told = (refusal: Parameters<typeof tellEvent>[0]) => {
    const event = tellEvent(refusal);
    return event.event === 'refused' ? `${event.reason}: ${event.detail}` : event.event;
  };
  const refused = { event: 'refused', time, ip, ...NUMBERS } as const;
  assert.equal(
    told({ ...refused, reason: 'allowlist', because: 'bans.allowlist: office' }),
    'allowlist: bans.allowlist: office',
  );
  assert.equal(
    told({ ...refused, reason: 'protected', because: { share: 0.871, agents: 40 } }),
    'protected: a proxy: 87 % of all requests come from it, with 40 user agents and more',
  );
  assert.equal(told({ ...refused, reason: 'limit', because: 1 }), 'limit: 1 ban is in force already (bans.max_active)');
  assert.equal(told({ ...refused, reason: 'fuse' }), 'fuse: the fuse had tripped after too many bans at once');
  assert.equal(told({ ...refused, reason: 'alert' }), 'alert: swarm.action is alert');
});

test('a fuse says which key tripped it, and by how much', () => {
  const tripped = {
    event: 'fuse',
    phase: 'tripped',
    time,
    until: '2026-01-01T00:10:00Z',
    bans: 21,
    clients: 100,
  } as const;
  assert.deepEqual(tellEvent({ ...tripped, reason: 'max_share', limit: 0.07 }), {
    ...{ event: 'fuse', phase: 'tripped', time, until: '2026-01-01T00:10:00Z', reason: 'max_share' },
    detail: '21 new bans within a minute are more than 7 % of the 100 clients seen (bans.max_share)',
  });
  assert.deepEqual(tellEvent({ event: 'fuse', phase: 'reset', time, reason: 'max_share' }), {
    ...{ event: 'fuse', phase: 'reset', time, reason: 'max_share', detail: 'banning resumed' },
  });
});
