/** What a server that does not answer costs a local ban: from a client's lines to the kernel, in turns with a server that does. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../support/daemon.ts';
import { logLine } from '../../support/traffic.ts';
import { BenchFleet, countKernel, quantile, SOCKET, say, trail } from './hosts.ts';

const [ROUNDS, CLIENTS, PROBES] = [6, 10, 60];

export async function banWhileFrozen(): Promise<void> {
  const bench = await BenchFleet.start(2, { firewall: { backend: 'ipset' } }, SOCKET);
  const [host] = bench.hosts as [(typeof bench.hosts)[0]];
  const written = new Map<string, { readonly atMs: number; readonly isFrozen: boolean }>();
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const isFrozen = round % 2 === 1;
    if (isFrozen) bench.server.signal('SIGSTOP');
    for (let n = 0; n < CLIENTS; n++) {
      const client = `192.0.2.${written.size + 1}`;
      const second = Math.floor(Date.now() / 1000);
      const lines = Array.from({ length: PROBES }, (_, at) => `${logLine(second, client, `/probe-${at}.php`, 404)}\n`);
      written.set(client, { atMs: Date.now(), isFrozen });
      appendFileSync(host.daemon.log, lines.join(''));
      await sleep(300);
    }
    if (isFrozen) bench.server.signal('SIGCONT');
    await until('the fleet is back', () => host.daemon.status()?.fleet?.state === 'connected');
  }
  await until('all are banned', () => countKernel(host) >= written.size);
  await sleep(500);
  const confirmed = trail(host).filter(({ action }) => action === 'ban_result');
  const delays = (isFrozen: boolean) =>
    confirmed.flatMap(({ client, timeMs }) => {
      const asked = written.get(client ?? '');
      return asked?.isFrozen === isFrozen ? [timeMs - asked.atMs] : [];
    });
  for (const [what, isFrozen] of [
    ['a local ban, line to kernel, the server answers', false],
    ['a local ban, line to kernel, the server is frozen', true],
  ] as const) {
    const of = delays(isFrozen);
    say(what, `${of.length} bans: median ${quantile(of, 0.5)} ms, 99 % ${quantile(of, 0.99)} ms`);
  }
  await bench.close();
}
