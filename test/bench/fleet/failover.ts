/**
 * Servers that take over under load: a Cluster of three masters with a replica each, and a master with a replica that two Sentinels
 * watch. The daemons' bans stand in a table; nothing is in a network namespace.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Keys } from '../../../src/fleet/keys.ts';
import { TestDaemon, until } from '../../support/daemon.ts';
import { RedisServer } from '../../support/redis.ts';
import { startCluster, startSentinel } from '../../support/redis-cluster.ts';
import { breakUnderLoad } from './faults.ts';
import { ZBAN } from './hosts.ts';

const KEYS = new Keys('bench');
const isMaster = (node: RedisServer) => node.cli('ROLE').startsWith('master');
/** The one that the bans are written to. */
const isWritten = (node: RedisServer) => isMaster(node) && !/^(MOVED|$)/.test(node.cli('GET', KEYS.epoch));
const follows = (node: RedisServer) => /master_link_status:up/.test(node.cli('INFO', 'replication'));

export async function failOver(hosts: number, times: number): Promise<void> {
  const nodes = await startCluster(RedisServer.start, 3, true);
  const urls = nodes.slice(0, 3).map(({ url }) => url);
  await run(hosts, { url: urls, kind: 'cluster' }, times, (random) =>
    takeOver(nodes, random, (replica) => replica.cli('CLUSTER', 'FAILOVER', 'TAKEOVER')),
  );
  const master = await RedisServer.start();
  const replica = await RedisServer.start('--replicaof', '127.0.0.1', String(master.port));
  const sentinels = await Promise.all(
    ['one.conf', 'two.conf'].map((name) => startSentinel(RedisServer.start, master, name)),
  );
  const [sentinel] = sentinels as [RedisServer];
  await until('the Sentinels know the replica', () =>
    sentinels.every((each) => /slaves=1,sentinels=2/.test(each.cli('INFO', 'sentinel'))),
  );
  const names = sentinels.map(({ url }) => url);
  await run(hosts, { url: names, kind: 'sentinel', master: 'mymaster' }, times, (random) =>
    takeOver([master, replica], random, () => sentinel.cli('SENTINEL', 'FAILOVER', 'mymaster')),
  );
  await Promise.all([...nodes, master, replica, ...sentinels].map((node) => node.close()));
}

async function run(
  count: number,
  fleet: object,
  times: number,
  breakOnce: (random: () => number) => Promise<string>,
): Promise<void> {
  const hosts = Array.from({ length: count }, (_, n) => {
    const config = { fleet: { name: 'bench', host: `web-${n + 1}`, ...fleet }, firewall: { backend: 'dry-run' } };
    const daemon = new TestDaemon({ config, program: [ZBAN] });
    writeFileSync(daemon.log, '');
    return { daemon };
  });
  await Promise.all(hosts.map(({ daemon }) => daemon.start()));
  await until('the hosts have met', () => hosts.every(({ daemon }) => daemon.status()?.fleet?.hosts === count));
  await breakUnderLoad(hosts, times, breakOnce);
  await Promise.all(hosts.map(({ daemon }) => daemon.close()));
}

/** Lets a replica take the place of the server that the bans are written to, and waits until that one follows it. */
async function takeOver(
  nodes: readonly RedisServer[],
  random: () => number,
  order: (replica: RedisServer) => string,
): Promise<string> {
  const master = nodes.find(isWritten) as RedisServer;
  const port = String(master.port);
  const replica = nodes.find((node) => node.cli('ROLE').split('\n')[2] === port) as RedisServer;
  const kind = Math.floor(random() * 3);
  if (kind === 0) await master.kill();
  else if (kind === 1) master.signal('SIGSTOP');
  // Refused while the last one is not quite over.
  else await until('it is ordered', () => order(replica) === 'OK');
  await until('the replica is the master', () => isMaster(replica));
  await sleep(random() * 1000);
  if (kind === 0) await master.run();
  else if (kind === 1) master.signal('SIGCONT');
  await until('the master follows it', () => follows(master));
  return ['killed', 'frozen', 'replaced'][kind] as string;
}
