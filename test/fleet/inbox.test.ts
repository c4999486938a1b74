/** What was read of other hosts' decisions, and in which order it is carried out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Due, Inbox } from '../../src/fleet/inbox.ts';
import type { Order } from '../../src/share/order.ts';

const order = (target: string, changes: Partial<Order> = {}): Order => ({
  ...{ kind: 'ban', host: 'web-2', actor: 'policy', target, atMs: 1000, untilMs: null },
  ...{ tier: 1, condition: 'scan', reason: '', digest: '' },
  ...changes,
});
const many = (count: number) => Array.from({ length: count }, (_, n) => order(`10.0.${n >> 8}.${n & 255}`));
const place = (lastId: string) => ({ epoch: 'e', lastId });
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Carries out what is due when the test says so. */
function carryOut(inbox: Inbox) {
  const done: Due[] = [];
  let next = () => {};
  const ended = inbox.empty((due) => {
    done.push(due);
    return new Promise((resolve) => {
      next = resolve;
    });
  });
  const goOn = async () => {
    next();
    await turn();
  };
  return { done, goOn, ended };
}

test('what a person wants now goes ahead of bans that were read before it', async () => {
  const inbox = new Inbox();
  const { done, goOn } = carryOut(inbox);
  await inbox.put({
    orders: [...many(1200), order('192.0.2.9', { kind: 'unban', actor: 'operator:anna' })],
    place: place('5-0'),
    isFull: true,
  });
  await goOn();
  const typed = order('192.0.2.1', { actor: 'operator:anna', condition: 'manual' });
  await inbox.put({ orders: [typed, ...many(1)], place: place('6-0'), isFull: false });
  for (let n = 0; n < 5; n++) await goOn();
  assert.deepEqual(
    done.map(({ orders, place, isMoreComing }) => [orders.length, orders[0]?.kind, place?.lastId, isMoreComing]),
    [
      [1, 'unban', undefined, true],
      [500, 'ban', undefined, true],
      [1, 'ban', undefined, true],
      [500, 'ban', undefined, true],
      [200, 'ban', '5-0', true],
      [1, 'ban', '6-0', false],
    ],
  );
  assert.equal(done[2]?.orders[0], typed);
});

test('it is settled once all is carried out; with very much in it no more is read', async () => {
  const inbox = new Inbox();
  const { done, goOn, ended } = carryOut(inbox);
  const state = { isTaken: false, isSettled: false };
  void inbox.put({ orders: many(20_000), place: place('7-0'), isFull: false }).then(() => (state.isTaken = true));
  void inbox.settled().then(() => (state.isSettled = true));
  await turn();
  assert.equal(state.isTaken, false);
  await goOn();
  assert.deepEqual(state, { isTaken: true, isSettled: false });
  for (let n = 1; n < 39; n++) await goOn();
  assert.deepEqual([done.length, state.isSettled], [40, false]);
  await goOn();
  assert.ok(state.isSettled);
  inbox.close();
  await ended;
});
