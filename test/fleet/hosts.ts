/** Hosts of a fleet for tests: daemons with one server. */
import { writeFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import type { FleetReport } from '../../src/model/fleet.ts';
import { TestDaemon, until } from '../support/daemon.ts';
import { useReplayKey } from '../support/hash-key.ts';
import type { RedisServer } from '../support/redis.ts';

/** Daemons that run and know of one another, by name; each laid over `config` by what `changes` says of it. */
export async function startHosts<Name extends string>(
  t: TestContext,
  server: RedisServer,
  hosts: Readonly<Record<Name, Readonly<Record<string, unknown>>>>,
): Promise<Record<Name, TestDaemon>> {
  const names = Object.keys(hosts) as Name[];
  const daemons = {} as Record<Name, TestDaemon>;
  for (const host of names) {
    const daemon = new TestDaemon({ config: { fleet: { url: server.url, name: 'shop', host }, ...hosts[host] } });
    writeFileSync(daemon.log, '');
    useReplayKey(daemon);
    t.after(() => daemon.close());
    daemons[host] = daemon;
  }
  await Promise.all(names.map((host) => daemons[host].start()));
  await until('the hosts have met', () => names.every((host) => daemons[host].status()?.fleet?.hosts === names.length));
  return daemons;
}

/** Targets of the bans in force. */
export const banned = (daemon: TestDaemon): string[] =>
  daemon
    .json<{ ip: string }[]>('list')
    .map(({ ip }) => ip)
    .sort();

export const fleetOf = (daemon: TestDaemon): FleetReport => daemon.json<FleetReport>('fleet', 'status');

export interface Row {
  readonly actor: string;
  readonly action: string;
  readonly client: string | null;
  readonly enforced: boolean;
  readonly detail: string;
  readonly numbers: Readonly<Record<string, unknown>> | null;
}

export const rows = (daemon: TestDaemon, action: string, client?: string): Row[] =>
  daemon
    .zban('audit', '--json')
    .stdout.split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
    .filter((row) => row.action === action && (client === undefined || row.client === client));
