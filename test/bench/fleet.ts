/**
 * `npm run bench:fleet -- [spread] [bans] [orders] [local] [traffic] [faults] [failover] [sentinels] [many]`: what a fleet of eight daemons does
 * with one Redis, each daemon as the service runs it, in a network namespace with its own ipset; without a name all of it. Needs root and
 * redis-server; touches no firewall of the host. `--hosts N` is how many daemons, `--lines N` how many lines a second `traffic` writes for each host, `--faults N`
 * how often `faults` breaks the server, and `failover` (in a Cluster) and `sentinels` let another one take over.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { callDaemon } from '../../src/control/client.ts';
import type { FleetReport } from '../../src/model/fleet.ts';
import { until } from '../support/daemon.ts';
import { logLine, mulberry32 } from '../support/traffic.ts';
import { failOverCluster, failOverSentinels } from './fleet/failover.ts';
import { breakServer, breakUnderLoad } from './fleet/faults.ts';
import {
  BenchFleet,
  countKernel,
  cpuMs,
  type Host,
  ms,
  order,
  quantile,
  SOCKET,
  say,
  socketOf,
  trail,
  whenHeld,
} from './fleet/hosts.ts';
import { runLinks } from './fleet/links.ts';
import { banWhileFrozen } from './fleet/local.ts';
import { orderAmidLists } from './fleet/orders.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    hosts: { type: 'string', default: '8' },
    lines: { type: 'string', default: '20000' },
    faults: { type: 'string', default: '50' },
  },
});
const HOSTS = Number(values.hosts);
const IPSET = { firewall: { backend: 'ipset' } };
const second = () => Math.floor(Date.now() / 1000);
/** When the kernel of each host was seen to hold the ban, by its trail; in milliseconds since `fromMs`. */
const confirmations = (hosts: readonly Host[], isAsked: (client: string) => boolean) =>
  hosts.map((host) =>
    trail(host).flatMap((row) =>
      row.action === 'ban_result' && isAsked(row.client) ? [{ client: row.client, atMs: row.timeMs }] : [],
    ),
  );

/** One client, 40 % of the limit on each host. In the first hour a site's limits are three times as high: 36 points. */
async function spread(): Promise<void> {
  const [client, limit] = ['203.0.113.99', 36];
  const each = Math.floor(0.4 * limit);
  for (const fleet of [null, {}]) {
    const bench = await BenchFleet.start(HOSTS, { fleet, ...IPSET }, SOCKET);
    let crossedMs = 0;
    for (let n = 0; n < each * HOSTS; n++) {
      const host = bench.hosts[n % HOSTS] as Host;
      appendFileSync(host.daemon.log, `${logLine(second(), client, `/probe-${n}.php`, 404)}\n`);
      if (n === limit) crossedMs = Date.now();
      await sleep(100);
    }
    await sleep(2000);
    const bans = confirmations(bench.hosts, (target) => target === client).flat();
    const last = Math.max(...bans.map(({ atMs }) => atMs)) - crossedMs;
    const what = `a client at 40 % of the limit on each of ${HOSTS} hosts, ${fleet ? 'a fleet' : 'no fleet'}`;
    say(
      what,
      bans.length === 0 ? 'banned nowhere' : `banned on ${bans.length}, ${ms(last)} after all had counted the limit`,
    );
    await bench.close();
  }
}

/** From the order on one host to the kernels of the others; and ten thousand at once. */
async function bans(): Promise<void> {
  const bench = await BenchFleet.start(HOSTS, IPSET, SOCKET);
  const [first, ...others] = bench.hosts as [Host, ...Host[]];
  const ordered = new Map<string, number>();
  for (let n = 0; n < 100; n++) {
    const target = `198.51.100.${n + 1}`;
    ordered.set(target, Date.now());
    await order(first, [target]);
    await sleep(100);
  }
  await until('all have them', () => others.every((host) => countKernel(host) >= ordered.size));
  await sleep(1000);
  const delaysOf = (hosts: readonly Host[]) =>
    confirmations(hosts, (target) => ordered.has(target))
      .flat()
      .map(({ client, atMs }) => atMs - (ordered.get(client) ?? 0));
  for (const [where, hosts] of [
    ['its own kernel', [first]],
    [`the kernels of ${others.length} others`, others],
  ] as const) {
    const delays = delaysOf(hosts);
    say(`a ban on one host in ${where}`, `median ${ms(quantile(delays, 0.5))}, 99 % ${ms(quantile(delays, 0.99))}`);
  }
  const load = readFileSync('/proc/loadavg', 'utf8').split(' ')[0];
  say('load of the machine, the bench included', String(load));
  const many = Array.from({ length: 10_000 }, (_, n) => `10.9.${n >> 8}.${n & 255}`);
  const all = many.length + ordered.size;
  const held = bench.hosts.map((host) => whenHeld(host, all));
  const startedMs = Date.now();
  const done = order(first, many, 'list');
  for (const [where, hosts] of [
    ['its own kernel', held.slice(0, 1)],
    [`all ${HOSTS} kernels`, held],
  ] as const) {
    const lastMs = Math.max(...(await Promise.all(hosts)));
    say(`10,000 bans at once on one host, in ${where}`, ms(lastMs - startedMs));
  }
  await done;
  await bench.close();
}

/** Lines of so many quiet clients, without their times, with the place of each line and the digit that tells one host's from another's. */
function quietLines(clients: number, count: number): { text: Buffer; starts: Uint32Array; digit: number } {
  const random = mulberry32(7);
  const starts = new Uint32Array(count + 1);
  const lines = Array.from({ length: count }, (_, at) => {
    const n = Math.floor(random() * clients);
    const path = random() < 0.6 ? `/static/${n % 40}.css` : `/page/${Math.floor(random() * 30)}`;
    const line = `${logLine(1_000_000_000, `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, path)}\n`;
    starts[at + 1] = (starts[at] ?? 0) + line.length;
    return line;
  });
  return { text: Buffer.from(lines.join('')), starts, digit: (lines[0] ?? '').indexOf('addr":"10') + 8 };
}

/** Busy and quiet: many lines of many clients, none of whom does anything. */
async function traffic(): Promise<void> {
  const [clients, seconds, warmUp] = [100_000, 20, 15];
  const lines = Number(values.lines);
  const { text, starts, digit } = quietLines(clients, clients);
  const cpu: number[] = [];
  for (const fleet of [null, {}]) {
    const bench = await BenchFleet.start(HOSTS, { fleet, firewall: { backend: 'dry-run' } }, SOCKET);
    let [sent, spent, from, written] = [0, 0, 0, 0];
    const startedMs = Date.now();
    for (let tick = 0; tick < (warmUp + seconds) * 10; tick++) {
      if (tick === warmUp * 10) {
        [sent, spent, written] = [await bytes(bench), bench.hosts.reduce((sum, host) => sum + cpuMs(host), 0), 0];
      }
      const to = Math.min(clients, from + lines / 10);
      const now = String(second());
      for (const [index, host] of bench.hosts.entries()) {
        for (let at = from; at < to; at++) {
          text.write(now, (starts[at] ?? 0) + 9);
          text[(starts[at] ?? 0) + digit] = 48 + index;
        }
        appendFileSync(host.daemon.log, text.subarray(starts[from], starts[to]));
      }
      written += to - from;
      from = to === clients ? 0 : to;
      await sleep(Math.max(0, startedMs + (tick + 1) * 100 - Date.now()));
    }
    const tookSeconds = (Date.now() - startedMs) / 1000 - warmUp;
    const used = (bench.hosts.reduce((sum, host) => sum + cpuMs(host), 0) - spent) / HOSTS / tookSeconds / 10;
    cpu.push(used);
    const rate = Math.round(((await bytes(bench)) - sent) / HOSTS / tookSeconds / 100) / 10;
    const what = fleet ? `${rate} kB/s to and from Redis a host` : 'no fleet';
    say(`${Math.round(written / tookSeconds)} lines/s a host, ${what}`, `${used.toFixed(1)} % of a core a host`);
    await bench.close();
  }
  say('what the fleet adds', `${((cpu[1] ?? 0) - (cpu[0] ?? 0)).toFixed(1)} % of a core a host`);
}

async function bytes({ hosts }: BenchFleet): Promise<number> {
  const reports = await Promise.all(
    hosts.map((host) => callDaemon(socketOf(host), 'fleetStatus') as Promise<FleetReport | null>),
  );
  return reports.reduce((sum, report) => sum + (report?.status.bytes_total ?? 0), 0);
}

/** The server dies, freezes, is emptied or loses writes while bans are ordered everywhere. */
async function faults(): Promise<void> {
  const bench = await BenchFleet.start(HOSTS, { firewall: { backend: 'dry-run' } }, [
    ...SOCKET,
    '--dbfilename',
    'old.rdb',
  ]);
  await breakUnderLoad(bench.hosts, Number(values.faults), (random) => breakServer(bench.server, random));
  await bench.close();
}

const parts: Record<string, () => Promise<void>> = {
  spread,
  bans,
  orders: () => orderAmidLists(HOSTS),
  local: banWhileFrozen,
  traffic,
  faults,
  failover: () => failOverCluster(HOSTS, Number(values.faults)),
  sentinels: () => failOverSentinels(HOSTS, Number(values.faults)),
  many: runLinks,
};
for (const [name, run] of Object.entries(parts))
  if (positionals.length === 0 || positionals.includes(name)) await run();
process.exit(0);
