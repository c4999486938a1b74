/** What messages say, whatever channel sends them; test/notify/golden shows each of them whole. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Notification, Severity } from '../../src/model/notification.ts';
import { formatDigest } from '../../src/notify/digest.ts';
import { formatMessage } from '../../src/notify/format.ts';
import type { Message } from '../../src/notify/message.ts';
import { spellBody } from '../../src/notify/text.ts';
import { anomaly, anomalyEnd, ban, fuse, order, probes, trouble, unban } from './examples.ts';

const format = (notification: Notification): Message => formatMessage(notification, { host: 'web-1' });
const digest = (notifications: readonly Notification[]): Message => formatDigest(notifications, { host: 'web-1' });
const headline = (notification: Notification): string => format(notification).headline;
const whole = (message: Message): string => `${message.headline}\n${spellBody(message)}`;

test('the first sentence of a ban says where, who, for how long and why', () => {
  const samples = probes('/.env', '/old/phpinfo.php?x=1', '/.env');
  assert.equal(
    headline(ban({ condition: 'scan', ip: '203.0.113.213', samples })),
    'web-1 banned 203.0.113.213 for 10 min: scanning for .env and phpinfo.php',
  );
  assert.equal(
    headline(ban({ condition: 'brute_force', duration_seconds: null })),
    'web-1 banned 203.0.113.9 permanently: brute force on /login',
  );
});

test('names from the log are in the first sentence only when they are harmless everywhere', () => {
  const samples = probes('/<!channel>', '/a b', '/@here', `/${'x'.repeat(90)}`, '/[x](http://evil)', '/`id`');
  assert.equal(
    headline(ban({ condition: 'scan', samples })),
    'web-1 banned 203.0.113.9 for 10 min: scanning for pages that do not exist',
  );
});

test('defaults are marked as such, and what was learned is not', () => {
  const normal = (learned: object | undefined) =>
    format(ban(learned === undefined ? {} : { learned: learned as never })).facts.find(
      ([label]) => label === 'Requests',
    );
  assert.deepEqual(normal({ mean: 0.7, stddev: 0.55, error_ratio: 0.03 }), [
    'Requests',
    '5.20/s, normal 0.70 ± 0.55/s',
  ]);
  assert.deepEqual(normal({ mean: null, stddev: null, error_ratio: null }), [
    'Requests',
    '5.20/s, normal 0.70 ± 0.55/s (default)',
  ]);
  assert.deepEqual(normal({ mean: 0.1, stddev: 0.55, error_ratio: 0.03 }), [
    'Requests',
    '5.20/s, normal 0.70 ± 0.55/s (minimum)',
  ]);
  const untaught = headline(ban({ learned: { mean: null, stddev: null, error_ratio: null } }));
  assert.match(untaught, /more than the default limit$/);
});

test('observe mode says "would ban" and offers nothing to undo', () => {
  const text = whole(format(ban({}, false, false)));
  assert.match(text, /^web-1 would ban 203\.0\.113\.9 /);
  assert.doesNotMatch(text, /zban unban|not confirmed/);
});

test('who a client is stands beside its address', () => {
  const text = whole(format({ ...ban(), who: 'AS64500 Example, FR' } as Notification));
  assert.match(text, /Client: 203\.0\.113\.9, AS64500 Example, FR\n/);
});

test('what an operator noted shortly before is in the message, at a surge in its first sentence', () => {
  const after = '9 min after deploy 1.4.2';
  assert.match(headline({ ...anomaly(), after }), /normal is 9, 9 min after deploy 1\.4\.2$/);
  for (const notification of [ban(), fuse, trouble])
    assert.match(whole(format({ ...notification, after })), /\nNote: 9 min/);
});

test('an anomaly is headed by its peak, of what it is about: never by what is left of it', () => {
  const over = { rate: 0, mean: 0.62 };
  assert.equal(
    headline(anomaly({ ...over, condition: 'site_requests', peak_rate: 85 })),
    'web-1: looks like a distributed attack: 85.00 requests/s, normal is 0.62 requests/s',
  );
  const files = { ...over, peak_rate: 0, peak_measured: 1204, usual: 200 };
  const flood = anomaly({ ...files, condition: 'site_clients' });
  assert.equal(headline(flood), 'web-1: looks like a distributed attack: 1,204 clients, normal is 200');
  assert.doesNotMatch(whole(format(flood)), /0\.00\/s/);
  assert.equal(
    headline(anomalyEnd({ ...over, condition: 'site_requests', peak_rate: 85 })),
    'web-1: traffic is back to normal after 10 min 8 s, peak 85.00 requests/s, normal is 0.62 requests/s',
  );
  assert.match(headline(anomalyEnd({ rate: 480 })), /stays high and counts as normal now/);
});

test('the end of a ban says what the firewall does now, and nothing that is not known', () => {
  const by = { ...unban('198.51.100.7'), tier: 0, reason: '', operator: 'ann', enforced: true } as Notification;
  const text = (change: object) => whole(format({ ...by, ...change } as Notification));
  assert.match(text({}), /^web-1 released 198\.51\.100\.7: lifted by ann\nIt can connect again\.\n/);
  assert.match(text({ operator: null }), /^web-1 released 198\.51\.100\.7\n/);
  for (const change of [{ blockedBy: ['198.51.100.0/24'] }, { failure: 'no room' }, { enforced: false }]) {
    assert.doesNotMatch(text(change), /can connect|released/);
  }
});

test('a digest counts by condition, lists the heaviest ten and says where the others are', () => {
  const bans = Array.from({ length: 40 }, (_, index) =>
    ban({ ip: `198.51.100.${index}`, rate: index, condition: index % 4 === 0 ? 'error_surge' : 'z_score' }),
  );
  const text = whole(digest(bans));
  assert.match(text, /^web-1 banned 40 clients: 30 z_score, 10 error_surge\n/);
  assert.match(text, /198\.51\.100\.39 .*198\.51\.100\.30 /s);
  assert.doesNotMatch(text, /198\.51\.100\.29 /);
  assert.match(text, /… 30 more/);
  assert.match(text, /zban list/);
  assert.match(digest([ban(), ban({}, false)]).headline, /banned 1 client and would have banned 1: /);
});

test('a digest of observe mode says that nothing is blocked, and offers nothing to undo', () => {
  const text = whole(digest([ban({}, false), ban({}, false)]));
  assert.match(text, /^web-1 would ban 2 clients: .*\nObserve mode: nothing is blocked\./s);
  assert.doesNotMatch(text, /zban unban/);
});

test('a severity follows from the share of the site, and the end of something is never less urgent than its start', () => {
  const severities: readonly (readonly [Severity, Notification])[] = [
    ['SEV-1', anomaly()],
    ['SEV-2', anomaly({ usual: 300 })],
    ['SEV-2', anomaly({ verdict: 'unclear' })],
    ['SEV-3', anomaly({ verdict: 'unclear', usual: 300 })],
    ['SEV-4', anomaly({ verdict: 'visitors' })],
    ['SEV-2', fuse],
    ['SEV-3', trouble],
    ['SEV-3', ban({}, true, false)],
    ['SEV-4', { ...ban(), share: 0.5 } as Notification],
    ['SEV-5', { ...ban(), share: 0.49 } as Notification],
    ['SEV-5', ban({}, false, false)],
    ['SEV-5', order()],
    ['SEV-3', order({ confirmed: false })],
    ['SEV-5', order({ action: 'allow', confirmed: false })],
    ['SEV-5', unban('203.0.113.9')],
  ];
  for (const [severity, notification] of severities) assert.equal(format(notification).severity, severity);
  for (const change of [{}, { usual: 300 }, { verdict: 'unclear' }, { verdict: 'visitors' }] as const) {
    assert.ok(format(anomalyEnd(change)).severity <= format(anomaly(change)).severity);
  }
  assert.equal(
    digest([unban('203.0.113.9'), { ...unban('203.0.113.9'), failure: 'no room' } as Notification]).severity,
    'SEV-4',
  );
});

test('both ends of an incident have one key and one level', () => {
  const pairs: readonly (readonly [Notification, Notification])[] = [
    [ban(), unban('203.0.113.9')],
    [order(), unban('203.0.113.9')],
    [anomaly({ verdict: 'unclear', usual: 300 }), anomalyEnd({ verdict: 'unclear', usual: 100 })],
    [trouble, { ...trouble, phase: 'end' } as Notification],
  ];
  for (const [start, end] of pairs) {
    const [opened, closed] = [format(start).incident, format(end).incident];
    assert.equal(opened?.phase, 'open');
    assert.deepEqual(closed, { key: opened?.key, phase: 'close', level: opened?.level });
  }
});

test('numbers that JSON could not carry become dashes', () => {
  const stored = JSON.parse(JSON.stringify(ban({ multiple: Number.POSITIVE_INFINITY }))) as Notification;
  assert.match(headline(stored), /– times the usual rate/);
});
