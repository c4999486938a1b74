import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Notification } from '../../src/model/notification.ts';
import { formatDigest } from '../../src/notify/digest.ts';
import { escapeText, plainText } from '../../src/notify/markup.ts';
import { formatMessage } from '../../src/notify/message.ts';
import type { SlackPayload } from '../../src/notify/payload.ts';
import { anomaly, anomalyEnd, ban, fuse, trouble, unban } from './examples.ts';

/** Every text of a payload: mrkdwn ones in `markup`, plain ones in `plain`. */
function texts(payload: SlackPayload): { markup: string[]; plain: string[] } {
  const markup = [payload.text];
  const plain: string[] = [];
  for (const block of payload.blocks) {
    if (block.type === 'header') plain.push(block.text.text);
    else if (block.type === 'context') markup.push(...block.elements.map((element) => element.text));
    else if ('fields' in block) markup.push(...block.fields.map((field) => field.text));
    else markup.push(block.text.text);
  }
  return { markup, plain };
}

const whole = (payload: SlackPayload) => [...texts(payload).markup, ...texts(payload).plain].join('\n');

function assertWithinLimits(payload: SlackPayload): void {
  assert.ok(payload.blocks.length <= 50);
  for (const block of payload.blocks) {
    if (block.type === 'header') assert.ok(block.text.text.length <= 150 && block.text.text.length > 0);
    else if (block.type === 'section' && 'fields' in block) {
      assert.ok(block.fields.length <= 10);
      for (const field of block.fields) assert.ok(field.text.length <= 2000);
    } else if (block.type === 'section') assert.ok(block.text.text.length <= 3000 && block.text.text.length > 0);
  }
}

test('a ban says who, why, with which numbers, for how long, and how to undo it', () => {
  const text = whole(formatMessage(ban(), 'web-1'));
  for (const part of [
    'Banned 203.0.113.9 for 10m on web-1',
    'multiplier: many times the usual rate',
    '5.20/s (tolerated: 3.50/s)',
    '0.70±0.55/s',
    '7.4x the mean, z-score 8.2',
    '330 requests in 60 s',
    '33 (10 %, usually 3 %)',
    '10m (tier 1)',
    '2026-11-20T10:11:12Z',
    'GET /login?a=1 401 "curl/8.5.0"',
    '`zban unban 203.0.113.9`',
    '`zban explain 203.0.113.9`',
  ])
    assert.ok(text.includes(part), `${part} is missing in ${text}`);
});

test('observe mode says "would ban" and offers nothing to undo', () => {
  const text = whole(formatMessage(ban({}, false), 'web-1'));
  assert.match(text, /Would ban 203\.0\.113\.9/);
  assert.doesNotMatch(text, /⛔|zban unban/);
});

test('a ban that the firewall has not confirmed is told as such', () => {
  assert.match(whole(formatMessage(ban({}, true, false), 'web-1')), /not confirmed/);
});

test("an operator's permanent ban shows no numbers that nobody measured", () => {
  const text = whole(formatMessage(ban({ condition: 'manual', duration_seconds: null, samples: [] }), 'web-1'));
  assert.match(text, /Banned 203\.0\.113\.9 permanently/);
  assert.match(text, /an operator decided it/);
  assert.doesNotMatch(text, /Baseline|Evidence/);
});

test('a site-wide anomaly says what it looks like and why, what there is more of than usual, and that nobody is banned', () => {
  const text = whole(formatMessage(anomaly(), 'web-1'));
  for (const part of [
    '🚨 A distributed attack, by its looks: peak 1206 new clients on web-1, usually 9',
    'Looks like an attack: 0 % are for static files (usually 55 %)',
    'path      99 %  (usually 3 %)    /search?q=',
    'agent     75 %                   python-requests/2.31',
    'network   60 %  (usually 0 %)    203.0.113.0/24',
    'new       82 %  (usually 9 %)    clients never seen before',
    'site_newcomers 1206, limit 67',
    'peak 431.20/s, usually 40.00±12.00/s',
    '2026-11-20T10:10:58Z',
    'bans nobody',
    'zban ban NETWORK',
  ])
    assert.ok(text.includes(part), `${part} is missing in ${text}`);
});

test('a crowd of visitors is told apart at first sight', () => {
  const event = { verdict: 'visitors', detail: 'looks like visitors: 93 % are for static files' } as const;
  const text = whole(formatMessage(anomaly(event), 'web-1'));
  assert.match(text, /📈 A crowd of visitors, by their looks: peak 1206 new clients on web-1/);
  assert.match(text, /Looks like visitors: 93 %/);
  assert.doesNotMatch(text, /attack|zban ban/i);
  assert.match(
    whole(formatMessage(anomaly({ verdict: 'unclear' }), 'web-1')),
    /❓ Visitors or an attack: peak 1206 new clients on web-1, usually 9/,
  );
});

test('the end of a site-wide anomaly says how long, how much, and who was banned meanwhile', () => {
  const text = whole(formatMessage(anomalyEnd(), 'web-1'));
  for (const part of [
    'back to normal after 10m8s, peak 1377 new clients',
    'peak 512.30/s',
    '230400',
    '*Clients banned meanwhile*\n3',
    '41.00/s',
  ])
    assert.ok(text.includes(part), `${part} is missing in ${text}`);
  assert.match(text, /It looked like an attack\./);
  assert.match(whole(formatMessage(anomalyEnd({ rate: 480 }), 'web-1')), /stays high and counts as normal now/);
});

test('an anomaly is headed by its peak, of what it is about: never by what is left of it', () => {
  const headline = (event: Notification) => whole(formatMessage(event, 'web-1')).split('\n')[0];
  const over = { rate: 0, mean: 0.62 };
  assert.equal(
    headline(anomaly({ ...over, condition: 'site_requests', peak_rate: 85 })),
    '🚨 A distributed attack, by its looks: peak 85.00/s on web-1, usually 0.62/s',
  );
  const files = { ...over, peak_rate: 0, peak_measured: 1204, usual: 200 };
  const flood = anomaly({ ...files, condition: 'site_clients' });
  assert.equal(headline(flood), '🚨 A distributed attack, by its looks: peak 1204 clients on web-1, usually 200');
  assert.doesNotMatch(whole(formatMessage(flood, 'web-1')), /0\.00\/s/);
  assert.equal(
    headline(anomalyEnd({ ...over, condition: 'site_requests', peak_rate: 85 })),
    '✅ Traffic of web-1 is back to normal after 10m8s, peak 85.00/s',
  );
});

test('a digest of anomalies tells each in a line', () => {
  const text = whole(formatDigest([anomaly(), anomalyEnd()], 'web-1'));
  assert.match(text, /10:11:12Z {2}began, looks like an attack: .*peak 1206 new clients, usually 9, path \/search/);
  assert.match(
    text,
    /10:22:31Z {2}ended, lasted 10m8s, peak 1377 new clients, 230400 requests beyond normal, 3 clients banned/,
  );
});

test('release, fuse, trouble and test say what they are about', () => {
  assert.match(whole(formatMessage(unban('203.0.113.9'), 'web-1')), /Released 203\.0\.113\.9 on web-1.*expired/s);
  assert.match(
    whole(formatMessage(fuse, 'web-1')),
    /stopped banning.*101 bans within a minute.*refused until `2026-11-20T10:21:12Z`.*`zban fuse reset`/s,
  );
  assert.match(whole(formatMessage(trouble, 'web-1')), /in trouble.*&lt;lock&gt; held.*How to mend it.*xtables\.lock/s);
  assert.match(whole(formatMessage({ kind: 'test', time: '2026-11-20T10:11:12Z' }, 'web-1')), /can reach this channel/);
});

test('the end of a ban says what the firewall does now, and nothing that is not known', () => {
  const time = '2026-11-20T10:11:12Z';
  const by = { kind: 'unban', time, ip: '198.51.100.7', tier: 0, reason: '', operator: 'ann', enforced: true } as const;
  const text = (change: object) => whole(formatMessage({ ...by, ...change }, 'web-1'));
  assert.match(
    text({}),
    /🔓 Released 198\.51\.100\.7 on web-1\n`198\.51\.100\.7` may connect again: lifted by ann\.\n/,
  );
  assert.match(text({ operator: null }), /may connect again\.\n/);
  assert.match(text({ tier: 2, reason: 'a <customer>' }), /: lifted by ann, a &lt;customer&gt;, last ban was tier 2\./);
  assert.match(text({ within: 2 }), /may connect again, except 2 parts of it that are banned themselves/);
  for (const change of [{ blockedBy: ['198.51.100.0/24'] }, { failure: 'no room' }, { enforced: false }]) {
    assert.doesNotMatch(text(change), /may connect|Released/);
  }
  assert.match(
    text({ blockedBy: ['198.51.100.0/24'] }),
    /still blocked.*`198\.51\.100\.0\/24` still covers it.*`zban unban 198/s,
  );
  assert.match(text({ failure: 'no room' }), /still blocked.*firewall still holds it: no room/s);
  assert.match(text({ enforced: false }), /would-be ban of 198\.51\.100\.7 is over.*Nothing was blocked/s);
  assert.match(
    whole(formatDigest([{ ...by, blockedBy: ['198.51.100.0/24'] }, by], 'web-1')),
    /2 bans ended.*198\.51\.100\.7 {2}still blocked by 198\.51\.100\.0\/24 {2}by ann\n/s,
  );
});

test('many at once and panic name who did it, how many, and why', () => {
  const time = '2026-11-20T10:11:12Z';
  const clients = ['203.0.113.1', '203.0.113.2'];
  const many = {
    kind: 'many',
    time,
    action: 'ban',
    operator: 'ann',
    count: 9998,
    clients,
    reason: 'their list',
  } as const;
  assert.match(
    whole(formatMessage(many, 'web-1')),
    /9998 clients banned on web-1 by ann.*203\.0\.113\.2\n… 9996 more.*their list/s,
  );
  const ended = formatMessage({ ...many, action: 'unban', operator: null, count: 2, reason: '' }, 'web-1');
  assert.match(whole(ended), /2 bans lifted on web-1/);
  assert.doesNotMatch(whole(ended), /more|Why| by /);
  const panic = { kind: 'panic', time, phase: 'start', operator: 'ann', reason: 'customers call', lifted: 31 } as const;
  assert.match(
    whole(formatMessage(panic, 'web-1')),
    /ann stopped all banning on web-1.*31 bans were lifted.*customers call/s,
  );
  assert.match(whole(formatMessage({ ...panic, phase: 'end' }, 'web-1')), /ann ended the panic on web-1/);
});

test('a digest counts by condition, lists the heaviest ten and says where the others are', () => {
  const bans = Array.from({ length: 40 }, (_, index) =>
    ban({
      ip: `198.51.100.${index}`,
      rate: index,
      condition: index % 4 === 0 ? 'error_surge' : 'z_score',
    }),
  );
  const text = whole(formatDigest(bans, 'web-1'));
  assert.match(text, /Banned 40 clients on web-1/);
  assert.match(text, /30 × z_score: far above the usual rate/);
  assert.match(text, /10 × error_surge: a surge of refused requests/);
  assert.match(text, /198\.51\.100\.39 .*198\.51\.100\.30 /s);
  assert.doesNotMatch(text, /198\.51\.100\.29 /);
  assert.match(text, /… 30 more/);
  assert.match(text, /zban list/);
});

test('a digest tells bans from would-be bans', () => {
  assert.match(whole(formatDigest([ban(), ban({}, false)], 'h')), /Banned 1 clients and would have banned 1/);
  assert.match(whole(formatDigest([ban({}, false), ban({}, false)], 'h')), /Would ban 2 clients/);
});

test('numbers that JSON could not carry become dashes', () => {
  const stored = JSON.parse(JSON.stringify(ban({ z: Number.POSITIVE_INFINITY }))) as Notification;
  assert.match(whole(formatMessage(stored, 'h')), /z-score –/);
});

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.constantFrom(
    '<!channel> <@U123> <https://example.com|bank>',
    '```\n*bold* `code`',
    '&lt;!here&gt;',
    'a\u202Eb\u0007\u001b[31m\u2028c\ud800',
    '<'.repeat(700),
    '&'.repeat(2000),
  ),
);

test('whatever a log holds, Slack sees no markup of it and no limit is passed', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const entry = fc.record({ name: hostile, requests: fc.nat(), share, usual_share: fc.option(share) });
  const sample = fc.record({
    time: hostile,
    method: hostile,
    path: hostile,
    status: fc.nat(999),
    user_agent: hostile,
  });
  const notification = fc.oneof(
    fc.array(sample, { maxLength: 5 }).map((samples) => ban({ samples })),
    fc
      .record({ top: fc.array(entry, { maxLength: 8 }), detail: hostile.map((text) => `looks ${text}`) })
      .map(({ top, detail }) => anomaly({ top_prefixes: top, top_paths: top, top_user_agents: top, detail })),
    fc.record({ kind: fc.constant('trouble' as const), time: hostile, what: hostile, mend: hostile }),
    fc.record({
      kind: fc.constant('many' as const),
      time: hostile,
      action: fc.constantFrom('ban' as const, 'unban' as const),
      operator: fc.option(hostile),
      count: fc.nat(),
      clients: fc.array(hostile, { maxLength: 10 }),
      reason: hostile,
    }),
    fc.record({
      kind: fc.constant('panic' as const),
      time: hostile,
      phase: fc.constantFrom('start' as const, 'end' as const),
      operator: hostile,
      reason: hostile,
      lifted: fc.nat(),
    }),
    fc.record({
      kind: fc.constant('unban' as const),
      time: hostile,
      ip: hostile,
      tier: fc.constant(1),
      reason: hostile,
    }),
  );
  fc.assert(
    fc.property(notification, fc.nat(30), hostile, (one, copies, host) => {
      for (const payload of [formatMessage(one, host), formatDigest([one, ...Array(copies).fill(one)], host)]) {
        assertWithinLimits(payload);
        for (const text of texts(payload).markup) {
          assert.doesNotMatch(text, /[<>]|&(?!amp;|lt;|gt;)/);
          assert.doesNotMatch(text, /(?![\n])\p{C}/u);
          assert.equal((text.match(/`/g) ?? []).length % 2, 0, 'every backtick is one of ours, in pairs');
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('backticks in a log cannot end a code span', () => {
  assert.equal(escapeText('a`b```c', 100), "a'b'''c");
  const text = whole(
    formatMessage(
      ban({ samples: [{ time: '', method: 'GET', status: 200, user_agent: '', path: '/```<!channel>' }] }),
      'h',
    ),
  );
  assert.ok(text.includes("/'''&lt;!channel&gt;"));
});

test('plain text is cut by characters, never through one', () => {
  assert.equal(plainText('𝒳'.repeat(10), 6), '𝒳𝒳…');
  assert.equal(plainText('x'.repeat(1_000_000), 6), 'xxxxx…');
  assert.equal(plainText(undefined, 5), '');
  assert.equal(plainText(' a\n\tb ', 10), 'a b');
});

test('a client behind a translator is named with its IPv4 address, and undone by its own', () => {
  const { event, ...rest } = ban() as Extract<Notification, { kind: 'ban' }>;
  const text = whole(
    formatMessage({ ...rest, event: { ...event, ip: '64:ff9b::cb00:7109', ipv4: '203.0.113.9' } }, 'web-1'),
  );
  assert.match(text, /Banned 64:ff9b::cb00:7109 \(203\.0\.113\.9\) for 10m on web-1/);
  assert.match(text, /`64:ff9b::cb00:7109 \(203\.0\.113\.9\)`/);
  assert.match(text, /zban unban 64:ff9b::cb00:7109`/);
});
