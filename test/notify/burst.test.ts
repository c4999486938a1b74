import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Notification, OutboxItem } from '../../src/model/notification.ts';
import { BurstGate } from '../../src/notify/burst.ts';
import fc from '../support/fast-check.ts';
import { ban, fuse, order, unban } from './examples.ts';

const items = (...notifications: Notification[]): OutboxItem[] =>
  notifications.map((notification, index) => ({ id: index + 1, notification, attempts: 0, dueMs: 0 }));
const bans = (count: number) => items(...Array.from({ length: count }, () => ban()));
const sizes = (choice: ReturnType<BurstGate['choose']>) => ('send' in choice ? choice.send.length : choice);

test('up to the limit goes one by one, more of one kind goes as one', () => {
  const gate = new BurstGate(5, 30_000);
  assert.equal(sizes(gate.choose(bans(5), 0, false)), 1);
  assert.equal(sizes(gate.choose(bans(6), 0, false)), 6);
});

test('kinds are counted apart and only one kind is folded', () => {
  const gate = new BurstGate(2, 30_000);
  const choice = gate.choose(items(ban(), unban('203.0.113.1'), ban(), fuse, ban()), 0, false);
  assert.ok('send' in choice);
  assert.deepEqual(
    choice.send.map((item) => item.id),
    [1, 3, 5],
  );
});

test('after a digest the kind rests for a window, while another kind passes', () => {
  const gate = new BurstGate(2, 30_000);
  gate.sent(bans(3), 1000);
  assert.deepEqual(gate.choose(bans(1), 11_000, false), { waitMs: 20_000 });
  const choice = gate.choose(items(ban(), fuse), 11_000, false);
  assert.ok('send' in choice);
  assert.equal(choice.send[0]?.notification.kind, 'fuse');
  assert.equal(sizes(gate.choose(bans(50), 31_000, false)), 50);
});

test('a digest of ends waits for the bans that they end, unless these are held back themselves', () => {
  const gate = new BurstGate(2, 30_000);
  const pending = items(unban('203.0.113.1'), order(), unban('203.0.113.9'), ban(), unban('203.0.113.2'));
  const sent: string[] = [];
  for (let left = pending; left.length > 0; ) {
    const choice = gate.choose(left, 0, false);
    assert.ok('send' in choice);
    gate.sent(choice.send, 0);
    sent.push(choice.send.map(({ id, notification }) => `${notification.kind} ${id}`).join());
    left = left.filter((item) => !choice.send.includes(item));
  }
  assert.deepEqual(sent, ['order 2', 'ban 4', 'unban 1,unban 3,unban 5']);
  const other = new BurstGate(2, 30_000);
  other.sent(items(order(), order()), 0);
  const held = items(unban('203.0.113.1'), order(), unban('203.0.113.9'), unban('203.0.113.2'));
  assert.equal(sizes(other.choose(held, 1000, false)), 3);
});

test('draining holds nothing back', () => {
  const gate = new BurstGate(2, 30_000);
  gate.sent(bans(3), 1000);
  assert.equal(sizes(gate.choose(bans(3), 1001, true)), 3);
});

test('a clock set back does not hold messages for the length of the jump', () => {
  const gate = new BurstGate(1, 30_000);
  gate.sent(bans(2), 1_000_000);
  assert.equal(sizes(gate.choose(bans(1), 5, false)), 1);
});

test('whatever the arrivals, no window holds more messages of a kind than allowed, and none is lost', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.nat(4), { minLength: 1, maxLength: 200 }),
      (over, arrivals) => {
        const windowMs = 10_000;
        const gate = new BurstGate(over, windowMs);
        let pending: OutboxItem[] = [];
        const sentAtMs: number[] = [];
        let delivered = 0;
        let id = 0;
        const seconds = arrivals.length + 60;
        for (let second = 0; second < seconds; second += 1) {
          for (let count = arrivals[second] ?? 0; count > 0; count -= 1)
            pending.push({ id: ++id, notification: ban(), attempts: 0, dueMs: 0 });
          if (pending.length === 0) continue;
          const choice = gate.choose(pending, second * 1000, false);
          if (!('send' in choice)) continue;
          gate.sent(choice.send, second * 1000);
          sentAtMs.push(second * 1000);
          delivered += choice.send.length;
          pending = pending.filter((item) => !choice.send.includes(item));
        }
        assert.equal(delivered, id);
        for (const start of sentAtMs)
          assert.ok(sentAtMs.filter((ms) => ms >= start && ms < start + windowMs).length <= over);
      },
    ),
  );
});
