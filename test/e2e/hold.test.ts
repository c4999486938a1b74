/** What a person lifts stays lifted: a client is not banned again for what it did before, not after a restart either. */
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { TestDaemon, until } from '../support/daemon.ts';
import { logLine } from '../support/traffic.ts';

const IP = '203.0.113.9';
/** `baseline.warmup_max_requests` below: more requests than this within the window are an attack. */
const CEILING = 100;

function start(t: TestContext, mode: 'enforce' | 'observe') {
  const config = { mode, baseline: { warmup_max_requests: CEILING }, detection: { points: { enabled: false } } };
  const daemon = new TestDaemon({ config });
  t.after(() => daemon.close());
  const write = (count: number, second: number, ip = IP) => {
    appendFileSync(daemon.log, Array.from({ length: count }, () => `${logLine(second, ip)}\n`).join(''));
  };
  let lines = 0;
  /** Writes and waits until zban has judged it. */
  const feed = async (count: number, second: number) => {
    const before = daemon.status()?.lines_total ?? 0;
    write(count, second);
    lines += count;
    await until(`${lines} lines are read`, () => (daemon.status()?.lines_total ?? 0) >= before + count);
  };
  const bans = () => daemon.json<{ ip: string; tier: number }[]>('list').map(({ ip, tier }) => `${ip} ${tier}`);
  const second = () => Math.floor(Date.now() / 1000);
  return { daemon, write, feed, bans, second };
}

for (const mode of ['enforce', 'observe'] as const) {
  test(`${mode}: unbanned by a person, a client is banned again for new requests only`, async (t) => {
    const { daemon, write, feed, bans, second } = start(t, mode);
    write(1, second() - 30, '192.0.2.1');
    await daemon.start();
    const attacked = second();
    await feed(2 * CEILING, attacked);
    await until('the ban', () => bans()[0] === `${IP} 1`);
    assert.equal(daemon.zban('unban', IP).status, 0);
    const unbanned = second();
    assert.deepEqual(bans(), []);

    await feed(2 * CEILING, attacked);
    await feed(2 * CEILING, attacked - 20);
    assert.deepEqual(bans(), [], 'late lines');

    await daemon.stop();
    write(2 * CEILING, attacked);
    await daemon.start();
    await feed(1, attacked);
    assert.deepEqual(bans(), [], 'a restart, and lines from before that it finds');

    await daemon.stop('SIGKILL');
    await daemon.start();
    await until('a second after', () => second() > unbanned + 1);
    await feed(CEILING / 2, second());
    assert.deepEqual(bans(), [], 'nothing was carried over to the new requests');

    await feed(2 * CEILING, second());
    await until('a new ban', () => bans()[0] === `${IP} 2`);
  });
}

test('a ban that a person set and lifted leaves nothing behind either, and an allowed client stays allowed', async (t) => {
  const { daemon, feed, write, bans, second } = start(t, 'enforce');
  write(1, second() - 30, '192.0.2.1');
  await daemon.start();
  const before = second();
  await feed(CEILING - 10, before);
  assert.equal(daemon.zban('ban', IP).status, 0);
  assert.equal(daemon.zban('unban', IP).status, 0);
  const lifted = second();
  await daemon.stop('SIGKILL');
  await daemon.start();
  await until('a second after', () => second() > lifted + 1);
  await feed(CEILING - 10, second());
  assert.deepEqual(bans(), [], 'the requests of before are not added');

  assert.equal(daemon.zban('allow', IP).status, 0);
  await feed(2 * CEILING, second());
  await daemon.stop();
  await daemon.start();
  await feed(2 * CEILING, second());
  assert.deepEqual(bans(), []);
});
