/** Hosts where something is missing, forbidden or taken: one clear message, the right exit code, nothing touched. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { BASH } from '../support/bash.ts';
import { MAIN } from '../support/built.ts';
import { type DaemonOptions, TestDaemon } from '../support/daemon.ts';
import { createNetwork, toolSkip } from '../support/netns.ts';
import { assertNoStack, assertSays } from '../support/said.ts';

const NOBODY = 65_534;
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
const skip = toolSkip('iptables', 'ipset');

function make(t: TestContext, options: DaemonOptions = {}): TestDaemon {
  const daemon = new TestDaemon(options);
  t.after(() => daemon.close());
  writeFileSync(daemon.log, '');
  for (const path of [daemon.folder, join(daemon.folder, 'log'), daemon.log]) {
    if (options.prefix?.includes(AS_NOBODY[0] ?? '')) chownSync(path, NOBODY, NOBODY);
  }
  return daemon;
}

/** Puts a command into a network namespace of its own, as a user without any rights there. */
function unprivileged(t: TestContext): readonly string[] {
  const network = createNetwork({ hosts: ['server'] });
  t.after(() => network.close());
  return [...network.prefix('server'), ...AS_NOBODY];
}

for (const backend of ['auto', 'ipset', 'iptables']) {
  test(`backend ${backend} without any rights`, { skip }, (t) => {
    const daemon = make(t, { prefix: unprivileged(t), config: { firewall: { backend } } });
    assertSays(
      daemon.zban('run'),
      4,
      /(iptables|ipset)\S*: .*; run zban as root or give it CAP_NET_ADMIN and CAP_NET_RAW/,
    );
    assert.ok(!existsSync(join(daemon.folder, 'zban.sock')), 'no socket is left behind');
  });
}

test('observe mode and dry-run need no rights', { skip }, async (t) => {
  const prefix = unprivileged(t);
  for (const config of [{ mode: 'observe', firewall: { backend: 'auto' } }, { firewall: { backend: 'dry-run' } }]) {
    const daemon = make(t, { prefix, config });
    await daemon.start();
    assert.equal(daemon.status()?.backend, 'dry-run');
    assert.equal(await daemon.stop(), 0);
  }
});

for (const backend of ['auto', 'ipset', 'iptables']) {
  test(`backend ${backend} on a host without iptables and ipset`, { skip }, (t) => {
    const prefix = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /usr/sbin && exec "$0" "$@"'];
    const daemon = make(t, { prefix, config: { firewall: { backend } } });
    assertSays(daemon.zban('run'), 1, /(iptables|ipset)\S* is not installed: apt-get install iptables ipset/);
  });
}

test('a port that is taken', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => taken.close());
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as AddressInfo;
  const daemon = make(t, { config: { http: { listen: `127.0.0.1:${port}` } } });
  assertSays(daemon.zban('run'), 1, new RegExp(`127\\.0\\.0\\.1:${port}.*(in use|taken).*http\\.listen`));
  assert.ok(!existsSync(join(daemon.folder, 'zban.sock')), 'no socket is left behind');
});

test('a second daemon: refused, and the first goes on', async (t) => {
  const first = make(t);
  await first.start();
  assertSays(first.zban('run'), 1, /already/);
  const other = make(t, { config: { control: { socket: join(first.folder, 'zban.sock') } } });
  assertSays(other.zban('run'), 1, /already running: a zban daemon answers on \S+zban\.sock; stop it first/);
  const sameDatabase = make(t, { config: { state: { database: first.database } } });
  assertSays(sameDatabase.zban('run'), 1, /is open for writing already; another zban uses it/);
  assert.equal(first.zban('status').status, 0, 'the first still answers');
  assert.equal(await first.stop(), 0);
  assertNoStack(first.stderr);
});

test('something that is no socket in the place of the socket', (t) => {
  const daemon = make(t);
  const path = join(daemon.folder, 'zban.sock');
  writeFileSync(path, 'precious');
  assertSays(daemon.zban('run'), 1, /zban\.sock is in the way of the control socket/);
  assert.ok(existsSync(path));
});

test('an old Node.js is refused before anything of it can crash', (t) => {
  const old = "Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.2'}})";
  const daemon = make(t, { env: { NODE_OPTIONS: `--import=data:text/javascript,${old}` } });
  assertSays(daemon.zban('run'), 1, /needs Node\.js 24 or later/);
});

test('commands without a daemon, and a reader that leaves early', async (t) => {
  const daemon = make(t);
  assertSays(daemon.zban('status'), 3, /no zban daemon answers on \S+: start it/);
  assertSays(daemon.zban('list'), 1, /does not exist; zban has not run here with this configuration/);
  await daemon.start();
  // More than a pipe holds.
  const targets = Array.from({ length: 250 }, (_, n) => `203.0.113.${n + 1}`);
  assert.equal(daemon.zban('ban', ...targets, '--reason', 'x'.repeat(150)).status, 0);
  assert.ok(daemon.zban('audit', '--json').stdout.length > 65_536);
  for (const command of ['audit', 'audit --json', 'list', 'list --json']) {
    const line = `"$0" ${MAIN} ${command} --config ${daemon.configPath} | head -n 1; echo "code \${PIPESTATUS[0]}"`;
    const [bash, ...options] = BASH;
    const { stdout, stderr } = spawnSync(bash, [...options, line, process.execPath], { encoding: 'utf8' });
    assert.equal(stderr, '', command);
    assert.match(stdout, /code (0|141)\n$/, command);
  }
});
