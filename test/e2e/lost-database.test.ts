/** A database that is damaged or deleted: bans hold, and what is missing is said. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { TestDaemon, until } from '../support/daemon.ts';
import { createNetwork, toolSkip } from '../support/netns.ts';
import { assertNoStack, assertSays, logOf, troublesIn } from '../support/said.ts';
import { attack, bansAre } from './attack.ts';

/** A daemon that has banned one client. */
async function startWithBan(t: TestContext): Promise<TestDaemon> {
  const daemon = new TestDaemon();
  t.after(() => daemon.close());
  writeFileSync(daemon.log, '');
  await daemon.start();
  attack(daemon, ['203.0.113.7']);
  await bansAre(daemon, 1);
  return daemon;
}

test('a database that is damaged while zban is stopped: bans hold, and it is said what is missing', async (t) => {
  const daemon = await startWithBan(t);
  await daemon.stop();
  const whole = readFileSync(daemon.database);
  const damages: readonly (readonly [what: string, bytes: Buffer])[] = [
    ['text', Buffer.from('this is no database at all\n'.repeat(100))],
    ['zeros after the first page', Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(whole.length - 4096)])],
    ['the first page', whole.subarray(0, 4096)],
    ['nothing', Buffer.alloc(0)],
  ];
  for (const [what, bytes] of damages) {
    writeFileSync(daemon.database, bytes);
    await daemon.start();
    await bansAre(daemon, 1);
    const [trouble] = await until(what, () => {
      const troubles = troublesIn(daemon.stderr, 'lost rows');
      return troubles.length > 0 && troubles;
    });
    assert.match(trouble ?? '', /entries #1 to #\d+ of the audit trail are missing/, what);
    assert.equal(daemon.status()?.state, 'trouble');
    await daemon.stop();
    assertSays(daemon.zban('audit', 'verify'), 1, /entries #1 to #\d+ are missing/);
    assertNoStack(daemon.stderr);
  }
});

test('a database that is deleted while zban runs is back within seconds, whole', async (t) => {
  const daemon = await startWithBan(t);
  rmSync(join(daemon.folder, 'state'), { recursive: true });
  await until('it is said', () => troublesIn(daemon.stderr, 'lost rows').length > 0);
  assert.match(troublesIn(daemon.stderr, 'lost rows')[0] ?? '', /was deleted while zban ran.*nothing is missing/);
  assert.equal(daemon.zban('audit', 'verify').status, 0);
  await daemon.stop('SIGKILL');
  await daemon.start();
  await bansAre(daemon, 1);
  assert.equal(daemon.zban('audit', 'verify').status, 0);
});

test('bans that only the firewall has are kept when the database is lost', {
  skip: toolSkip('ipset', 'iptables'),
}, async (t) => {
  const network = createNetwork({ hosts: ['server'] });
  t.after(() => network.close());
  const daemon = new TestDaemon({ prefix: network.prefix('server'), config: { firewall: { backend: 'ipset' } } });
  t.after(() => daemon.close());
  writeFileSync(daemon.log, '');
  await daemon.start();
  assert.equal(daemon.zban('ban', '203.0.113.7', '--for', '1h').status, 0);
  assert.equal(daemon.zban('ban', '203.0.113.8', '--for', 'permanent').status, 0);
  await daemon.stop();
  rmSync(join(daemon.folder, 'state'), { recursive: true });
  const lines = daemon.auditText().split('\n');
  writeFileSync(daemon.auditLog, lines.filter((line) => !line.includes('BAN 203.0.113.8')).join('\n'));
  await daemon.start();
  await bansAre(daemon, 2);
  const bans = daemon.json<{ ip: string; reason: string }[]>('list').map(({ ip, reason }) => [ip, reason]);
  assert.deepEqual(bans.sort(), [
    ['203.0.113.7', 'restored'],
    ['203.0.113.8', 'restored: found in the firewall'],
  ]);
});

test('a reload while the disk gives nothing back: bans, exceptions and places in the logs are as they were', {
  skip: process.getuid?.() === 0 ? false : 'needs root, to mount over the folder',
}, async (t) => {
  const daemon = new TestDaemon();
  const state = join(daemon.folder, 'state');
  const unmount = () => spawnSync('umount', ['--lazy', state]);
  t.after(async () => {
    unmount();
    await daemon.close();
  });
  daemon.configure({ audit: { log: join(state, 'audit.log') } });
  writeFileSync(daemon.log, '');
  await daemon.start();
  attack(daemon, ['203.0.113.1']);
  await bansAre(daemon, 1);
  for (const args of [
    ['allow', '192.0.2.0/24'],
    ['ban', '203.0.113.2', '--for', 'permanent'],
  ])
    assert.equal(daemon.zban(...args).status, 0);
  // Neither database nor audit log is there any more, and none can be made.
  assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'none', state]).status, 0);
  assert.equal(daemon.zban('ban', '203.0.113.3', '--for', 'permanent').status, 0);
  const instances = () => logOf(daemon.stderr).filter(({ msg }) => msg.startsWith('enforcement backend')).length;
  for (const count of [2, 3]) {
    attack(daemon, [`203.0.113.1${count}`]);
    daemon.child?.kill('SIGHUP');
    await until('it has reloaded', () => instances() === count);
    await bansAre(daemon, 2 + count);
  }
  assert.equal(daemon.zban('ban', '192.0.2.7').status, 1, 'still allowed');
  unmount();
  await until('the disk takes what waits', () => daemon.status()?.troubles.length === 0);
  assert.equal(daemon.zban('audit', 'verify').status, 0);
  assert.equal(await daemon.stop(), 0, daemon.stderr);
  assert.equal(daemon.json<unknown[]>('list').length, 5);
});
