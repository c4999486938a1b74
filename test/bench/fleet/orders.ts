/** What a person's order waits for while a list of ten thousand bans is carried out on all hosts, and what that list costs a host. */
import { setTimeout as sleep } from 'node:timers/promises';
import { callDaemon } from '../../../src/control/client.ts';
import type { AuditEntry } from '../../../src/model/audit.ts';
import { until } from '../../support/daemon.ts';
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
} from './hosts.ts';

const [ROUNDS, LIST, EACH_MS] = [3, 10_000, 100];

export async function orderAmidLists(count: number): Promise<void> {
  const bench = await BenchFleet.start(count, { firewall: { backend: 'ipset' } }, SOCKET);
  const [first, ...others] = bench.hosts as [Host, ...Host[]];
  const held = Array.from({ length: 100 * ROUNDS }, (_, n) => `198.51.${100 + (n >> 8)}.${n & 255}`);
  await order(first, held);
  await until('all have them', () => bench.hosts.every((host) => countKernel(host) >= held.length), 60_000);
  const ordered = new Map<string, { readonly atMs: number; readonly host: Host }>();
  const answers: number[] = [];
  let spent: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = bench.hosts.map(cpuMs);
    const list = Array.from({ length: LIST }, (_, n) => `10.${round}.${n >> 8}.${n & 255}`);
    const done = order(first, list, 'list');
    const goal = held.length + (round + 1) * LIST;
    const isOver = () => bench.hosts.every((host) => (host.daemon.status()?.active_bans ?? 0) >= goal - ordered.size);
    await sleep(EACH_MS);
    for (let n = 0; !isOver(); n++) {
      const [target = '', host = first] = [held[ordered.size], bench.hosts[n % count]];
      const atMs = Date.now();
      ordered.set(target, { atMs, host });
      await callDaemon(socketOf(host), 'unban', { targets: [target], all: false, reason: 'bench', operator: 'bench' });
      answers.push(Date.now() - atMs);
      await sleep(EACH_MS);
    }
    await done;
    await until(
      'all have the list',
      () => bench.hosts.every((host) => countKernel(host) >= goal - ordered.size),
      60_000,
    );
    spent = bench.hosts.map((host, n) => cpuMs(host) - (before[n] as number));
    const [own = 0, ...received] = spent;
    say(
      `processor time for a list of ${LIST}`,
      `${ms(own)} where it was ordered, ${ms(Math.max(...received))} elsewhere`,
    );
  }
  await sleep(1000);
  const delays = { own: [] as number[], other: [] as number[] };
  const passed = { own: [] as number[], other: [] as number[] };
  for (const host of [first, ...others]) {
    const rows = trail(host);
    for (const row of rows) {
      const asked = row.action === 'unban_result' ? ordered.get(row.client) : undefined;
      if (!asked) continue;
      const where = asked.host === host ? 'own' : 'other';
      delays[where].push(row.timeMs - asked.atMs);
      passed[where].push(countPassed(rows, asked.atMs, row));
    }
  }
  await bench.close();
  const told = (some: readonly number[]) =>
    `${some.length} orders: median ${ms(quantile(some, 0.5))}, longest ${ms(Math.max(...some))}`;
  say('an unban amid the list, answered', told(answers));
  say('an unban amid the list, out of its own kernel', told(delays.own));
  say('an unban amid the list, out of the other kernels', told(delays.other));
  const went = (some: readonly number[]) => `median ${quantile(some, 0.5)}, most ${Math.max(...some)}`;
  say('bans of the list that went before it in its own kernel', went(passed.own));
  say('bans of the list that went before it in the others', went(passed.other));
}

/** Bans that a host confirmed since `fromMs` and before a row: how many did not wait for an order, whatever the machine's speed. */
function countPassed(rows: readonly AuditEntry[], fromMs: number, before: AuditEntry): number {
  return rows.filter(({ action, id, timeMs }) => action === 'ban_result' && id < before.id && timeMs >= fromMs).length;
}
