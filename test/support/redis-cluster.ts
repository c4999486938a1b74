/** Redis servers that stand in for one another: a Cluster's masters with their replicas, or one master that Sentinels watch. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './daemon.ts';
import type { RedisServer } from './redis.ts';

/** Starts a server, and sees to its end. */
type Start = (...options: readonly string[]) => Promise<RedisServer>;

/** As many masters as `masters`, each with the same share of the slots, and a replica of each for `replicas`. */
export async function startCluster(start: Start, masters: number, replicas = false): Promise<RedisServer[]> {
  const own = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'];
  const nodes = await Promise.all(Array.from({ length: masters * (replicas ? 2 : 1) }, () => start(...own)));
  const [first] = nodes as [RedisServer];
  for (const [index, node] of nodes.entries()) {
    const slot = (at: number) => Math.floor((16_384 * at) / masters);
    if (index < masters) node.cli('CLUSTER', 'ADDSLOTSRANGE', String(slot(index)), String(slot(index + 1) - 1));
    node.cli('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
    if (index > 0) joinCluster(first, node);
  }
  await until('all know all', () =>
    nodes.every((node) => node.cli('CLUSTER', 'NODES').split('\n').length === nodes.length),
  );
  await Promise.all(nodes.slice(masters).map((node, index) => replicate(node, nodes[index] as RedisServer)));
  await until('the Cluster stands', () => nodes.every((node) => /cluster_state:ok/.test(node.cli('CLUSTER', 'INFO'))));
  return nodes;
}

export function joinCluster(first: RedisServer, node: RedisServer): void {
  first.cli('CLUSTER', 'MEET', '127.0.0.1', String(node.port), String(node.busPort));
}

/** Resolves when the node of a Cluster has what its master has. */
export async function replicate(node: RedisServer, master: RedisServer): Promise<void> {
  const id = master.cli('CLUSTER', 'MYID');
  await until('the replica knows its master', () => node.cli('CLUSTER', 'REPLICATE', id) === 'OK');
  await until('the replica follows', () => /master_link_status:up/.test(node.cli('INFO', 'replication')));
}

/** A Sentinel that watches a master, by the name `mymaster`; one that says so is enough for another to take over. */
export function startSentinel(start: Start, master: RedisServer, name: string): Promise<RedisServer> {
  const file = join(master.folder, name);
  const rules = ['down-after-milliseconds mymaster 5000', 'failover-timeout mymaster 3000'];
  const lines = [`monitor mymaster 127.0.0.1 ${master.port} 1`, ...rules].map((line) => `sentinel ${line}\n`);
  writeFileSync(file, lines.join(''));
  return start('--sentinel', file);
}
