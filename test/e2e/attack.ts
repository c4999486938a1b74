/** Clients that are banned, and how one sees that they are. */
import { appendFileSync } from 'node:fs';
import { type TestDaemon, until } from '../support/daemon.ts';
import { logLine } from '../support/traffic.ts';

/** Enough requests of each client for a ban. */
export function attack(daemon: TestDaemon, ips: readonly string[]): void {
  const second = Math.floor(Date.now() / 1000);
  for (const ip of ips) {
    appendFileSync(daemon.log, Array.from({ length: 400 }, (_, n) => `${logLine(second, ip, `/?${n}`)}\n`).join(''));
  }
}

export async function bansAre(daemon: TestDaemon, count: number): Promise<void> {
  await until(`${count} bans are in force`, () => daemon.status()?.active_bans === count);
}
