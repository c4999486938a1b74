/** Ways into zban's Node.js process: a debugger listens to every local user of the host. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { TestDaemon, until } from '../support/daemon.ts';
import { temporaryFolder } from '../support/folder.ts';
import { toolSkip } from '../support/netns.ts';

const scripts = join(import.meta.dirname, '../../scripts');
const INSPECT = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };

function folder(t: TestContext): string {
  const path = temporaryFolder(t);
  return path;
}

/** How many TCP sockets a process listens on: its descriptors among the listening ones of its network (proc(5)). */
function countListeners(pid: number): number {
  const listening = ['tcp', 'tcp6']
    .map((name) => `/proc/${pid}/net/${name}`)
    .filter((path) => existsSync(path))
    .flatMap((path) => readFileSync(path, 'utf8').split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state === '0A')
    .map(([, , , , , , , , , inode]) => `socket:[${inode}]`);
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return '';
      }
    }),
  );
  return listening.filter((socket) => own.has(socket)).length;
}

test('SIGUSR1 opens no debugger, however zban was started', async (t) => {
  const daemon = new TestDaemon();
  t.after(() => daemon.close());
  writeFileSync(daemon.log, '');
  const child = await daemon.start();
  for (let n = 0; n < 3; n++) {
    child.kill('SIGUSR1');
    // An answer that was asked for after the signal: the daemon has had it by then, and lives.
    assert.ok(daemon.status());
  }
  assert.equal(countListeners(child.pid ?? 0), 0);
  assert.doesNotMatch(daemon.stderr, /Debugger/);
});

test('the launcher leaves out options of Node.js from the environment, and core dumps', () => {
  // Builds where something has changed: the compiler is the caller's.
  assert.equal(spawnSync(join(scripts, 'zban'), ['--version']).status, 0);
  for (const script of ['zban', 'launch']) {
    const { stdout, stderr, status } = spawnSync(join(scripts, script), ['--version'], {
      encoding: 'utf8',
      env: { ...process.env, ...INSPECT },
    });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^\d+\.\d+/);
    assert.doesNotMatch(stderr, /Debugger/, script);
  }
});

test('what keeps the daemon small costs commands nothing: they would collect garbage while they load', () => {
  const traced = (words: string[]) =>
    spawnSync('sh', ['-x', join(scripts, 'launch'), ...words], { encoding: 'utf8' }).stderr.match(/^\+ exec .*$/m)?.[0];
  assert.match(traced(['run', '--config', '/nowhere']) ?? '', /--heap-growing-percent/);
  assert.doesNotMatch(traced(['replay', '/nowhere']) ?? assert.fail(), /--heap-growing-percent/);
});

test('no package is a symbolic link: the launcher has Node.js look for none', () => {
  const { packages } = JSON.parse(readFileSync(join(scripts, '../package-lock.json'), 'utf8'));
  const linked = Object.entries<{ link?: boolean }>(packages).filter(([, { link }]) => link);
  assert.deepEqual(linked, []);
});

test('too few files that may be open are said before anything else, with how to raise them', () => {
  const launch = (files: number) =>
    spawnSync('sh', ['-c', `ulimit -n ${files}; exec "$0" --version`, join(scripts, 'launch')], { encoding: 'utf8' });
  assert.equal(spawnSync(join(scripts, 'zban'), ['--version']).status, 0);
  const { status, stdout, stderr } = launch(20);
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(
    stderr,
    /^zban: this process may open 20 files at once, zban needs 128: raise LimitNOFILE= in its unit, or .+\n$/,
  );
  assert.equal(launch(128).status, 0);
});

test('a daemon from the launcher has no debugger to open and no core to dump, from its first moment on', async (t) => {
  const daemon = new TestDaemon();
  t.after(() => daemon.close());
  writeFileSync(daemon.log, '');
  const child = spawn(join(scripts, 'launch'), ['--config', daemon.configPath, 'run'], {
    stdio: 'ignore',
    env: { ...process.env, ...INSPECT },
  });
  daemon.child = child;
  const pid = child.pid ?? 0;
  await until('Node.js', () => readlinkSync(`/proc/${pid}/exe`).endsWith('/node'));
  await until('an answer', () => {
    child.kill('SIGUSR1');
    return daemon.status();
  });
  assert.equal(child.exitCode ?? child.signalCode, null);
  assert.equal(countListeners(pid), 0);
  assert.match(readFileSync(`/proc/${pid}/limits`, 'utf8'), /^Max core file size +0 +0 /m);
  child.kill('SIGTERM');
  await once(child, 'exit');
});

test('systemd hears of the daemon from the main process itself', { skip: toolSkip('perl') }, async (t) => {
  const place = folder(t);
  const socket = join(place, 'notify');
  // Prints every message, a line each.
  const receiver = spawn(
    'perl',
    [
      '-MSocket=:all',
      '-e',
      `$| = 1; socket(S, AF_UNIX, SOCK_DGRAM, 0); bind(S, pack_sockaddr_un($ARGV[0])) or die;
       print "ready\\n";
       while (defined(recv(S, $text, 4096, 0))) { $text =~ tr/\\n/|/; print "$text\\n" }`,
      socket,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  t.after(() => void receiver.kill('SIGKILL'));
  let said = '';
  receiver.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await until('the receiver', () => said.includes('ready'));
  const daemon = new TestDaemon();
  t.after(() => daemon.close());
  writeFileSync(daemon.log, '');
  // No systemd-notify on this PATH: only the daemon's own socket is left.
  const bin = join(place, 'bin');
  spawnSync('sh', ['-c', `mkdir ${bin}; for tool in sh readlink perl; do ln -s "$(command -v $tool)" ${bin}; done`]);
  const child = spawn(join(scripts, 'launch'), ['--config', daemon.configPath, 'run'], {
    stdio: 'ignore',
    env: { PATH: bin, NOTIFY_SOCKET: socket },
  });
  daemon.child = child;
  await until('READY', () => /^READY=1\|STATUS=.+$/m.test(said));
  child.kill('SIGTERM');
  await until('STOPPING', () => /^STOPPING=1\|STATUS=stopping$/m.test(said));
});
