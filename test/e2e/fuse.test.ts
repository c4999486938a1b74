/** The fuse as its operator sees it: when it ends, over a reload and a panic, and reset by hand. */
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { test } from 'node:test';
import { TestDaemon, until } from '../support/daemon.ts';
import { logLine } from '../support/traffic.ts';

const CEILING = 100;

test('it says when it ends, holds over a reload, is reset by a person; uptime and counts go on', async (t) => {
  const daemon = new TestDaemon({
    config: {
      baseline: { warmup_max_requests: CEILING },
      detection: { points: { enabled: false } },
      bans: { max_per_minute: 1 },
    },
  });
  t.after(() => daemon.close());
  const second = () => Math.floor(Date.now() / 1000);
  const attack = (ip: string) => appendFileSync(daemon.log, `${logLine(second(), ip)}\n`.repeat(2 * CEILING));
  const offline = daemon.zban('fuse', 'reset');
  assert.equal(offline.status, 3);
  assert.match(offline.stderr, /no zban daemon answers.*nothing to reset/);
  appendFileSync(daemon.log, `${logLine(second() - 30, '192.0.2.1')}\n`);
  await daemon.start();
  assert.match(daemon.zban('fuse', 'reset').stdout, /^the fuse has not tripped: nothing to reset$/m);
  assert.match(daemon.zban('status').stdout, /^fuse +OK$/m);

  for (const ip of ['203.0.113.1', '203.0.113.2', '203.0.113.3']) attack(ip);
  await until('the fuse trips', () => daemon.status()?.fuse_tripped === true);
  const endMs = Date.parse(daemon.status()?.fuse_until ?? '');
  assert.ok(Math.abs(endMs - Date.now() - 600_000) < 30_000, 'ten minutes');
  assert.match(daemon.zban('status').stdout, /^fuse +TRIPPED until 20\d\d-.* \(in \d+m.*zban fuse reset\)$/m);
  assert.match(daemon.auditText(), /FUSE \| tripped until 20\d\d-.*: more than 1 new bans within a minute/);

  const before = daemon.status();
  assert.ok(before);
  assert.equal(daemon.child?.kill('SIGHUP'), true);
  await until('the reload', () => /enforcement backend.*enforcement backend/s.test(daemon.stderr));
  await until('it runs again', () => (daemon.status()?.logs.length ?? 0) > 0 && daemon.status()?.state !== 'starting');
  const after = daemon.status();
  assert.ok(after && after.uptime_seconds >= before.uptime_seconds);
  assert.equal(after.fuse_tripped, true);
  assert.ok(Math.abs(Date.parse(after.fuse_until ?? '') - endMs) < 30_000);
  assert.deepEqual([after.lines_total, after.bans_total], [before.lines_total, before.bans_total]);
  assert.ok(after.refused_total >= before.refused_total);

  const reset = daemon.zban('fuse', 'reset', '--reason', 'a drill');
  assert.deepEqual([reset.status, reset.stdout], [0, 'the fuse is reset: zban bans again\n']);
  await until('the fuse is whole', () => daemon.status()?.fuse_until === null);
  attack('203.0.113.4');
  await until('a ban', () => daemon.json<{ ip: string }[]>('list').some(({ ip }) => ip === '203.0.113.4'));
  const rows = daemon.zban('audit', '--json').stdout.trim().split('\n');
  const fuses = rows.map((row) => JSON.parse(row)).filter(({ action }) => action === 'fuse');
  assert.equal(fuses.length, 2);
  assert.match(fuses[1].actor, /^operator:/);
  assert.match(fuses[1].detail, /^reset: a drill; banning resumed/);

  const counted = daemon.status()?.bans_total;
  assert.equal(daemon.zban('panic').status, 0);
  await until('panic', () => daemon.status()?.panic !== null && daemon.status()?.mode === 'observe');
  assert.ok((daemon.status()?.bans_total ?? 0) >= (counted ?? 1), 'also after a panic');
});
