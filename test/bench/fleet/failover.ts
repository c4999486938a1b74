/** Servers that take over under load: a Cluster of three masters with a replica each. The daemons' bans stand in a table. */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Keys } from '../../../src/fleet/keys.ts';
import { TestDaemon, until } from '../../support/daemon.ts';
import { RedisServer } from '../../support/redis.ts';
import { startCluster } from '../../support/redis-cluster.ts';
import { breakUnderLoad } from './faults.ts';
import { ZBAN } from './hosts.ts';

const KEYS = new Keys('bench');
const isMaster = (node: RedisServer) => node.cli('ROLE').startsWith('master');
/** The one that the bans are written to. */
const isWritten = (node: RedisServer) => isMaster(node) && !/^(MOVED|$)/.test(node.cli('GET', KEYS.epoch));
const follows = (node: RedisServer) => /master_link_status:up/.test(node.cli('INFO', 'replication'));

export async function failOver(count: number, times: number): Promise<void> {
  const nodes = await startCluster(RedisServer.start, 3, true);
  const url = nodes.slice(0, 3).map((node) => node.url);
  const hosts = Array.from({ length: count }, (_, n) => {
    const fleet = { name: 'bench', host: `web-${n + 1}`, url, kind: 'cluster' };
    const daemon = new TestDaemon({ config: { fleet, firewall: { backend: 'dry-run' } }, program: [ZBAN] });
    writeFileSync(daemon.log, '');
    return { daemon };
  });
  await Promise.all(hosts.map(({ daemon }) => daemon.start()));
  await until('the hosts have met', () => hosts.every(({ daemon }) => daemon.status()?.fleet?.hosts === count));
  await breakUnderLoad(hosts, times, (random) => takeOver(nodes, random));
  await Promise.all([...hosts.map(({ daemon }) => daemon.close()), ...nodes.map((node) => node.close())]);
}

/** Lets a replica take the place of the server that the bans are written to, and waits until that one follows it. */
async function takeOver(nodes: readonly RedisServer[], random: () => number): Promise<string> {
  const master = nodes.find(isWritten) as RedisServer;
  const port = String(master.port);
  const replica = nodes.find((node) => node.cli('ROLE').split('\n')[2] === port) as RedisServer;
  const kind = Math.floor(random() * 3);
  if (kind === 0) await master.kill();
  else if (kind === 1) master.signal('SIGSTOP');
  else replica.cli('CLUSTER', 'FAILOVER', 'TAKEOVER');
  await until('the replica is the master', () => isMaster(replica));
  await sleep(random() * 1000);
  if (kind === 0) await master.run();
  else if (kind === 1) master.signal('SIGCONT');
  await until('the master follows it', () => follows(master));
  return ['killed', 'frozen', 'replaced'][kind] as string;
}
