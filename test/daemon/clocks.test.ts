/** A log whose clock differs from the host's, with a real process: bans are decided by the one and end by the other. */
import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Status } from '../../src/model/status.ts';
import { TestDaemon, until } from '../support/daemon.ts';
import { ATTACKER, burst, calm, logLine } from '../support/traffic.ts';

const HOUR_S = 3600;
const now = () => Math.floor(Date.now() / 1000);

interface Listed {
  readonly ip: string;
  readonly tier: number;
  readonly since: string;
  readonly until: string;
  readonly confirmed: boolean;
}

for (const [name, wrong] of [
  ['an hour behind', -HOUR_S],
  // A line is written up to a few seconds after its time was taken.
  ['an hour ahead', HOUR_S + 60],
] as const) {
  test(`a log whose clock is ${name}: a ban lasts its time, and the engine knows it`, async (t) => {
    const points = { points: { enabled: false }, min_requests: 100 };
    const daemon = new TestDaemon({ config: { detection: points, bans: { schedule: ['1m', '10m'] } } });
    t.after(() => daemon.close());
    writeFileSync(daemon.log, calm(now() + wrong - 900, now() + wrong));
    await daemon.start();
    appendFileSync(daemon.log, burst(now() + wrong, 2000));
    const [ban] = await until('the ban', () => {
      const bans = daemon.json<Listed[]>('list');
      return bans.some(({ confirmed }) => confirmed) && bans;
    });
    assert.equal(ban?.ip, ATTACKER);
    assert.ok(Math.abs(Date.parse(ban.since) / 1000 - now()) < 30, ban.since);
    assert.equal(Date.parse(ban.until) - Date.parse(ban.since), 60_000);
    const told = await until('the trouble', () => daemon.status()?.troubles.find((text) => text.includes('clock')));
    assert.match(told, wrong < 0 ? /the times in the log are 1h.* behind this host's clock/ : /1h.* ahead of/);

    // What a person lifts is lifted in the engine too, and what is lifted is judged again.
    assert.equal(daemon.zban('unban', ATTACKER).status, 0);
    appendFileSync(daemon.log, burst(now() + wrong + 2, 2000));
    const again = await until('the second ban', () => daemon.json<Listed[]>('list').find(({ tier }) => tier === 2));
    assert.equal(Date.parse(again.until) - Date.parse(again.since), 600_000);

    // And it stands for both after a restart: nothing is decided twice, what it still sends is known to be shut out.
    assert.equal(await daemon.stop(), 0);
    await daemon.start();
    const discarded = () => (daemon.status() as Status).discarded['banned_lines'] ?? 0;
    appendFileSync(daemon.log, burst(now() + wrong + 4, 500));
    await until('its requests', () => discarded() === 500);
    assert.deepEqual(
      daemon.json<Listed[]>('list').map(({ ip, tier, until: end }) => [ip, tier, end]),
      [[ATTACKER, 2, again.until]],
    );
  });
}

test('a log whose clock is set back while it is followed: the scan that comes with it is seen', async (t) => {
  const daemon = new TestDaemon();
  t.after(() => daemon.close());
  writeFileSync(daemon.log, calm(now() - 900, now()));
  await daemon.start();
  appendFileSync(daemon.log, calm(now(), now() + 2));
  await until('the lines', () => (daemon.status()?.lines_total ?? 0) >= 8);
  const scan = Array.from({ length: 200 }, (_, n) => logLine(now() - HOUR_S, ATTACKER, `/probe-${n}.php`, 404));
  appendFileSync(daemon.log, scan.map((line) => `${line}\n`).join(''));
  const ban = await until('the ban', () => daemon.json<Listed[]>('list').find(({ ip }) => ip === ATTACKER));
  assert.ok(Math.abs(Date.parse(ban.since) / 1000 - now()) < 30, ban.since);
  const lost = await until('what is lost is counted', () => daemon.status()?.discarded['late_lines'] || undefined);
  assert.equal(lost, 19);

  // And lines of the next twenty minutes by that clock, all at once: nobody is banned in the future.
  const other = '203.0.113.251';
  const probe = (n: number) => logLine(now() - HOUR_S + 1200, other, `/other-${n}.php`, 404);
  appendFileSync(daemon.log, Array.from({ length: 200 }, (_, n) => `${probe(n)}\n`).join(''));
  const next = await until('the next ban', () => daemon.json<Listed[]>('list').find(({ ip }) => ip === other));
  assert.ok(Date.parse(next.since) <= Date.now(), next.since);
  assert.equal(Date.parse(next.until) - Date.parse(next.since), 600_000);
});
