import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { briefReason, describeReason, PHRASES, phraseOf } from '../../src/english/reason.ts';
import type { Condition } from '../../src/model/event.ts';
import { evidenceOf } from '../support/evidence.ts';

const NORMAL = '0.70 ± 0.55 requests/s from a client, 3 % of them refused (4xx).';
const COMPARED = '7.4 times the mean, 8.2 standard deviations above it';

/** Condition, one line of many, what it did, how much would have been tolerated. */
const TOLD: readonly (readonly [Condition, string, string, string])[] = [
  [
    'z_score',
    'z_score 8.2',
    `It sent 330 requests in 60 s (312 without static files), 33 of them refused (4xx): ${COMPARED}.`,
    'Up to 210 requests in 60 s would have been tolerated.',
  ],
  [
    'multiplier',
    'multiplier 7.4x',
    `It sent 330 requests in 60 s (312 without static files), 33 of them refused (4xx): ${COMPARED}.`,
    'Up to 210 requests in 60 s would have been tolerated.',
  ],
  [
    'error_surge',
    'error_surge 61 % 4xx, usually 3 %',
    `It sent 330 requests in 60 s (312 without static files), 201 of them refused (4xx): 61 %, so that tighter limits held. That is ${COMPARED}.`,
    'Up to 60 requests in 60 s would have been tolerated of a client that is refused so often.',
  ],
  [
    'warmup_ceiling',
    'warmup_ceiling 301 requests',
    'It sent 301 requests in 14 s, before zban had learned what is normal.',
    'Up to 300 requests in 60 s would have been tolerated until it is.',
  ],
  [
    'scan',
    'scan 12.5 points of 12',
    'It sent 40 requests in 12 s, 38 of them refused (4xx). That is 12.5 points; the limit is 12.',
    'A burst of about 12 requests for paths where nobody else is served, then 1.2 a minute, would have been tolerated (12 points, of which 1.2 drain a minute).',
  ],
  [
    'brute_force',
    'brute_force 8 points of 7',
    'It sent 9 requests in 5 s. That is 8 points; the limit is 7.',
    'A burst of about 7 such attempts, then 1.3 a minute, would have been tolerated (7 points, of which 1.3 drain a minute).',
  ],
  [
    'scrape',
    'scrape 30.1 points of 30',
    'It sent 79 requests in 60 s (70 without static files), 1 of them refused (4xx). That is 30.1 points; the limit is 30.',
    'A burst of about 30 pages that nobody else asks for, then 7 a minute, would have been tolerated (30 points, of which 7 drain a minute).',
  ],
  [
    'flood',
    'flood 45.1 points of 45',
    'It sent 460 requests in 9 s. That is 45.1 points; the limit is 45.',
    'A burst of about 450 requests, then 60 a minute, would have been tolerated (45 points, of which 6 drain a minute).',
  ],
];

for (const [condition, brief, did, tolerated] of TOLD) {
  test(`${condition} is told with the numbers that decided it`, () => {
    const evidence = evidenceOf(condition);
    assert.equal(briefReason(condition, evidence), brief);
    const normal = condition === 'warmup_ceiling' ? 'Not known yet.' : NORMAL;
    assert.deepEqual(describeReason(condition, evidence), { did, normal, tolerated });
  });
}

test('the profile classic holds a client against the whole site, and says so', () => {
  const reason = describeReason('z_score', evidenceOf('z_score', { baseline_of: 'site' }));
  assert.equal(
    reason?.normal,
    '0.70 ± 0.55 requests/s on the whole site; profile classic holds every client against that.',
  );
});

test('what reached a floor is told that one less would have been tolerated', () => {
  const reason = describeReason('multiplier', evidenceOf('multiplier', { requests: 600, rate: 10, limit: 10 }));
  assert.equal(reason?.tolerated, 'Up to 599 requests in 60 s would have been tolerated.');
});

test('an operator measures nothing; an old row without the newer numbers is still told', () => {
  assert.equal(describeReason('manual', {}), undefined);
  const { span_seconds: _, baseline_of: __, ...old } = evidenceOf('multiplier');
  assert.equal(describeReason('multiplier', old)?.did, describeReason('multiplier', evidenceOf('multiplier'))?.did);
  const pointless = describeReason('scan', { rate: 1, requests: 60, window_seconds: 60, z: null });
  assert.doesNotMatch(JSON.stringify(pointless), /undefined|NaN|null/);
});

test('a condition of a newer version stays as it is', () => {
  assert.equal(phraseOf('toString'), 'toString');
  assert.equal(briefReason('newer', {}), 'newer');
});

test('docs/detection.md lists every condition with the words that are used for it', () => {
  const page = readFileSync(new URL('../../docs/detection.md', import.meta.url), 'utf8');
  const listed = [...page.matchAll(/^\| `(\w+)` \| ([^|]+) \|$/gm)].map(([, condition, words]) => [condition, words]);
  assert.deepEqual(Object.fromEntries(listed), PHRASES);
});

test('a floor is not told as if it had been learned', () => {
  const normal = (learned: object) => describeReason('multiplier', { ...evidenceOf('multiplier'), learned })?.normal;
  assert.equal(normal({ mean: 0.7, stddev: 0.55, error_ratio: 0.03 }), NORMAL);
  assert.equal(
    normal({ mean: 0.05, stddev: 0.1, error_ratio: 0.004 }),
    '0.05 ± 0.10 requests/s from a client, 0 % of them refused (4xx); below the minimum, which counts: 0.70 ± 0.55, 3 %.',
  );
  assert.equal(
    normal({ mean: null, stddev: null, error_ratio: null }),
    'Nothing learned lately, so the default counts: 0.70 ± 0.55 requests/s from a client, 3 % of them refused (4xx).',
  );
  const surge = (error_ratio: number | null) =>
    briefReason('error_surge', { ...evidenceOf('error_surge'), learned: { mean: 1, stddev: 1, error_ratio } });
  assert.equal(surge(0.004), 'error_surge 61 % 4xx, usually 0 %');
  assert.equal(surge(null), 'error_surge 61 % 4xx, usually not known');
});
