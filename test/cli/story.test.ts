/** What `zban explain` says, word for word, of rows as the daemon writes them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { briefReason, describeReason, PHRASES, phraseOf } from '../../src/english/reason.ts';
import type { Condition } from '../../src/model/event.ts';
import { formatMessage } from '../../src/notify/format.ts';
import { toSlackPayload } from '../../src/notify/slack-payload.ts';
import { formatAuditLine } from '../../src/record/text-log/audit-line.ts';
import { evidenceOf } from '../support/evidence.ts';
import { BANNED, CLIENT, DAY, explain, flat, HOUR, judged, MINUTE, result } from './explained.ts';

test('a ban in force: how it stands, why, how much lower it should have stayed, what comes next, how to undo it', async (t) => {
  const earlier = judged('multiplier', { timeMs: BANNED - DAY });
  const text = await explain(t, [
    earlier,
    result('unban', { timeMs: BANNED - DAY + 10 * MINUTE, detail: 'expired' }),
    judged('scan', { tier: 2, durationSeconds: 1800 }),
    result('ban_result'),
  ]);
  assert.equal(
    text,
    `203.0.113.9 is banned until 2026-11-20 10:41:12 (in 27m).

Decision   2026-11-20 10:11:12 (3m ago) zban banned 203.0.113.9 for 30m, tier 2 (entry #3).
Why        probing for what is not there (scan). It sent 40 requests in 12 s, 38 of them refused
           (4xx). That is 12.5 points; the limit is 12.
Normal     0.70 ± 0.55 requests/s from a client, 3 % of them refused (4xx).
Limit      A burst of about 12 requests for paths where nobody else is served, then 1.2 a minute,
           would have been tolerated (12 points, of which 1.2 drain a minute).
Requests   10:11:12  401  GET /login?a=1  curl/8.5.0
History    It had been banned once before: 2026-11-19 10:11:12 (1d ago), 10m, multiplier (#1).
Next       It ends by itself 2026-11-20 10:41:12 (in 27m). The next offence means a ban of 2h (tier
           3); every 7d without a ban takes a tier off.
Undo       zban unban 203.0.113.9
Never ban  zban allow 203.0.113.9`,
  );
});

for (const condition of Object.keys(PHRASES) as Condition[]) {
  if (condition.startsWith('site_') || condition === 'manual') continue;
  test(`${condition} reads the same in Slack, in the audit log and when it is explained`, async (t) => {
    const evidence = evidenceOf(condition);
    const reason = describeReason(condition, evidence);
    assert.ok(reason);
    const told = flat(await explain(t, [judged(condition)]));
    const event = { event: 'ban', time: '2026-11-20T10:11:12Z', ip: CLIENT, tier: 1, duration_seconds: 600 } as const;
    const message = formatMessage(
      { kind: 'ban', event: { ...event, ...evidence }, enforced: true, confirmed: true },
      { host: 'h' },
    );
    const slack = JSON.stringify(toSlackPayload(message));
    for (const text of [told, slack]) {
      for (const part of [phraseOf(condition), reason.did, reason.tolerated]) assert.ok(text.includes(part), part);
    }
    assert.ok(told.includes(`Normal ${reason.normal}`), told);
    const line = formatAuditLine(judged(condition)) ?? '';
    assert.ok(line.includes(`| ${briefReason(condition, evidence)} |`), line);
  });
}

test('observe mode says what would be, and that nobody is blocked', async (t) => {
  const text = await explain(t, [judged('scrape', { enforced: false, detail: 'would ban (observe mode)' })]);
  assert.match(
    text,
    /^203\.0\.113\.9 would be banned until 2026-11-20 10:21:12 \(in 7m\); observe mode blocks nobody\.\n/,
  );
  assert.match(flat(text), /zban would have banned 203\.0\.113\.9 for 10m, tier 1 \(entry #1\)/);
});

test('a ban of another host is told as one where this host observes', async (t) => {
  const rows = [judged('manual', { actor: 'operator:anna@web-1', enforced: false, numbers: { origin: 'web-1' } })];
  assert.match(
    flat(await explain(t, rows)),
    /anna@web-1 banned 203\.0\.113\.9 for 10m, tier 1; this host only observes \(entry #1\)/,
  );
});

test('a ban that the firewall has not confirmed is told as such, with the reason', async (t) => {
  const text = await explain(t, [judged('scrape'), result('ban_result', { detail: 'failed: the set is full' })]);
  assert.match(
    flat(text),
    /^203\.0\.113\.9 is to be banned until .*, but the firewall has not confirmed it: zban doctor /,
  );
  assert.match(flat(text), /\(entry #1\)\. The firewall: failed: the set is full\./);
});

test('of bans that overlap the one that ends last is explained, and the others are named', async (t) => {
  const network = (durationSeconds: number) =>
    judged('manual', { client: '203.0.113.0/28', actor: 'operator:anna', durationSeconds });
  const longer = await explain(t, [network(HOUR / 1000), judged('scan', { durationSeconds: (2 * HOUR) / 1000 })]);
  assert.match(longer, /^203\.0\.113\.9 is to be banned until 2026-11-20 12:11:12 \(in 1h 57m\), but/);
  assert.match(
    flat(longer),
    /Also Another ban covers it: 203\.0\.113\.0\/28 until 2026-11-20 11:11:12 \(in 57m\) \(entry #1\)\./,
  );
  assert.match(longer, /It ends by itself 2026-11-20 12:11:12/);
  const shorter = await explain(t, [network(HOUR / 1000), judged('scan', { durationSeconds: 600 })]);
  assert.match(
    shorter,
    /^203\.0\.113\.9 is to be banned until 2026-11-20 11:11:12 \(in 57m\), with all of 203\.0\.113\.0\/28/,
  );
  assert.match(flat(shorter), /Also Another ban covers it: 203\.0\.113\.9 until 2026-11-20 10:21:12/);
});

test('a permanent ban stays until somebody lifts it', async (t) => {
  const text = await explain(t, [judged('brute_force', { tier: 4, durationSeconds: null }), result('ban_result')]);
  assert.match(text, /^203\.0\.113\.9 is banned for good\.\n/);
  assert.match(text, /Next +It stays banned until somebody lifts the ban\./);
});

test('a release says who, when and why; asked by its number it tells of its ban', async (t) => {
  const drafts = [
    judged('scrape'),
    result('ban_result'),
    result('unban', { timeMs: BANNED + 2 * MINUTE, actor: 'operator:ann', detail: 'a customer' }),
    result('unban_result', { timeMs: BANNED + 2 * MINUTE }),
  ];
  for (const subject of [CLIENT, 3, 4]) {
    const text = await explain(t, drafts, subject);
    assert.match(
      text,
      /^203\.0\.113\.9 is not banned any more: ann lifted the ban 2026-11-20 10:13:12 \(1m ago\): a\s+customer\.\n/,
    );
    assert.match(text, /Decision +2026-11-20 10:11:12 .* zban banned 203\.0\.113\.9 for 10m, tier 1 \(entry #1\)\./);
    assert.doesNotMatch(text, /zban unban/);
    assert.match(text, /Next +The next offence means a ban of 30m \(tier 2\)/);
  }
});

test('a ban that ran out says so; a quiet time takes the tier off', async (t) => {
  const text = await explain(t, [judged('scrape')], CLIENT, BANNED + 8 * DAY);
  assert.match(text, /^203\.0\.113\.9 is not banned any more: its time was up 2026-11-20 10:21:12 \(7d 23h ago\)\.\n/);
  assert.match(text, /The next offence means a ban of 10m \(tier 1\)/);
});

test('an old ban asked by its number is told with its own end, under how the client stands now', async (t) => {
  const first = judged('scrape', { timeMs: BANNED - HOUR });
  const over = result('unban', { timeMs: BANNED - 50 * MINUTE, detail: 'expired' });
  const text = await explain(t, [first, over, judged('scan', { tier: 2 }), result('ban_result')], 1);
  assert.match(text, /^203\.0\.113\.9 is banned until/);
  assert.match(flat(text), /\(entry #1\)\. It is over: its time was up 2026-11-20 09:21:12 \(53m ago\)\./);
});

for (const [detail, words] of [
  ['allowlist: 203.0.113.0/24', 'it is on the allowlist (203.0.113.0/24)'],
  ['protected: peer of a live SSH session (port 22)', 'it is protected (peer of a live SSH session (port 22))'],
  ['fuse: the fuse is blown', 'the fuse had tripped after too many bans at once'],
  ['alert: swarm.action is alert', 'swarm.action is alert'],
  ['limit: 9 bans are in force already (bans.max_active)', '9 bans are in force already (bans.max_active)'],
] as const) {
  test(`not banned by ${detail.split(':')[0]} is told with what it would have been banned for`, async (t) => {
    const text = await explain(t, [
      judged('brute_force', { action: 'refused', tier: null, durationSeconds: null, detail }),
    ]);
    assert.match(text, /^203\.0\.113\.9 is not banned, although it crossed a limit\.\n/);
    assert.ok(flat(text).includes(`zban would have banned 203.0.113.9, but ${words} (entry #1).`), text);
    assert.ok(
      flat(text).includes('Why guessing passwords: the same request again and again (brute_force). It sent 9'),
      text,
    );
  });
}

test("an operator's ban has a reason instead of numbers, and what it covers", async (t) => {
  const manual = judged('manual', {
    ...{ client: '2001:db8:1::/64', actor: 'operator:ann', numbers: null, tier: 0, durationSeconds: 3600 },
    detail: 'asked us to',
  });
  const text = await explain(t, [manual, result('ban_result', { client: '2001:db8:1::/64' })], '2001:db8:1::5');
  assert.match(
    flat(text),
    /^2001:db8:1::5 is banned until 2026-11-20 11:11:12 \(in 57m\), with all of 2001:db8:1::\/64\. /,
  );
  assert.match(flat(text), /ann banned 2001:db8:1::\/64 for 1h \(entry #1\)\./);
  assert.match(text, /Why +banned manually by ann: asked us to\./);
  assert.match(text, /Undo +zban unban 2001:db8:1::\/64$/m);
});

test('a network lists the bans within it', async (t) => {
  const text = await explain(t, [judged('scrape'), judged('scan', { client: '203.0.113.77' })], '203.0.113.0/24');
  assert.match(text, /^203\.0\.113\.0\/24 is not banned and never was, but clients within it were\.\n/);
  assert.match(
    text,
    /Within +#1 {2}2026-11-20 10:11:12 {2}203\.0\.113\.9 {2}scrape\n +#2 {2}2026-11-20 10:11:12 {2}203\.0\.113\.77 {2}scan/,
  );
});

test('what is allowed says by what, and how to take it back', async (t) => {
  const allow = result('allow', { client: '203.0.113.0/24', actor: 'operator:ann', detail: 'office' });
  const byOperator = await explain(t, [judged('scrape'), allow]);
  assert.match(byOperator, /Allowed +It is never banned, by 203\.0\.113\.0\/24 in zban allow\./);
  assert.match(byOperator, /zban allow --remove 203\.0\.113\.0\/24$/m);
  const client = '192.0.2.9';
  const byConfiguration = await explain(t, [judged('scrape', { client })], client);
  assert.match(byConfiguration, /It is never banned, by 192\.0\.2\.0\/24 in bans\.allowlist\./);
});

test('rows about no client are told too', async (t) => {
  const text = await explain(t, [result('trouble', { client: null, detail: 'the disk is full' })], 1);
  assert.match(
    text,
    /^Entry #1 is about no client\.\n\nDecision +2026-11-20 10:11:13 .* zban: trouble the disk is full/,
  );
});

test('nothing from a log reaches the terminal as anything but text, and no line is wider than 100 columns', async (t) => {
  const sample = {
    ...{ time: '2026-11-20T10:11:12Z', method: 'GET', status: 404 },
    ...{ path: `/\u001b[2J${'x'.repeat(300)}`, user_agent: `\u202e${'long '.repeat(80)}` },
  };
  const numbers = { ...evidenceOf('scan'), samples: [sample, sample, sample] };
  const text = await explain(t, [judged('scan', { numbers })]);
  assert.doesNotMatch(text, /[\p{Cf}\p{Zl}\p{Zp}]|(?!\n)\p{Cc}/u);
  assert.ok(
    text.split('\n').every((line) => line.length <= 100),
    text,
  );
  assert.match(text, /\(3x\)/);
});
