/** The ways in which a server fails, each over when the promise resolves. */
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../support/daemon.ts';
import type { RedisServer } from '../../support/redis.ts';
import { mulberry32 } from '../../support/traffic.ts';
import { type Host, ms, order, say, trail } from './hosts.ts';

/** Breaks the server in one way or the other, and brings it back; says how. */
export async function breakServer(server: RedisServer, random: () => number): Promise<string> {
  const kind = Math.floor(random() * 4);
  const forMs = 200 + random() * 1500;
  if (kind === 0) {
    // What it had saved is old: writes are lost, as at a failover.
    server.cli('SAVE');
    await sleep(forMs);
    await server.kill();
    await server.run();
    return 'failed over';
  }
  if (kind === 1) {
    server.signal('SIGSTOP');
    // Longer than hosts wait for an answer, every other time.
    await sleep(random() < 0.5 ? forMs : forMs + 3000);
    server.signal('SIGCONT');
    return 'frozen';
  }
  if (kind === 2) {
    server.cli('FLUSHALL');
    return 'flushed';
  }
  await server.kill();
  await sleep(forMs);
  await server.run();
  return 'killed';
}

/**
 * Breaks the server so many times while a ban is ordered every 100 ms on one of the hosts, and says what came of them: whether each
 * is in force on every host, and was recorded once.
 */
export async function breakUnderLoad(
  hosts: readonly Pick<Host, 'daemon'>[],
  times: number,
  breakOnce: (random: () => number) => Promise<string>,
): Promise<void> {
  const random = mulberry32(11);
  const targets: string[] = [];
  const state = { isOver: false };
  const load = (async () => {
    while (!state.isOver) {
      const n = targets.length;
      const target = `10.8.${n >> 8}.${n & 255}`;
      targets.push(target);
      await order(hosts[Math.floor(random() * hosts.length)] as Host, [target]);
      await sleep(100);
    }
  })();
  const kinds: Record<string, number> = {};
  for (let n = 0; n < times; n++) {
    const kind = await breakOnce(random);
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    await sleep(500 + random() * 2000);
  }
  state.isOver = true;
  await load;
  const backMs = Date.now();
  const held = ({ daemon }: Pick<Host, 'daemon'>) => daemon.status()?.active_bans;
  await until('all agree', () => hosts.every((host) => held(host) === targets.length), 60_000).catch(() => {});
  const agreedMs = Date.now() - backMs;
  const doubled = hosts.reduce((sum, host) => {
    const clients = trail(host).flatMap((row) => (row.action === 'ban' ? [row.client] : []));
    return sum + clients.length - new Set(clients).size;
  }, 0);
  const lost = hosts.map((host) => targets.length - (held(host) ?? 0));
  const what = Object.entries(kinds).map(([kind, count]) => `${kind} ${count}`);
  say(
    `server ${what.join(', ')} times, ${targets.length} bans`,
    `lost ${Math.max(...lost)}, doubled ${doubled}, all agree after ${ms(agreedMs)}`,
  );
  if (Math.max(...lost) > 0) process.stderr.write(hosts.map(({ daemon }) => daemon.stderr.slice(-500)).join('\n'));
}
