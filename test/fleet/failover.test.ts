/** Servers that take over: a Cluster's replica, and the one that Sentinels name. What the last one had not passed on is said again. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { OutgoingCounts } from '../../src/fleet/counts.ts';
import { connectServer, type ServerOptions } from '../../src/fleet/server.ts';
import type { Order } from '../../src/share/order.ts';
import { until } from '../support/daemon.ts';
import { freePort } from '../support/ports.ts';
import { type RedisServer, redisSkip } from '../support/redis.ts';
import { joinCluster, replicate, startCluster, startSentinel } from '../support/redis-cluster.ts';
import { ACL, connect, counts, joinLink, keys, order, publish, readOrders, start, streamLength } from './servers.ts';

/** A host that bans, and says its bans again when its link asks for it. */
function joinFleet(t: TestContext, server: Pick<ServerOptions, 'urls' | 'kind' | 'master'>) {
  const own: Order[] = [];
  const link = joinLink(t, server, { onUp: () => link.orders.repeat(own) });
  const ban = (target: string) => {
    own.push(order({ target }));
    link.orders.push([{ order: order({ target }), auditId: 0 }]);
  };
  return { link, ban };
}

/** Also of a node of a Cluster that would name another one. */
const has = (server: RedisServer, target: string) => /^\d/.test(server.cli('ZSCORE', keys.active, target));

/** From now on the replica gets nothing of what is written. */
function cutOff(master: RedisServer): void {
  master.cli('ACL', 'SETUSER', 'default', '-psync');
  master.cli('CLIENT', 'KILL', 'TYPE', 'replica');
}

test('a Cluster of three masters: every script keeps to one slot', { skip: redisSkip() }, async (t) => {
  const nodes = await startCluster((...options) => start(t, ...options), 3);
  const [first] = nodes as [RedisServer];
  for (const node of nodes) node.cli('ACL', 'SETUSER', 'zban', 'on', '>secret', ...ACL.split(' '), '+cluster|slots');
  const urls = nodes.map(({ url }) => url.replace('//', '//zban:secret@'));
  const server = await connect(t, urls, { kind: 'cluster' });
  await publish(server, order({}));
  assert.deepEqual((await readOrders(server)).length, 1);
  assert.equal(await streamLength(server), 1);
  const outgoing = new OutgoingCounts({ host: 'web-1', keys, run: 'r', bans: true, now: () => performance.now() });
  const clients = Array.from({ length: 300 }, (_, n) => counts(`203.0.${n >> 8}.${n & 255}`, 6.5));
  assert.equal((await outgoing.send(server, clients)).watched.length, 300);
  assert.equal((await outgoing.send(server, clients)).offences.length, 300);
  const held = nodes.map((node) => Number(node.cli('DBSIZE')));
  assert.ok(
    held.every((size) => size > 20),
    `keys on each: ${held}`,
  );

  await t.test('a replica that takes over is told what its master had not passed on', async () => {
    const master = nodes.find((node) => has(node, '192.0.2.1')) as RedisServer;
    const replica = await start(t, '--cluster-enabled', 'yes');
    joinCluster(first, replica);
    await replicate(replica, master);
    replica.cli('ACL', 'SETUSER', 'zban', 'on', '>secret', ...ACL.split(' '), '+cluster|slots');
    const { link, ban } = joinFleet(t, { urls, kind: 'cluster', master: '' });
    await until('the host is there', () => link.isUp);
    cutOff(master);
    ban('192.0.2.2');
    await until('the master has it', () => has(master, '192.0.2.2'));
    assert.equal(replica.cli('CLUSTER', 'FAILOVER', 'TAKEOVER'), 'OK');
    await until('the replica is the master', () => replica.cli('ROLE').startsWith('master'));
    await until('the replica has what was said to the master alone', () => has(replica, '192.0.2.2'));
  });
});

test('Sentinels: a host follows them to another server, and lets it have what the last one had not passed on', {
  skip: redisSkip(),
}, async (t) => {
  const master = await start(t);
  const replica = await start(t, '--replicaof', '127.0.0.1', String(master.port));
  const startOne = (name: string) => startSentinel((...options) => start(t, ...options), master, name);
  const sentinels = await Promise.all(['one.conf', 'two.conf'].map(startOne));
  const [dead, sentinel] = sentinels as [RedisServer, RedisServer];
  await dead.kill();
  const urls = sentinels.map(({ url }) => url);
  const { link, ban } = joinFleet(t, { urls, kind: 'sentinel', master: 'mymaster' });
  await until('the host is there, though the first Sentinel is not', () => link.isUp);
  ban('192.0.2.1');
  await until('the replica has it', () => has(replica, '192.0.2.1'));
  await until('the Sentinel knows the replica', () => /slaves=1/.test(sentinel.cli('INFO', 'sentinel')));
  cutOff(master);
  ban('192.0.2.2');
  await until('the master has it', () => has(master, '192.0.2.2'));
  assert.ok(!has(replica, '192.0.2.2'));
  // A Sentinel takes no replica that it has not heard of for some seconds, as on a busy machine: it is told again.
  await until('the replica is the master', () => {
    if (replica.cli('ROLE').startsWith('master')) return true;
    sentinel.cli('SENTINEL', 'FAILOVER', 'mymaster');
    return false;
  });
  await until('the replica has what was said to the master alone', () => has(replica, '192.0.2.2'));
});

test('Sentinels that are away are asked once an attempt, and what is wrong is said at once', async () => {
  const urls = await Promise.all([freePort(), freePort()].map(async (port) => `redis://127.0.0.1:${await port}`));
  const options = { urls, kind: 'sentinel' as const, master: 'mymaster', caFile: undefined, passwordFile: undefined };
  await assert.rejects(
    connectServer(options, () => {}),
    /ECONNREFUSED/,
  );
});
