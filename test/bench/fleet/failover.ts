/** Servers that take over under load: those of a Cluster of three masters with a replica each, or a pair that three Sentinels watch. */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Keys } from '../../../src/fleet/keys.ts';
import { TestDaemon, until } from '../../support/daemon.ts';
import { RedisServer } from '../../support/redis.ts';
import { startCluster, startSentinel } from '../../support/redis-cluster.ts';
import { breakUnderLoad } from './faults.ts';
import { ZBAN } from './hosts.ts';

/** Sentinels that a busy machine held up for two seconds do nothing for thirty (their "TILT mode"). */
const TAKE_OVER_MS = 180_000;
const KEYS = new Keys('bench');
const isMaster = (node: RedisServer) => node.cli('ROLE').startsWith('master');
/** The one that the bans are written to. */
const isWritten = (node: RedisServer) => isMaster(node) && !/^(MOVED|$)/.test(node.cli('GET', KEYS.epoch));
const follows = (node: RedisServer) => /master_link_status:up/.test(node.cli('INFO', 'replication'));

export async function failOverCluster(count: number, times: number): Promise<void> {
  const nodes = await startCluster(RedisServer.start, 3, true);
  const url = nodes.slice(0, 3).map((node) => node.url);
  const fail = (random: () => number) => {
    const master = nodes.find(isWritten) as RedisServer;
    const port = String(master.port);
    const replica = nodes.find((node) => node.cli('ROLE').split('\n')[2] === port) as RedisServer;
    return takeOver(master, replica, () => replica.cli('CLUSTER', 'FAILOVER', 'TAKEOVER'), random);
  };
  await breakServers(count, times, { url, kind: 'cluster' }, fail).finally(() => closeAll(nodes));
}

export async function failOverSentinels(count: number, times: number): Promise<void> {
  const master = await RedisServer.start();
  const replica = await RedisServer.start('--replicaof', '127.0.0.1', String(master.port));
  const names = ['one.conf', 'two.conf', 'three.conf'];
  const sentinels = await Promise.all(names.map((name) => startSentinel(RedisServer.start, master, name)));
  const [sentinel] = sentinels as [RedisServer];
  await until('the Sentinels know all', () => /slaves=1,sentinels=3/.test(sentinel.cli('INFO', 'sentinel')));
  const fail = (random: () => number) => {
    const [first, second] = isMaster(master) ? [master, replica] : [replica, master];
    return takeOver(first, second, () => sentinel.cli('SENTINEL', 'FAILOVER', 'mymaster'), random);
  };
  const url = sentinels.map((each) => each.url);
  const servers = [...sentinels, master, replica];
  await breakServers(count, times, { url, kind: 'sentinel', master: 'mymaster' }, fail).finally(() =>
    closeAll(servers),
  );
}

/** Bans under load while `fail` lets one server after the other take over; the daemons' bans stand in a table. */
async function breakServers(
  count: number,
  times: number,
  server: object,
  fail: (random: () => number) => Promise<string>,
): Promise<void> {
  const hosts = Array.from({ length: count }, (_, n) => {
    const fleet = { name: 'bench', host: `web-${n + 1}`, ...server };
    const daemon = new TestDaemon({ config: { fleet, firewall: { backend: 'dry-run' } }, program: [ZBAN] });
    writeFileSync(daemon.log, '');
    return { daemon };
  });
  try {
    await Promise.all(hosts.map(({ daemon }) => daemon.start()));
    await until('the hosts have met', () => hosts.every(({ daemon }) => daemon.status()?.fleet?.hosts === count));
    await breakUnderLoad(hosts, times, fail);
  } finally {
    await closeAll(hosts.map(({ daemon }) => daemon));
  }
}

/** Nothing of a bench that failed goes on. */
async function closeAll(parts: readonly { close(): Promise<void> }[]): Promise<void> {
  await Promise.all(parts.map((part) => part.close()));
}

/** Lets `replica` take the place of `master`, by an order or because that fails, and waits until there is a pair again. */
async function takeOver(
  master: RedisServer,
  replica: RedisServer,
  order: () => string,
  random: () => number,
): Promise<string> {
  const kind = Math.floor(random() * 3);
  if (kind === 0) await master.kill();
  else if (kind === 1) master.signal('SIGSTOP');
  else await until('the order is taken', () => order() === 'OK', TAKE_OVER_MS);
  await until('the replica is the master', () => isMaster(replica), TAKE_OVER_MS);
  await sleep(random() * 1000);
  if (kind === 0) await master.run();
  else if (kind === 1) master.signal('SIGCONT');
  // Sentinels may have taken the new master for dead meanwhile, on a busy machine, and let the old one take over again.
  await until('one follows the other', () => follows(master) || follows(replica), TAKE_OVER_MS);
  return ['killed', 'frozen', 'replaced'][kind] as string;
}
