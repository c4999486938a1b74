/** Disks that are full or read only: said once and clearly; zban goes on, and nothing is lost. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { TestDaemon, until } from '../support/daemon.ts';
import { assertNoStack, assertSays, logOf, troublesIn } from '../support/said.ts';
import { attack, bansAre } from './attack.ts';

const NOBODY = 65_534;
const DISK_BYTES = 4 << 20;
const needsRoot = process.getuid?.() === 0 ? false : 'needs root, to mount a small disk';

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

/** A daemon whose database and audit log lie on a disk of a few MiB. */
function onSmallDisk(t: TestContext): { daemon: TestDaemon; disk: string } {
  const daemon = new TestDaemon();
  const disk = join(daemon.folder, 'disk');
  mkdirSync(disk);
  run('mount', '-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'none', disk);
  t.after(async () => {
    await daemon.stop('SIGKILL');
    run('umount', '--lazy', disk);
    await daemon.close();
  });
  daemon.configure({
    state: { database: join(disk, 'zban.db') },
    audit: { log: join(disk, 'audit.log') },
    bans: { max_per_minute: 100_000, max_share: 1 },
  });
  writeFileSync(daemon.log, '');
  return { daemon, disk };
}

/** With three bans from before the disk was full, and sixty since: the pages that were there already are full as well. */
async function onFullDisk(t: TestContext) {
  const { daemon, disk } = onSmallDisk(t);
  await daemon.start();
  const before = addresses('203.0.113', 3);
  attack(daemon, before);
  await bansAre(daemon, 3);
  fill(join(disk, 'filler'));
  const during = addresses('198.51.100', 60);
  attack(daemon, during);
  await bansAre(daemon, 63);
  return { daemon, disk, before, during };
}

function addresses(net: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${net}.${n + 1}`);
}

/** Fills what is left, to the last byte. */
function fill(path: string): void {
  for (let bytes = 1 << 16; bytes >= 1; bytes >>= 1) {
    try {
      for (;;) appendFileSync(path, Buffer.alloc(bytes));
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
    }
  }
}

/** Instances that the running daemon has built: one for each reload. */
function starts(daemon: TestDaemon): number {
  return logOf(daemon.stderr).filter(({ msg }) => msg.startsWith('enforcement backend')).length;
}

/** Every ban has its row and its result, once; the chain holds. */
async function assertNothingLost(daemon: TestDaemon, ips: readonly string[]): Promise<void> {
  const rows = () =>
    daemon
      .zban('audit', '--json')
      .stdout.split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { action: string; client: string; detail: string });
  await until(
    'the rows are written',
    () => rows().filter(({ action }) => action === 'ban_result').length >= ips.length,
  );
  const all = rows();
  for (const ip of ips) {
    const own = all.filter(({ client }) => client === ip);
    assert.deepEqual(
      own.map(({ action, detail }) => `${action} ${detail}`.trim()),
      // After a kill, what the audit log could still take comes from there.
      [own[0]?.detail === 'restored' ? 'ban restored' : 'ban', 'ban_result ok'],
      ip,
    );
  }
  assert.equal(daemon.zban('audit', 'verify').status, 0);
}

test('a disk that fills up: bans go on, it is said once, and all is written when there is room', {
  skip: needsRoot,
}, async (t) => {
  const { daemon, disk, before, during } = await onFullDisk(t);
  const troubles = () => troublesIn(daemon.stderr, 'database');
  await until('it is said', () => troubles().length > 0);
  assert.match(troubles()[0] ?? '', /zban\.db: database or disk is full; the disk is full, make room: df /);
  assert.equal(daemon.status()?.state, 'trouble');
  assert.match(daemon.status()?.troubles.join() ?? '', /rows wait in memory, 0 lost/);
  rmSync(join(disk, 'filler'));
  await until('the trouble is over', () => daemon.status()?.troubles.length === 0);
  assert.equal(troubles().length, 1, 'said once');
  await until('its end is said', () => logOf(daemon.stderr).some(({ msg }) => msg.startsWith('over: ')));
  await assertNothingLost(daemon, [...before, ...during]);
  const text = readFileSync(join(disk, 'audit.log'), 'utf8');
  for (const ip of [...before, ...during]) assert.equal(text.split(`BAN ${ip} `).length, 2, `${ip} in the audit log`);
  assert.equal(await daemon.stop(), 0, daemon.stderr);
  assertNoStack(daemon.stderr);
});

test('a disk that is full at the start: what is known is enforced, orders are carried out, and all is written later', {
  skip: needsRoot,
}, async (t) => {
  const { daemon, disk } = onSmallDisk(t);
  await daemon.start();
  attack(daemon, ['203.0.113.1']);
  await bansAre(daemon, 1);
  assert.equal(daemon.zban('ban', '203.0.113.2', '--for', 'permanent').status, 0);
  await daemon.stop();
  fill(join(disk, 'filler'));
  await daemon.start();
  await bansAre(daemon, 2);
  await until('it is said', () => troublesIn(daemon.stderr, 'database').length > 0);
  attack(daemon, ['198.51.100.1']);
  await bansAre(daemon, 3);
  const unban = daemon.zban('unban', '203.0.113.2');
  assert.deepEqual([unban.status, unban.stdout], [0, '203.0.113.2: unbanned\n']);
  assert.match(unban.stderr, /^zban: not yet durable: .*see zban status$/m);
  const readings = [['list'], ['explain', '203.0.113.1'], ['audit'], ['audit', 'verify'], ['export'], ['allow']];
  for (const words of readings)
    assert.match(
      daemon.zban(...words).stderr,
      /^zban: this may be out of date: .*rows? waits? in memory/m,
      words.join(' '),
    );
  // What the daemon has lifted: not even by whoever reads standard output alone is it taken for what holds.
  assert.match(
    daemon.zban('explain', '203.0.113.2').stdout,
    /^As far as it is on disk, which may be out\s+of\s+date: 203\.0\.113\.2 is banned/,
  );
  assert.match(daemon.json<{ stale: string }>('explain', '203.0.113.2').stale, /^this may be out of date/);
  const [ban] = daemon.json<{ durable?: boolean }[]>('ban', '203.0.113.3');
  assert.equal(ban?.durable, false);
  // A configuration that is taken up does not lose what waits.
  daemon.child?.kill('SIGHUP');
  await until('it has reloaded', () => starts(daemon) === 2);
  await bansAre(daemon, 3);
  rmSync(join(disk, 'filler'));
  // A new instance has no trouble before its first attempt: an order says whether the disk took it.
  await until('the disk takes what waits', () => daemon.zban('ban', '203.0.113.4', '--for', '2h').stderr === '');
  await until('the trouble is over', () => daemon.status()?.troubles.length === 0);
  await daemon.stop('SIGKILL');
  await daemon.start();
  await bansAre(daemon, 4);
  assert.equal(daemon.zban('audit', 'verify').status, 0);
  assert.equal(await daemon.stop(), 0, daemon.stderr);
});

test('panic on a full disk holds: after the restart that it causes, and after a crash', {
  skip: needsRoot,
}, async (t) => {
  const { daemon, disk } = await onFullDisk(t);
  await until('it is said', () => troublesIn(daemon.stderr, 'database').length > 0);
  const isPanic = () => daemon.status()?.panic != null && daemon.status()?.active_bans === 0;
  const panic = daemon.zban('panic', '--reason', 'customers call');
  assert.deepEqual([panic.status, panic.stderr], [0, '']);
  assert.match(panic.stdout, /^63 bans lifted; zban bans nobody until zban panic --end$/m);
  await until('it stands', isPanic);
  await daemon.stop('SIGKILL');
  await daemon.start();
  await until('it stands after a crash', isPanic);
  rmSync(join(disk, 'filler'));
  await daemon.stop('SIGKILL');
  await daemon.start();
  await until('it stands when there is room', isPanic);
  assert.equal(daemon.zban('panic', '--end').status, 0);
  await until('it is over', () => daemon.status()?.panic === null && daemon.status()?.mode === 'enforce');
  await bansAre(daemon, 0);
  assert.equal(daemon.zban('audit', 'verify').status, 0);

  await t.test('with the daemon stopped', async () => {
    assert.equal(daemon.zban('ban', '203.0.113.99').status, 0);
    await bansAre(daemon, 1);
    await daemon.stop();
    fill(join(disk, 'filler'));
    assert.equal(daemon.zban('panic').status, 0);
    await daemon.start();
    await until('it stands', isPanic);
  });
});

test('killed while the disk is full: the lines are read again, no ban is lost', { skip: needsRoot }, async (t) => {
  const { daemon, disk, before, during } = await onFullDisk(t);
  await until('it is said', () => troublesIn(daemon.stderr, 'database').length > 0);
  await daemon.stop('SIGKILL');
  rmSync(join(disk, 'filler'));
  await daemon.start();
  await bansAre(daemon, 63);
  await assertNothingLost(daemon, [...before, ...during]);
});

test('a read-only disk at the start: what is known is enforced, and it is written when that is over', {
  skip: needsRoot,
}, async (t) => {
  const { daemon, disk } = onSmallDisk(t);
  await daemon.start();
  assert.equal(daemon.zban('ban', '203.0.113.2', '--for', 'permanent').status, 0);
  await daemon.stop();
  run('mount', '-o', 'remount,ro', disk);
  await daemon.start();
  await bansAre(daemon, 1);
  await until('it is said', () => troublesIn(daemon.stderr, 'database').length > 0);
  assert.match(troublesIn(daemon.stderr, 'database')[0] ?? '', /zban\.db.*read.only.*make it and its folder writable/i);
  assert.equal(daemon.zban('panic').status, 0);
  const isPanic = () => daemon.status()?.panic != null;
  await until('the panic stands', isPanic);
  await daemon.stop('SIGKILL');
  await daemon.start();
  assert.ok(isPanic(), 'the other file is on a disk that can be written');
  run('mount', '-o', 'remount,rw', disk);
  await until('only the panic is left', () => daemon.status()?.troubles.length === 1);
  assert.equal(daemon.zban('audit', 'verify').status, 0);
});

test('a disk that takes no control socket: zban starts and reloads without, says so, and makes it when that is over', {
  skip: needsRoot,
}, async (t) => {
  const daemon = new TestDaemon();
  const disk = join(daemon.folder, 'run');
  mkdirSync(disk);
  const mounted: string[] = [];
  const mountReadOnly = () => {
    run('mount', '-t', 'tmpfs', '-o', 'ro', 'none', disk);
    mounted.push(disk);
  };
  mountReadOnly();
  t.after(async () => {
    await daemon.stop('SIGKILL');
    for (const each of mounted) run('umount', '--lazy', each);
    await daemon.close();
  });
  daemon.configure({ control: { socket: join(disk, 'zban.sock') } });
  writeFileSync(daemon.log, '');
  const troubles = () => troublesIn(daemon.stderr, 'control socket');
  const ends = () => logOf(daemon.stderr).filter(({ msg }) => msg.startsWith('over: no command reaches'));
  const started = daemon.start();
  await until('it is said', () => troubles().length === 1);
  assert.match(troubles()[0] ?? '', /^no command reaches the daemon: .*zban\.sock: .*read-only.*make it writable/);
  run('mount', '-o', 'remount,rw', disk);
  await started;
  await until('its end is said', () => ends().length === 1);
  // The socket is gone from one moment to the next; and another instance takes the place of the one that noticed.
  mountReadOnly();
  await until('it is said again', () => troubles().length === 2);
  daemon.child?.kill('SIGHUP');
  await until('the next instance says it too', () => troubles().length === 3);
  run('mount', '-o', 'remount,rw', disk);
  await until('it answers again', () => daemon.status()?.troubles.length === 0);
  await until('its end is said again', () => ends().length === 2);
  assert.equal(await daemon.stop(), 0, daemon.stderr);
  assertNoStack(daemon.stderr);
});

test('a database that this user may not write', { skip: needsRoot }, async (t) => {
  const daemon = new TestDaemon({ prefix: ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] });
  t.after(() => daemon.close());
  for (const path of [daemon.folder, join(daemon.folder, 'log')]) chownSync(path, NOBODY, NOBODY);
  await daemon.start();
  await daemon.stop();
  for (const [path, mode] of [
    [daemon.database, 0o444],
    [join(daemon.folder, 'state'), 0o555],
  ] as const) {
    chmodSync(path, mode);
    chownSync(path, 0, 0);
    assertSays(daemon.zban('run'), 4, /state.*permission denied.*give it to the user zban runs as/i);
  }
});
