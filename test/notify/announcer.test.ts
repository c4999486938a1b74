import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { inspect } from 'node:util';
import type { Notification, OutboxStore } from '../../src/model/notification.ts';
import { type Announcer, type AnnouncerOptions, createAnnouncer, troubleKeyOf } from '../../src/notify/announcer.ts';
import type { Channel, Delivery } from '../../src/notify/channel.ts';
import type { Message } from '../../src/notify/message.ts';
import { findQuietEnd } from '../../src/notify/quiet-hours.ts';
import type { DeliverySettings } from '../../src/settings/notify-settings.ts';
import { timeZone } from '../support/time-zone.ts';
import { until } from '../support/until.ts';
import { anomaly, ban, fuse, trouble, unban } from './examples.ts';
import { MemoryStore } from './memory-store.ts';

const stores = new Map<string, MemoryStore>();
let started: Announcer[] = [];
afterEach(async () => {
  for (const announcer of started) await announcer.stop({ drainMs: 0 });
  started = [];
  stores.clear();
});

const outbox = {
  queue: (name: string): OutboxStore => {
    const store = stores.get(name) ?? new MemoryStore();
    stores.set(name, store);
    return store;
  },
  keepOnly: (names: readonly string[]) => [...stores.keys()].filter((name) => !names.includes(name)).length,
};

/** A channel that takes messages until `delivery` says otherwise. */
function channelOf(
  name: string,
  settings: Partial<DeliverySettings> = {},
  change: Partial<Channel> = {},
): { readonly channel: Channel; readonly taken: Message[]; delivery: Delivery } {
  const taken: Message[] = [];
  const made = { taken, delivery: { outcome: 'ok' } as Delivery };
  const channel: Channel = {
    ...{ name, service: name, warnings: [] },
    settings,
    deliver: async (message) => {
      if (made.delivery.outcome === 'ok') taken.push(message);
      return made.delivery;
    },
    ...change,
  };
  return Object.assign(made, { channel });
}

function start(opened: AnnouncerOptions['opened'], change: Partial<AnnouncerOptions> = {}) {
  const troubles: [string, unknown][] = [];
  const announcer = createAnnouncer({
    ...{ opened, outbox, now: Date.now, sender: { host: 'web-1' }, gapMs: 1, log: () => {} },
    onTrouble: (name, what) => void troubles.push([name, what]),
    backoffMs: { first: 1, max: 2 },
    ...change,
  });
  started.push(announcer);
  return { announcer, troubles };
}

const kinds = (taken: readonly Message[]) => taken.map(({ kind }) => kind);

test('a dead channel holds up no other, has its trouble, and catches up by itself', async () => {
  const [slack, ops] = [channelOf('slack'), channelOf('ops')];
  slack.delivery = { outcome: 'retry', cause: 'slack answered 500' };
  const { announcer, troubles } = start([slack.channel, ops.channel]);
  announcer.notify([ban(), fuse]);
  await until('the other channel has both', () => ops.taken.length === 2);
  // Its first delivery shows that it works.
  await until('the trouble', () => troubles.length === 2);
  assert.deepEqual(troubles.shift(), ['ops', undefined]);
  assert.deepEqual(troubles[0]?.[0], 'slack');
  assert.match(inspect(troubles[0]?.[1]), /slack answered 500/);
  assert.equal(announcer.size(), 2);
  slack.delivery = { outcome: 'ok' };
  await until('what was left', () => slack.taken.length === 2);
  await until('its end', () => troubles.length === 2);
  assert.deepEqual(troubles[1], ['slack', undefined]);
});

test("a channel's own trouble is reported to the others", async () => {
  const [slack, ops] = [channelOf('slack'), channelOf('ops')];
  const { announcer } = start([slack.channel, ops.channel]);
  announcer.notify([{ ...trouble, key: troubleKeyOf('slack') } as Notification, fuse]);
  await until('both', () => ops.taken.length === 2);
  await until('the other', () => slack.taken.length === 1);
  assert.deepEqual([kinds(slack.taken), kinds(ops.taken)], [['fuse'], ['trouble', 'fuse']]);
});

test('each channel takes what is urgent enough for it; its own default holds where nothing is configured', async () => {
  const all = channelOf('all');
  const urgent = channelOf('urgent', { min_severity: 'SEV-2' });
  const pager = channelOf('pager', {}, { defaultSeverity: 'SEV-3' });
  const chatty = channelOf('chatty', { min_severity: 'SEV-5' }, { defaultSeverity: 'SEV-3' });
  const { announcer } = start([all.channel, urgent.channel, pager.channel, chatty.channel]);
  announcer.notify([ban(), trouble, anomaly()]);
  await until('nothing left', () => announcer.size() === 0);
  assert.deepEqual(kinds(all.taken), ['ban', 'trouble', 'global_anomaly']);
  assert.deepEqual(kinds(urgent.taken), ['global_anomaly']);
  assert.deepEqual(kinds(pager.taken), ['trouble', 'global_anomaly']);
  assert.equal(chatty.taken.length, 3);
});

test('in quiet hours only what is urgent is sent; the rest comes at their end, as a digest', async () => {
  let nowMs = new Date(2026, 10, 20, 23, 30).getTime();
  const night = channelOf('night', { quiet_hours: '22:00-07:00' });
  const { announcer } = start([night.channel], { now: () => nowMs });
  announcer.notify([...Array.from({ length: 8 }, (_, n) => unban(`203.0.113.${n}`)), anomaly()]);
  await until('what is urgent', () => night.taken.length === 1);
  assert.deepEqual(kinds(night.taken), ['global_anomaly']);
  await until('the rest waits', () => announcer.size() === 8);
  nowMs = new Date(2026, 10, 21, 7, 0).getTime();
  announcer.notify([]);
  announcer.notify([unban('203.0.113.99')]);
  await until('the digest', () => night.taken.length === 2);
  assert.match(night.taken[1]?.headline ?? '', /9 bans ended/);
});

test('quiet hours end by the local clock, over midnight too', () => {
  const at = (hour: number, minute = 0, day = 20) => new Date(2026, 10, day, hour, minute).getTime();
  assert.equal(findQuietEnd('22:00-07:00', at(23)), at(7, 0, 21));
  assert.equal(findQuietEnd('22:00-07:00', at(6, 59)), at(7));
  assert.equal(findQuietEnd('22:00-07:00', at(7)), undefined);
  assert.equal(findQuietEnd('12:30-13:00', at(12, 45)), at(13));
  assert.equal(findQuietEnd('12:30-13:00', at(12, 29)), undefined);
  assert.equal(findQuietEnd(undefined, at(3)), undefined);
});

test('quiet hours end after now where summer time begins or ends', (t) => {
  timeZone(t)('Europe/Berlin');
  const end = (hours: string, now: string) => {
    const endMs = findQuietEnd(hours, Date.parse(now));
    return endMs === undefined ? 'not quiet' : new Date(endMs).toISOString().slice(11, 16);
  };
  // 02:00 to 03:00 comes twice: from 00:00 and from 01:00 UTC.
  assert.equal(end('22:00-02:30', '2026-10-25T00:10:00Z'), '00:30');
  assert.equal(end('22:00-02:30', '2026-10-25T00:40:00Z'), 'not quiet');
  assert.equal(end('22:00-02:30', '2026-10-25T01:10:00Z'), '01:30');
  assert.equal(end('22:00-07:00', '2026-10-24T22:00:00Z'), '06:00');
  // It is 03:00 when it would be 02:00.
  assert.equal(end('22:00-02:30', '2026-03-29T00:10:00Z'), '01:00');
  assert.equal(end('02:30-07:00', '2026-03-29T01:00:00Z'), '05:00');
});

test('a channel whose messages each open an incident gets no digest', async () => {
  const pager = channelOf('pager', {}, { isEachSent: true });
  const { announcer } = start([pager.channel]);
  announcer.notify(Array.from({ length: 12 }, (_, n) => unban(`203.0.113.${n}`)));
  await until('all of them', () => pager.taken.length === 12);
});

test('a test goes to one channel or to all, and says of a broken one what is wrong', async () => {
  const slack = channelOf('slack');
  const broken = { name: 'ops', service: 'Discord', problem: 'notify.webhook[0].url_file does not exist' };
  const { announcer } = start([slack.channel, broken]);
  assert.deepEqual((await announcer.sendTests('slack')).channels, [
    { channel: 'slack', ok: true, message: 'slack accepted the test message' },
  ]);
  const all = await announcer.sendTests();
  assert.equal(all.ok, false);
  assert.equal(all.message, 'slack: slack accepted the test message\nops: notify.webhook[0].url_file does not exist');
  assert.equal((await announcer.sendTests('nobody')).message, 'no channel is called nobody: there are slack, ops');
  const { announcer: none } = start([]);
  assert.match((await none.sendTests()).message, /^no channel is configured/);
});

test('what waits for a channel that is broken waits on', () => {
  outbox.queue('ops').push([fuse], 0, 10);
  start([{ name: 'ops', service: 'Discord', problem: 'x' }]);
  assert.equal(stores.get('ops')?.size(), 1);
});
