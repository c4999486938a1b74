import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditDraft } from '../../src/model/audit.ts';
import type { BaselineEvent } from '../../src/model/told-event.ts';
import { formatAuditLine, formatBaselineLine } from '../../src/record/text-log/audit-line.ts';
import { ban, draft, NUMBERS } from './examples.ts';

const TIME = '[2026-11-20T10:11:12.123Z]';
const RATES = 'rate 5.20/s | baseline 0.70±0.55/s';

const SURGE = {
  ...NUMBERS,
  verdict: 'attack',
  detail: 'looks like a distributed attack: 0 % are for static files',
  measured: 1206,
  limit: 67,
  top_paths: [{ name: '/search', requests: 1980, share: 0.99, usual_share: 0.03 }],
  top_user_agents: [{ name: 'tool/1', requests: 1500, share: 0.75, usual_share: null }],
  top_prefixes: [{ name: '203.0.113.0/24', requests: 1200, share: 0.6, usual_share: 0 }],
  new_client_share: 0.82,
  usual_new_client_share: 0.09,
};
const PRUNED = { rows: 3, anchor_id: 3, anchor_hash: '', offences_before_ms: 0 };
const SURGE_END = {
  ...NUMBERS,
  verdict: 'attack',
  duration_seconds: 608,
  peak_rate: 112,
  extra_requests: 59_757,
  bans: 3,
};
const operator = { actor: 'operator:ann' } as const;

const LINES: readonly (readonly [AuditDraft, string | undefined])[] = [
  [ban('203.0.113.9'), `BAN 203.0.113.9 | multiplier 7.4x | ${RATES} | 10m`],
  [
    ban('64:ff9b::cb00:7109', { numbers: { ...NUMBERS, ipv4: '203.0.113.9' } }),
    `BAN 64:ff9b::cb00:7109 | multiplier 7.4x | ${RATES} | IPv4 203.0.113.9 | 10m`,
  ],
  [
    ban('203.0.113.9', { numbers: { ...NUMBERS, learned: { mean: null, stddev: null, error_ratio: null } } }),
    `BAN 203.0.113.9 | multiplier 7.4x | ${RATES} (default) | 10m`,
  ],
  [
    ban('203.0.113.9', { numbers: { ...NUMBERS, learned: { mean: 0.1, stddev: 0.55, error_ratio: null } } }),
    `BAN 203.0.113.9 | multiplier 7.4x | ${RATES} (minimum) | 10m`,
  ],
  [ban('203.0.113.9', { condition: 'z_score' }), `BAN 203.0.113.9 | z_score 8.2 | ${RATES} | 10m`],
  [
    ban('203.0.113.9', { condition: 'error_surge', durationSeconds: 7200 }),
    `BAN 203.0.113.9 | error_surge 1 % 4xx, usually 3 % | ${RATES} | 2h`,
  ],
  [
    ban('2001:db8::/64', { condition: 'warmup_ceiling', durationSeconds: null }),
    `BAN 2001:db8::/64 | warmup_ceiling 312 requests | ${RATES} | permanent`,
  ],
  [
    ban('203.0.113.9', { enforced: false, detail: 'would ban (observe mode)' }),
    `WOULD BAN 203.0.113.9 | multiplier 7.4x | ${RATES} | 10m`,
  ],
  [
    ban('203.0.113.9', { ...operator, condition: 'manual', numbers: null, tier: 0, detail: 'abuse report' }),
    'BAN 203.0.113.9 | manual "abuse report" | operator:ann | 10m',
  ],
  [
    ban('203.0.113.9', { ...operator, condition: 'manual', numbers: null, tier: 0 }),
    'BAN 203.0.113.9 | manual | operator:ann | 10m',
  ],
  [draft('ban_result', '203.0.113.9', { detail: 'ok' }), undefined],
  [draft('ban_result', '203.0.113.9', { detail: 'failed: set is full' }), 'BAN FAILED 203.0.113.9 | set is full'],
  [draft('unban', '203.0.113.9', { tier: 2, detail: 'expired' }), 'UNBAN 203.0.113.9 | expired | tier 2'],
  [draft('unban', '203.0.113.9', { ...operator, detail: 'customer' }), 'UNBAN 203.0.113.9 | customer | operator:ann'],
  [draft('unban', '203.0.113.9', { enforced: false, detail: 'expired' }), 'WOULD UNBAN 203.0.113.9 | expired'],
  [draft('unban_result', '203.0.113.9', { detail: 'ok' }), undefined],
  [
    draft('refused', '203.0.113.9', { condition: 'multiplier', numbers: NUMBERS, detail: 'allowlist: 203.0.113.0/24' }),
    `REFUSED 203.0.113.9 | multiplier 7.4x | ${RATES} | allowlist: 203.0.113.0/24`,
  ],
  [draft('allow', '203.0.113.0/24', { ...operator, detail: 'office' }), 'ALLOW 203.0.113.0/24 | operator:ann | office'],
  [draft('disallow', '203.0.113.0/24', operator), 'DISALLOW 203.0.113.0/24 | operator:ann'],
  [
    draft('global_anomaly', null, { condition: 'site_newcomers', numbers: SURGE, detail: 'start' }),
    'GLOBAL ANOMALY | looks like a distributed attack | rate 5.20/s, usually 0.70±0.55/s | path /search 99 % (usually 3 %)',
  ],
  [
    draft('global_anomaly', null, { condition: 'site_newcomers', numbers: SURGE_END, detail: 'end' }),
    'GLOBAL ANOMALY ENDED | lasted 10m8s | peak 112.00/s | 59,757 requests above normal | 3 clients banned meanwhile | looked like a distributed attack',
  ],
  [draft('fuse', null, { detail: 'blown: 101 bans in a minute' }), 'FUSE | blown: 101 bans in a minute'],
  [draft('start', null, { detail: 'zban 0.1.0' }), 'START | zban 0.1.0'],
  [draft('stop', null), 'STOP'],
  [draft('reload', null), 'RELOAD'],
  [draft('trouble', null, { detail: 'the disk is full' }), 'TROUBLE | the disk is full'],
  [draft('prune', null, { numbers: PRUNED, detail: '3 rows' }), 'PRUNE | 3 rows'],
];

for (const [row, expected] of LINES) {
  test(`${row.action} reads: ${expected ?? 'nothing, its decision has said it'}`, () => {
    assert.equal(formatAuditLine(row), expected === undefined ? undefined : `${TIME} ${expected}`);
  });
}

test('numbers that are none are a dash', () => {
  const line = formatAuditLine(
    ban('203.0.113.9', { condition: 'z_score', numbers: { rate: 1, z: Number.POSITIVE_INFINITY } }),
  );
  assert.equal(line, `${TIME} BAN 203.0.113.9 | z_score – | rate 1.00/s | baseline –±–/s | 10m`);
});

test('a time beyond the calendar does not stop the log', () => {
  assert.match(formatAuditLine(draft('stop', null, { timeMs: 1e17 })) ?? '', /^\[100000000000000000\] STOP$/);
});

test('nothing in a line makes a terminal do anything or begins a line of its own', () => {
  const line = formatAuditLine(
    draft('trouble', null, { detail: 'a\u001b[31mb\r\nc\u0000d\u009be\u2028f\u202eg\u200bh\ud800i\tj' }),
  );
  assert.equal(line, `${TIME} TROUBLE | a [31mb c d e f g h i j`);
});

test('recalculated baselines have their line', () => {
  const event: BaselineEvent = {
    event: 'baseline',
    time: '2026-11-20T10:11:00Z',
    ready: true,
    site: { mean: 12.3, stddev: 3.21 },
    client: { mean: 0.7, stddev: 0.55 },
    error_ratio: 0.031,
    learned: { site: { mean: 12.3, stddev: 3.21 }, client: { mean: 0.7, stddev: 0.55 }, error_ratio: 0.031 },
    origin: 'rolling',
    site_samples: 1800,
    client_samples: 5400,
  };
  const numbers = 'site 12.30±3.21/s | client 0.70±0.55/s | errors 3.1% | rolling | 1800 s, 5400 client-minutes';
  assert.equal(formatBaselineLine(event), `[2026-11-20T10:11:00.000Z] BASELINE | ${numbers}`);
  const learned = { site: null, client: { mean: 0.1, stddev: 0.55 }, error_ratio: 0.004 };
  assert.match(
    formatBaselineLine({ ...event, learned }),
    /site 12\.30±3\.21\/s \(default, nothing learned lately\) \| client 0\.10±0\.55\/s \(below the minimum, counted as 0\.70±0\.55\/s\) \| errors 0\.4% \(below the minimum, counted as 3\.1%\)/,
  );
  assert.match(formatBaselineLine({ ...event, ready: false }), /\] BASELINE \(warming up\) \| site/);
});
