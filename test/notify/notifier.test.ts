import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { inspect } from 'node:util';
import type { Notification } from '../../src/model/notification.ts';
import type { Channel } from '../../src/notify/channel.ts';
import { Notifier, type NotifierOptions } from '../../src/notify/notifier.ts';
import { Secret } from '../../src/notify/secret.ts';
import { createSlackDelivery } from '../../src/notify/slack.ts';
import type { DeliverySettings } from '../../src/settings/notify-settings.ts';
import { until } from '../support/until.ts';
import { ban, fuse, unban } from './examples.ts';
import { MemoryStore } from './memory-store.ts';
import { answer, hang, type StandIn, startStandIn } from './slack-stand-in.ts';

let slack: StandIn;
let store: MemoryStore;
let started: Notifier[];
let said: unknown[][];
let troubles: unknown[];

beforeEach(async () => {
  slack = await startStandIn();
  store = new MemoryStore();
  [started, said, troubles] = [[], [], []];
});
afterEach(async () => {
  for (const notifier of started) await notifier.stop({ drainMs: 0 });
  await slack.close();
});

function start(
  change: Partial<NotifierOptions> = {},
  timeoutMs = 5000,
  settings: Partial<DeliverySettings> = {},
  channel: Partial<Channel> = {},
): Notifier {
  const notifier = new Notifier({
    store,
    channel: {
      ...{ name: 'slack', service: 'Slack', warnings: [] },
      deliver: createSlackDelivery(new Secret(slack.url), timeoutMs),
      settings,
      ...channel,
    },
    now: Date.now,
    sender: { host: 'web-1' },
    log: (...line) => said.push(line),
    onTrouble: (trouble) => troubles.push(trouble),
    gapMs: 5,
    backoffMs: { first: 10, max: 50 },
    ...change,
  });
  started.push(notifier);
  return notifier;
}

const unbans = (count: number, from = 0): Notification[] =>
  Array.from({ length: count }, (_, index) => unban(`203.0.113.${from + index}`));
const delivered = () => slack.texts.map((text) => /\d+\.\d+\.\d+\.\d+|\d+ bans/.exec(text)?.[0]);

test('messages arrive in order, one at a time, and leave the disk', async () => {
  const notifier = start();
  notifier.notify(unbans(3));
  notifier.notify([fuse]);
  assert.equal(notifier.size(), 4);
  await until('an empty queue', () => notifier.size() === 0);
  assert.deepEqual(delivered(), ['203.0.113.0', '203.0.113.1', '203.0.113.2', '101 bans']);
});

test('notify returns before anything is sent and never throws', () => {
  const notifier = start();
  store.failing = true;
  notifier.notify([ban(), ban()]);
  assert.equal(slack.arrivals.length, 0);
  assert.equal(notifier.size(), 0);
  assert.match(inspect(troubles), /disk full/);
});

test('after 429 nothing is sent for as long as Slack said', async () => {
  slack.answers = [answer(429, '', { 'retry-after': '1' })];
  const notifier = start();
  notifier.notify(unbans(2));
  await until('both messages', () => slack.texts.length === 2);
  const [refused = 0, next = 0] = slack.arrivals;
  assert.ok(next - refused >= 990, `${next - refused} ms`);
  assert.deepEqual(delivered(), ['203.0.113.0', '203.0.113.1']);
});

test('a server error is tried again until it passes, and logged once', async () => {
  slack.answers = [answer(500), answer(500), answer(500)];
  const notifier = start();
  notifier.notify([ban()]);
  await until('the message', () => notifier.size() === 0);
  assert.equal(slack.arrivals.length, 4);
  assert.equal(slack.texts.length, 1);
  assert.equal(said.filter(([level]) => level === 'warn').length, 1);
  assert.match(inspect(said), /delivered again/);
  assert.deepEqual(troubles, [undefined], 'the first delivery shows that it works');
});

test('the wait doubles up to its limit', async () => {
  slack.answers = Array.from({ length: 5 }, () => answer(500));
  const waits: number[] = [];
  const postpone = store.postpone.bind(store);
  let nowMs = 1_000_000;
  store.postpone = (ids, dueMs) => {
    waits.push(dueMs - nowMs);
    nowMs = dueMs;
    postpone(ids, dueMs);
  };
  const notifier = start({ now: () => nowMs, gapMs: 0, backoffMs: { first: 1, max: 8 } });
  notifier.notify([ban()]);
  await until('the message', () => notifier.size() === 0);
  assert.deepEqual(waits, [1, 2, 4, 8, 8]);
});

test('a hanging Slack delays the messages, not the daemon', async () => {
  slack.answers = [hang];
  const notifier = start({}, 1000);
  notifier.notify(unbans(2));
  await until('both messages', () => notifier.size() === 0);
  assert.deepEqual(delivered(), ['203.0.113.0', '203.0.113.1']);
  assert.match(inspect(said), /no answer within 1000 ms/);
});

test('an outage becomes trouble once it lasts, and ends with the first delivery', async () => {
  slack.answers = Array.from({ length: 6 }, () => answer(503));
  const notifier = start();
  notifier.notify([ban()]);
  await until('the message', () => notifier.size() === 0);
  assert.equal(troubles.length, 2);
  assert.match(inspect(troubles[0]), /Slack messages wait: Slack answered 503/);
  assert.equal(troubles[1], undefined);
});

test('a message that Slack refuses is dropped with trouble, and the next one still goes', async () => {
  slack.answers = [answer(404, 'no_service')];
  const notifier = start();
  notifier.notify([ban(), fuse]);
  await until('an empty queue', () => notifier.size() === 0);
  assert.equal(slack.texts.length, 1);
  assert.match(inspect(said), /refused and are dropped.*notifications: 1/s);
  assert.match(inspect(troubles[0]), /404 no_service/);
});

test('a burst of one kind is one digest, and what follows within the window waits', async () => {
  let nowMs = 1_000_000;
  const notifier = start({ now: () => nowMs, gapMs: 0 });
  notifier.notify(unbans(30));
  await until('the digest', () => slack.texts.length === 1);
  assert.match(slack.texts[0] ?? '', /30 bans ended/);
  notifier.notify([...unbans(8, 100), fuse]);
  await until('the fuse, which is of another kind', () => slack.texts.length === 2);
  assert.match(slack.texts[1] ?? '', /the fuse tripped/);
  await until('only what is held back in the queue', () => notifier.size() === 8);
  nowMs += 30_001;
  notifier.notify(unbans(1, 200));
  await until('the second digest', () => slack.texts.length === 3);
  assert.match(slack.texts[2] ?? '', /9 bans ended/);
});

test('what an outage left is told in one message', async () => {
  // However many tries are made before the test notices the first; one of the first message alone may be under way by then.
  slack.answers = Array.from({ length: 1000 }, () => answer(500));
  const notifier = start();
  notifier.notify(unbans(3));
  await until('a failure', () => slack.arrivals.length > 0);
  notifier.notify(unbans(20, 50));
  const before = slack.arrivals.length;
  await until('a try of all', () => slack.arrivals.length >= before + 2);
  slack.answers = [];
  await until('an empty queue', () => notifier.size() === 0);
  assert.deepEqual(delivered(), ['23 bans']);
});

test('a restart delivers what was left on disk, in order, before what is new', async () => {
  slack.answers = [answer(500)];
  const first = start({ backoffMs: { first: 200, max: 200 } });
  first.notify(unbans(2));
  await until('a failure', () => store.items.every((item) => item.attempts === 1));
  await first.stop({ drainMs: 0 });
  assert.equal(store.size(), 2);
  const second = start();
  await until('an empty queue', () => second.size() === 0);
  second.notify(unbans(1, 77));
  await until('an empty queue', () => second.size() === 0);
  assert.deepEqual(delivered(), ['203.0.113.0', '203.0.113.1', '203.0.113.77']);
});

test('stopping delivers what is pending, without gaps', async () => {
  const notifier = start({ gapMs: 60_000 });
  notifier.notify([...unbans(3), fuse]);
  await notifier.stop({ drainMs: 5000 });
  assert.equal(slack.texts.length, 4);
  assert.equal(store.size(), 0);
});

test('stopping gives up on a hanging Slack, keeps the messages and touches the store no more', async () => {
  slack.answers = [hang];
  const notifier = start();
  notifier.notify(unbans(2));
  await until('a request', () => slack.arrivals.length === 1);
  await notifier.stop({ drainMs: 50 });
  store.failing = true;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(store.size(), 2);
  assert.deepEqual(troubles, []);
});

test('a full queue drops the oldest and counts them', async () => {
  slack.answers = [hang];
  const notifier = start({ queueMax: 10 });
  notifier.notify(unbans(25));
  assert.equal(notifier.size(), 10);
  assert.match(inspect(said), /dropped: 15/);
});

test('what the store cannot remove is not sent twice', async () => {
  const notifier = start();
  const remove = store.remove.bind(store);
  let refusals = 2;
  store.remove = (ids) => {
    if (refusals-- > 0) throw new Error('disk full');
    remove(ids);
  };
  notifier.notify(unbans(2));
  await until('an empty queue', () => notifier.size() === 0);
  assert.deepEqual(delivered(), ['203.0.113.0', '203.0.113.1']);
});

test('a row of another shape does not hold up the rows behind it', async () => {
  const notifier = start();
  notifier.notify([{ kind: 'ban', event: null } as never, ...unbans(1)]);
  await until('an empty queue', () => notifier.size() === 0);
  assert.match(slack.texts[0] ?? '', /another version/);
  assert.deepEqual(delivered()[1], '203.0.113.0');
});

test('a clock set back does not strand postponed messages', async () => {
  let nowMs = 10_000_000_000;
  slack.answers = [answer(429, '', { 'retry-after': '60' })];
  const notifier = start({ now: () => nowMs, gapMs: 0 });
  notifier.notify(unbans(1));
  await until('the refusal', () => store.items[0]?.attempts === 1);
  nowMs -= 8_000_000;
  notifier.notify([fuse]);
  await until('an empty queue', () => notifier.size() === 0);
  assert.equal(slack.texts.length, 2);
});

test('the test message passes the queue and tells what Slack said', async () => {
  slack.answers = [answer(429, '', { 'retry-after': '3600' })];
  const notifier = start();
  notifier.notify(unbans(1));
  await until('the refusal', () => store.items[0]?.attempts === 1);
  slack.answers = [answer(403, 'action_prohibited')];
  const refused = await notifier.sendTest();
  assert.equal(refused.ok, false);
  assert.match(refused.message, /403 action_prohibited: .*create a new one/);
  assert.deepEqual(await notifier.sendTest(), { ok: true, message: 'Slack accepted the test message' });
  assert.match(slack.texts[0] ?? '', /can reach this channel/);
});

test('the webhook address is in no log, trouble, result or queue', async () => {
  slack.answers = [answer(500), answer(404, 'no_service'), hang, answer(400, slack.url)];
  const notifier = start({}, 50);
  notifier.notify([...unbans(2), fuse]);
  await until('an empty queue', () => notifier.size() === 0);
  const result = await notifier.sendTest();
  const seen = inspect([said, troubles, result, store, notifier], { depth: 12, showHidden: true });
  assert.ok(said.length > 0 && troubles.length > 0);
  assert.doesNotMatch(seen, /SECRET|s3cr3t|services/);
});
