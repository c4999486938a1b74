/** Hosts of a fleet for the bench: daemons, each in a network namespace with a firewall of its own, and one server for all. */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { callDaemon } from '../../../src/control/client.ts';
import type { AuditEntry } from '../../../src/model/audit.ts';
import { TestDaemon, until } from '../../support/daemon.ts';
import { RedisServer } from '../../support/redis.ts';

/** As the service runs it: built, with its memory limits. What a command of the firewall costs depends on the daemon's memory. */
export const ZBAN = fileURLToPath(new URL('../../../scripts/zban', import.meta.url));

const ip = (...args: readonly string[]) => spawnSync('ip', args, { encoding: 'utf8' });

export interface Host {
  readonly name: string;
  readonly daemon: TestDaemon;
  readonly namespace: string;
}

export class BenchFleet {
  readonly hosts: Host[];
  readonly server: RedisServer;

  private constructor(hosts: Host[], server: RedisServer) {
    this.hosts = hosts;
    this.server = server;
  }

  /** `fleet`: laid over each host's; null leaves it out. */
  static async start(
    count: number,
    { fleet = {}, ...config }: { fleet?: object | null } & Record<string, unknown>,
    serverOptions: readonly string[] = [],
  ): Promise<BenchFleet> {
    const server = await RedisServer.start(...serverOptions);
    server.cli('CONFIG', 'SET', 'latency-tracking', 'no');
    // Builds, if need be, before eight daemons want to.
    spawnSync(ZBAN, ['--version']);
    const id = randomBytes(3).toString('hex');
    const hosts = Array.from({ length: count }, (_, n) => {
      const name = `web-${n + 1}`;
      const namespace = `zban-${id}-${n + 1}`;
      ip('netns', 'add', namespace);
      ip('-n', namespace, 'link', 'set', 'lo', 'up');
      const own = fleet && {
        fleet: { url: `unix://${join(server.folder, 'redis.sock')}`, name: 'bench', host: name, ...fleet },
      };
      const prefix = ['ip', 'netns', 'exec', namespace];
      const daemon = new TestDaemon({ config: { ...own, ...config }, prefix, program: [ZBAN] });
      writeFileSync(daemon.log, '');
      return { name, daemon, namespace };
    });
    const bench = new BenchFleet(hosts, server);
    process.once('exit', () => bench.removeNamespaces());
    await Promise.all(hosts.map(({ daemon }) => daemon.start()));
    if (fleet)
      await until('the hosts have met', () => hosts.every(({ daemon }) => daemon.status()?.fleet?.hosts === count));
    return bench;
  }

  async close(): Promise<void> {
    await Promise.all(this.hosts.map(({ daemon }) => daemon.close()));
    await this.server.close();
    this.removeNamespaces();
  }

  private removeNamespaces(): void {
    for (const { namespace } of this.hosts) ip('netns', 'del', namespace);
  }
}

/** Options of a server that listens at a socket in its folder, too. */
export const SOCKET = ['--unixsocket', 'redis.sock', '--unixsocketperm', '777'] as const;

/** Bans that the kernel of a host holds. */
export function countKernel({ namespace }: Host): number {
  const { stdout } = ip('netns', 'exec', namespace, 'ipset', 'list', '-t');
  return [...stdout.matchAll(/^Number of entries: (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Between two looks at a kernel: one process makes all of them, because starting it costs the hosts more than the look. */
const LOOK_MS = 50;

/** When the kernel of a host first held so many bans, epoch milliseconds. */
export async function whenHeld({ namespace }: Host, count: number): Promise<number> {
  const argv = ['netns', 'exec', namespace, 'stdbuf', '-oL', 'ipset', '-'];
  const child = spawn('ip', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  const looks = setInterval(() => child.stdin.write('list -t\n'), LOOK_MS);
  // One set for each family, one after the other.
  let [last, sum] = [0, 0];
  try {
    for await (const line of createInterface(child.stdout)) {
      const entries = /^Number of entries: (\d+)$/.exec(line)?.[1];
      if (entries === undefined) continue;
      [last, sum] = [Number(entries), last + Number(entries)];
      if (sum >= count) return Date.now();
    }
  } finally {
    clearInterval(looks);
    child.kill();
  }
  throw new Error(`ipset ended in ${namespace}`);
}

/** The trail of a host. */
export function trail({ daemon }: Pick<Host, 'daemon'>): AuditEntry[] {
  const { stdout } = daemon.zban('audit', '--json');
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const row = JSON.parse(line) as AuditEntry & { time: string };
      return { ...row, timeMs: Date.parse(row.time) };
    });
}

/** Processor time of a daemon so far, milliseconds; the clock of /proc ticks a hundred times a second. */
export function cpuMs({ daemon }: Host): number {
  const fields = readFileSync(`/proc/${daemon.child?.pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

export const socketOf = ({ daemon }: Pick<Host, 'daemon'>): string => `${daemon.folder}/zban.sock`;

/** `condition` is what tells a list from what somebody typed. */
export const order = (
  host: Pick<Host, 'daemon'>,
  targets: readonly string[],
  condition: 'manual' | 'list' = 'manual',
) =>
  callDaemon(socketOf(host), 'ban', {
    bans: targets.map((target) => ({ target, condition })),
    ...{ forMs: 3_600_000, keepLonger: false, reason: 'bench', operator: 'bench' },
  });

export const ms = (value: number): string => `${Math.round(value)} ms`;

export const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1] ?? Number.NaN;

export function say(what: string, text: string): void {
  console.log(`${what.padEnd(58)} ${text}`);
}
