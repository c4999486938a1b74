/** A hundred hosts against one server: the protocol alone, in one process. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientCounts } from '../../../src/engine/shared-counts.ts';
import { Link } from '../../../src/fleet/link.ts';
import type { Order } from '../../../src/share/order.ts';
import { until } from '../../support/daemon.ts';
import { RedisServer } from '../../support/redis.ts';
import { mulberry32 } from '../../support/traffic.ts';
import { say } from './hosts.ts';

const [LINKS, SECONDS, BANS] = [100, 15, 10_000];
/** Clients that each host speaks of in a tick. */
const SAID = 3;

export async function runLinks(): Promise<void> {
  const server = await RedisServer.start();
  const random = mulberry32(3);
  const said = (): ClientCounts[] =>
    Array.from({ length: SAID }, () => ({
      client: `10.7.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}`,
      counts: [{ rule: 'scan', points: 0.1, limit: 1e6, leak: 0.02 }],
    }));
  let heard = 0;
  // What a ban takes is measured without them.
  let isCounting = false;
  const links = Array.from({ length: LINKS }, (_, n) => {
    const link = new Link({
      server: { urls: [server.url], kind: 'single', master: '', caFile: undefined, passwordFile: undefined },
      ...{
        name: 'bench',
        host: `host-${n}`,
        shares: { bans: true, counts: true },
        enforce: true,
        now: Date.now,
        saved: undefined,
      },
      recorded: async () => {},
      describe: () => ({ version: '0', mode: 'enforce', bans: 0 }),
      onUp: () => {},
      onDown: (cause) => console.error(cause),
      onOrders: async (orders) => {
        heard += orders.length;
      },
      exchange: async () => ({ said: isCounting ? said() : [], leftOut: 0, watched: 0 }),
    });
    link.start();
    return link;
  });
  while (links.some((link) => link.hosts < LINKS)) await sleep(100);
  const before = facts(server);
  const startedMs = performance.now();
  const order = (n: number): Order => ({
    ...{
      kind: 'ban',
      host: `host-${n % LINKS}`,
      actor: 'policy',
      target: `10.6.${n >> 8}.${n & 255}`,
      atMs: Date.now(),
      tier: 1,
    },
    ...{
      untilMs: Date.now() + 3_600_000,
      condition: 'scan',
      reason: 'scan 12.4 points of 12',
      digest: '0123456789abcdef',
    },
  });
  for (let n = 0; n < BANS; n++) links[n % LINKS]?.orders.push([{ order: order(n), auditId: 0 }]);
  await until('all hosts have heard of all bans', () => heard >= BANS * LINKS);
  say(`${BANS} bans by ${LINKS} hosts, each heard by all`, `${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  const between = facts(server);
  const spokenOf = () => links.reduce((sum, link) => sum + link.numbers().sent, 0);
  isCounting = true;
  const quietMs = performance.now();
  await sleep(SECONDS * 1000);
  const after = facts(server);
  const took = (performance.now() - quietMs) / 1000;
  const rate = (key: keyof typeof after) => (after[key] - between[key]) / took;
  const traffic = (rate('input') + rate('output')) / 1024 / LINKS;
  say(
    `${LINKS} hosts, each speaking of ${(spokenOf() / LINKS / took).toFixed(1)} clients a second`,
    `${Math.round(rate('commands'))} commands/s, ${traffic.toFixed(1)} KiB/s a host`,
  );
  say('the server', `${(rate('cpu') * 100).toFixed(0)} % of a core, ${Math.round(after.memory / 1_048_576)} MiB`);
  say('a ban in the server', `${Math.round((between.memory - before.memory) / BANS)} bytes`);
  await Promise.all(links.map((link) => link.stop()));
  await server.close();
}

function facts(server: RedisServer) {
  const info = server.cli('INFO');
  const field = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1] ?? 0);
  return {
    commands: field('total_commands_processed'),
    memory: field('used_memory'),
    cpu: field('used_cpu_sys') + field('used_cpu_user'),
    input: field('total_net_input_bytes'),
    output: field('total_net_output_bytes'),
  };
}
