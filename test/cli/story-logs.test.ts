/** What `zban explain` says of the logs: what a client did, around a ban and without one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ActivitySummary } from '../../src/cli/story/activity.ts';
import { findLaneSpans } from '../../src/cli/story/lane-hits.ts';
import { storyOfClient, stretchesOf } from '../../src/cli/story/story.ts';
import { parsePrefix } from '../../src/net/prefix.ts';
import { withTrail } from '../../src/record/trail/open-trail.ts';
import { evidenceOf } from '../support/evidence.ts';
import type { RowChanges } from '../support/rows.ts';
import { BANNED, CLIENT, explain, flat, HOUR, judged, NOW, OPTIONS, result } from './explained.ts';
import { banDraft, record } from './recorded.ts';

const activity = (first: string, last: string): ActivitySummary => ({
  ...{ requests: 412, answers: { '2xx': 3, '3xx': 12, '4xx': 397, '5xx': 0, other: 0 }, first, last },
  ...{ busiest_minute: { time: '2026-11-20T10:11:00Z', requests: 390 }, paths: 301, user_agents: 1, addresses: 1 },
  top_paths: [{ name: 'POST /wp-login.php\u001b[2J', requests: 12, share: 0.03 }],
  top_user_agents: [{ name: '', requests: 412, share: 1 }],
  ...{ top_addresses: [], samples: [] },
});

test('what the logs say is told by stretches, with a warning when a ban does not hold', async (t) => {
  const text = await explain(t, [judged('scrape')], CLIENT, NOW, {
    activities: [
      {
        ...{ name: 'hour_before', fromMs: BANNED - HOUR, untilMs: BANNED },
        activity: activity('2026-11-20T10:10:58Z', '2026-11-20T10:11:12Z'),
      },
      {
        ...{ name: 'while_banned', fromMs: BANNED + 1, untilMs: NOW },
        activity: activity('2026-11-20T10:11:13Z', '2026-11-20T10:12:13Z'),
      },
      { name: 'after_ban', fromMs: NOW, untilMs: NOW, activity: undefined },
    ],
    notes: ['cannot read /var/log/nginx/access.log: permission denied'],
  });
  const from = text.indexOf('Before');
  assert.equal(
    text.slice(from, text.indexOf('History')),
    `Before      In the hour before: 412 requests from 2026-11-20 10:10:58 to 10:11:12, at most 390 a
            minute: 2xx (3), 3xx (12), 4xx (397).
            301 paths: POST /wp-login.php\ufffd[2J (12), …
            1 user agent: – (412)
Meanwhile   While it was banned: 412 requests from 2026-11-20 10:11:13 to 10:12:13, at most 390 a
            minute: 2xx (3), 3xx (12), 4xx (397). They got past the firewall: zban doctor.
            301 paths: POST /wp-login.php\ufffd[2J (12), …
            1 user agent: – (412)
Afterwards  After the ban: no request is in the log.
Note        cannot read /var/log/nginx/access.log: permission denied.
`,
  );
});

test('what a client did from one day to the next is told with both days', async (t) => {
  const summary = activity('2026-11-20T23:59:58Z', '2026-11-21T00:00:03Z');
  const activities = [{ name: 'while_banned', fromMs: BANNED, untilMs: NOW, activity: summary }] as const;
  const text = await explain(t, [judged('scrape')], CLIENT, NOW, { activities, notes: [] });
  assert.match(flat(text), /412 requests from 2026-11-20 23:59:58 to 2026-11-21 00:00:03, at most/);
});

const HELD = { path: '/search', network: '203.0.113.0/24' };
const lane = (id: string, action: 'lane' | 'lane_end', timeMs: number, changes: RowChanges = {}) =>
  result(action, { client: null, timeMs, numbers: { id, action: 'hold', match: HELD }, enforced: true, ...changes });

test('who is stopped by a lane is told which, and how to end it', async (t) => {
  const rows = [
    lane('l1', 'lane', NOW - 5000),
    lane('l2', 'lane', NOW - 5000, { enforced: false }),
    lane('l3', 'lane', NOW - 9000, { numbers: { id: 'l3', action: 'deny', match: HELD } }),
    lane('l3', 'lane_end', NOW - 8000),
  ];
  const { path } = record(t, rows);
  const lanes = await withTrail(path, ({ reader }) => findLaneSpans(reader));
  assert.deepEqual(
    lanes.map(({ id, action, fromMs, untilMs }) => [id, action, fromMs, untilMs]),
    [
      ['l1', 'hold', NOW - 5000, undefined],
      ['l3', 'deny', NOW - 9000, NOW - 8000],
    ],
  );
  const text = await explain(t, rows, CLIENT, NOW, { lanes: lanes.map((each, n) => ({ ...each, requests: n + 1 })) });
  assert.match(text, /^203\.0\.113\.9 is not banned and never was\. Lane l1 stops requests like its own\.\n/);
  assert.match(
    flat(text),
    /Lane 1 of these requests is like what lane l1 stops \(more than usual gets 429\): network 203\.0\.113\.0\/24, path \/search\. zban lanes drop l1 Lane 2 of these requests are like what lane l3 stopped until 2026-11-20 10:14:04: /,
  );
});

test('of a ban of a network it is told what the address asked about has to do with it, and that address may be allowed', async (t) => {
  const ban = judged('scan', { client: '203.0.113.0/24' });
  for (const [own, words] of [
    [0, 'none'],
    [7, '7'],
  ] as const) {
    const text = flat(await explain(t, [ban], CLIENT, NOW, { own }));
    assert.ok(text.includes(`Itself ${CLIENT} sent ${words} of these requests.`), text);
    assert.match(text, /Undo +zban unban 203\.0\.113\.0\/24 Never ban +zban allow 203\.0\.113\.9$/);
  }
});

test('of a client that is never banned no next ban is foretold', async (t) => {
  const allowed = { ...judged('scan', { client: '192.0.2.7' }) };
  const text = await explain(t, [allowed, result('unban', { client: '192.0.2.7' })], '192.0.2.7');
  assert.match(text, /It is never banned, by 192\.0\.2\.0\/24/);
  assert.doesNotMatch(text, /next offence/);
});

test('a client that was never judged is told by the limit that it came nearest to', async (t) => {
  const nearest = [
    { limit: 'scan', share: 0.65, tolerated: 8, time: '2026-11-20T10:11:12Z' },
    { limit: 'rate', share: 0.1, tolerated: 600, time: '2026-11-20T10:11:12Z' },
  ] as const;
  const text = await explain(t, [], CLIENT, NOW, { nearest });
  assert.match(text, /^203\.0\.113\.9 is not banned and never was\.\n/);
  assert.match(
    flat(text),
    /Nearest +The nearest it came to a ban, on 2026-11-20 10:11:12: 5\.2 points for scan, where 8\.0 are tolerated\./,
  );
  const byRate = await explain(t, [], CLIENT, NOW, { nearest: nearest.slice(1) });
  assert.match(flat(byRate), /on 2026-11-20 10:11:12: 10\.0 % of the limit of its rate\./);
});

test('an anomaly of the site is told with all that its line elsewhere has no room for', async (t) => {
  const top_paths = ['/search', '/login'].map((name) => ({ name, requests: 99, share: 0.4, usual_share: 0.03 }));
  const numbers = {
    phase: 'start',
    rate: 174.3,
    mean: 102.24,
    stddev: 23.38,
    z: 3.1,
    multiple: 1.7,
    top_paths,
  } as const;
  const detail = 'looks like a distributed attack: 100 % ask for one path';
  const row = { client: null, condition: 'site_z_score', numbers: { ...numbers, detail }, actor: 'policy' } as const;
  const end = { ...row, numbers: { ...numbers, phase: 'end', duration_seconds: 90, verdict: 'attack' } } as const;
  const rows = [
    result('global_anomaly', { ...row, detail: 'start' }),
    result('global_anomaly', { ...end, detail: 'end' }),
  ];
  assert.match(
    flat(await explain(t, rows, 1)),
    /^Entry #1 is about no client\. .* Why the site is far above its usual rate\. Seen looks like a distributed attack: 100 % ask for one path site_z_score 3\.1 rate 174\.30\/s, usually 102\.24±23\.38\/s path \/search 40 % \(usually 3 %\) path \/login 40 % /,
  );
  assert.match(flat(await explain(t, rows, 2)), / End lasted 1m30s peak .* looked like a distributed attack/);
});

test('the requests around a ban are looked for at the time that the log had', async (t) => {
  const log_time = new Date(BANNED - HOUR).toISOString();
  const { condition: _, ...numbers } = evidenceOf('z_score');
  const { path } = record(t, [judged('z_score', { numbers: { ...numbers, log_time } })]);
  await withTrail(path, async ({ reader }) => {
    const prefix = parsePrefix(CLIENT);
    assert.ok(prefix);
    const [around] = stretchesOf(storyOfClient(reader, prefix, OPTIONS, NOW), NOW, NOW - HOUR);
    assert.deepEqual(around?.slice(0, 2), [
      { name: 'hour_before', fromMs: BANNED - 2 * HOUR, untilMs: BANNED - HOUR },
      { name: 'while_banned', fromMs: BANNED - HOUR + 1, untilMs: NOW - HOUR },
    ]);
  });
});

test('a client behind a translator is told with its IPv4 address, and undone by its own', async (t) => {
  const client = '64:ff9b::cb00:7109';
  const { condition, ...numbers } = evidenceOf('multiplier');
  const text = flat(
    await explain(t, [banDraft(client, { timeMs: BANNED, condition, numbers: { ...numbers, ipv4: CLIENT } })], client),
  );
  assert.match(text, /^64:ff9b::cb00:7109 \(203\.0\.113\.9\) is to be banned/);
  assert.match(text, /zban banned 64:ff9b::cb00:7109 \(203\.0\.113\.9\) for 10m/);
  assert.match(text, /zban unban 64:ff9b::cb00:7109( |$)/);
});
