/** What goes out to the fleet, and when: after its row is on disk, in order, and again after a failure. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Keys, SHARDS } from '../../src/fleet/keys.ts';
import { OutgoingOrders } from '../../src/fleet/orders.ts';
import { ORDER_ARGUMENTS } from '../../src/fleet/scripts.ts';
import type { Server } from '../../src/fleet/server.ts';
import type { Order } from '../../src/share/order.ts';

const order = (target: string): Order => ({
  ...{ kind: 'ban', host: 'web-1', actor: 'policy', target, atMs: 1000, untilMs: null },
  ...{ tier: 1, condition: 'scan', reason: '', digest: '' },
});

/** Sending with a disk and a server that answer when the test says so. */
function make() {
  const orders = new OutgoingOrders();
  const calls: string[][] = [];
  const disk: (() => void)[] = [];
  const server: Pick<Server, 'run'> = {
    run: async (_script, _keys, words) => {
      calls.push(words.filter((_, at) => at % ORDER_ARGUMENTS === 1));
      if (words.includes('refused')) throw new Error('gone');
    },
  };
  const recorded = () => new Promise<void>((resolve) => disk.push(resolve));
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const isOver = { now: false };
  const end = () => {
    isOver.now = true;
    orders.interrupt();
  };
  const sending = orders.send(server as Server, new Keys('shop'), recorded, () => isOver.now);
  return { orders, calls, disk, turn, end, sending };
}

test('a decision is not said before its row is on disk', async () => {
  const { orders, calls, disk, turn, end, sending } = make();
  orders.push([{ order: order('192.0.2.1'), auditId: 1 }]);
  await turn();
  assert.deepEqual(calls, []);
  // Its row is another one: the disk has not answered for it.
  orders.push([{ order: order('192.0.2.2'), auditId: 2 }]);
  disk.shift()?.();
  await turn();
  assert.deepEqual(calls, [['192.0.2.1']]);
  assert.equal(orders.sentAuditId, 1);
  disk.shift()?.();
  await turn();
  assert.deepEqual(calls, [['192.0.2.1'], ['192.0.2.2']]);
  end();
  await sending;
});

test('what a person wants now is said ahead of what waits, and rows that wait are not taken for sent', async () => {
  const { orders, calls, disk, turn, end, sending } = make();
  orders.push(Array.from({ length: 1200 }, (_, n) => ({ order: order(`10.0.${n >> 8}.${n & 255}`), auditId: n + 1 })));
  await turn();
  disk.shift()?.();
  await turn();
  assert.equal(orders.sentAuditId, 500);
  const unban = { ...order('192.0.2.9'), kind: 'unban', actor: 'operator:anna', condition: '' } as const;
  orders.push([{ order: unban, auditId: 1201 }]);
  for (const sent of [500, 500, 1000, 1200]) {
    disk.shift()?.();
    await turn();
    assert.equal(orders.sentAuditId, sent);
  }
  assert.deepEqual(
    calls.map((targets) => [targets.length, targets[0]]),
    [
      [500, '10.0.0.0'],
      [1, '192.0.2.9'],
      [500, '10.0.1.244'],
      [200, '10.0.3.232'],
    ],
  );
  end();
  await sending;
});

test('what is to be said again, and changes while the disk writes, is said as it is then', async () => {
  const { orders, calls, disk, turn, end, sending } = make();
  orders.repeat([order('192.0.2.1')]);
  await turn();
  orders.repeat([order('192.0.2.9')]);
  disk.shift()?.();
  await turn();
  disk.shift()?.();
  await turn();
  assert.deepEqual(calls, [['192.0.2.9']]);
  end();
  await sending;
});

test('what the server did not take waits for the next connection', async () => {
  const { orders, disk, turn, sending } = make();
  orders.push([{ order: order('refused'), auditId: 1 }]);
  await turn();
  disk.shift()?.();
  await assert.rejects(sending, /gone/);
  assert.equal(orders.size, 1);
  assert.equal(orders.sentAuditId, 0);
});

test('a connection that ended while the disk wrote takes nothing out of the queue, where the next one looks for it', async () => {
  const { orders, calls, disk, turn, end, sending } = make();
  orders.push([{ order: order('192.0.2.1'), auditId: 1 }]);
  await turn();
  end();
  disk.shift()?.();
  await sending;
  assert.deepEqual([calls, orders.size, orders.sentAuditId], [[], 1, 0]);
});

test('fleets of one server share no key, whatever their names', () => {
  const keysOf = (name: string) => {
    const keys = new Keys(name);
    const shards = Array.from({ length: SHARDS }, (_, shard) => [keys.batches(shard), keys.counts(shard, '192.0.2.1')]);
    return [...keys.beat, keys.trial, ...shards.flat()];
  };
  const all = ['shop', 'shop-1', 'shop.1', '1', 'counts', 'bans'].flatMap(keysOf);
  assert.equal(new Set(all).size, all.length);
});
