/** The ways in which a server fails, each over when the promise resolves. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisServer } from '../../support/redis.ts';

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
