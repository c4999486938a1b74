/** Entries of the stream: what one host writes, all read; what is of another version or no entry at all is not taken for one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatOrder, parseOrder } from '../../src/fleet/entry.ts';
import { actorOf, type Order } from '../../src/share/order.ts';
import fc from '../support/fast-check.ts';

const ban: Order = {
  kind: 'ban',
  host: 'web-1',
  actor: 'policy',
  target: '203.0.113.9',
  atMs: 1_795_000_000_000,
  untilMs: null,
  tier: 4,
  condition: 'scan',
  reason: 'scan 12.4 points of 12',
  digest: '0123456789abcdef',
};
const none = { untilMs: null, tier: 0, condition: '', digest: '' };

test('every kind of decision comes back as it was', () => {
  const orders: Order[] = [
    ban,
    { ...ban, actor: 'operator:anna', untilMs: 1_795_000_600_000, tier: 0, reason: '', digest: '' },
    ...(['unban', 'allow', 'disallow'] as const).map((kind) => ({ ...ban, ...none, kind, actor: 'operator:anna' })),
    ...(['panic', 'panic_end'] as const).map((kind) => ({ ...ban, ...none, kind, target: '', actor: 'operator:anna' })),
  ];
  for (const order of orders) assert.deepEqual(parseOrder(formatOrder(order)), order);
});

test('another version, an unknown kind and what lacks something are no decisions', () => {
  const change = (changes: Record<string, unknown>) => JSON.stringify({ ...JSON.parse(formatOrder(ban)), ...changes });
  for (const text of ['', '{', '[]', 'null', '7', change({ v: 2 }), change({ kind: 'erase' }), change({ host: '' })])
    assert.equal(parseOrder(text), undefined, text);
  for (const changes of [
    { at: 'now' },
    { at: -1 },
    { until: undefined },
    { tier: 1.5 },
    { target: '' },
    { actor: 'system' },
    { host: 'web-1 \u001b[2J' },
    { host: 'x'.repeat(101) },
    { condition: '' },
    { condition: 'x'.repeat(65) },
    { condition: 'scan of paths' },
    { at: 8.64e15 },
    { until: 8.64e15 },
    { until: '2030-01-01' },
    { target: 'x'.repeat(601) },
    { target: ['203.0.113.9'] },
    { more: 'x'.repeat(20_000) },
  ])
    assert.equal(parseOrder(change(changes)), undefined, JSON.stringify(changes));
});

test('a long reason is cut, and keeps no host from the ban', () => {
  const read = parseOrder(formatOrder({ ...ban, reason: 'x'.repeat(30_000) }));
  assert.equal(read?.target, ban.target);
  assert.equal(read?.reason, 'x'.repeat(600));
});

test('a long name of a person is cut: lists have a column for it', () => {
  const read = parseOrder(formatOrder({ ...ban, actor: `operator:${'x'.repeat(500)}` }));
  assert.equal(read?.actor, `operator:${'x'.repeat(91)}`);
});

test('what a terminal would obey is in no text of an entry', () => {
  const hostile = '\u001b[2J\nBAN 192.0.2.1\u202e';
  const order: Order = {
    ...ban,
    ...none,
    kind: 'allow',
    actor: `operator:${hostile}`,
    target: hostile,
    reason: hostile,
  };
  const read = parseOrder(formatOrder(order));
  for (const text of [read?.actor, read?.target, read?.reason]) assert.match(text ?? '', /^[ -~]+$/);
});

test('a policy cannot lift, allow or stop banning: only people do', () => {
  for (const kind of ['unban', 'allow', 'panic', 'panic_end']) {
    const text = JSON.stringify({
      v: 1,
      kind,
      host: 'web-1',
      actor: 'policy',
      at: 1,
      ...(kind !== 'panic' && { target: '192.0.2.1' }),
    });
    assert.equal(parseOrder(text), undefined, kind);
  }
});

test('nothing that another host writes breaks a line of the audit log', () => {
  const order = parseOrder(formatOrder({ ...ban, reason: 'a\nBAN 192.0.2.1\u001b[2J\u2028b' }));
  assert.equal(order?.reason, 'a BAN 192.0.2.1 [2J b');
});

test('anything may stand in the stream', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseOrder(text)));
});

test('rows name who and where', () => {
  assert.equal(actorOf(ban), 'policy@web-1');
  assert.equal(actorOf({ actor: 'operator:anna', host: 'web-2' }), 'operator:anna@web-2');
});
