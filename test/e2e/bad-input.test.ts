/** Logs that are none, lines that are none, configurations that are wrong: said clearly, survived, and nothing lost. */
import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { appendFileSync, chmodSync, chownSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type DaemonOptions, TestDaemon, until } from '../support/daemon.ts';
import { assertNoStack, assertSays, logOf, troublesIn, wordsOf } from '../support/said.ts';
import { logLine } from '../support/traffic.ts';

const NOBODY = 65_534;
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
const needsRoot = process.getuid?.() === 0 ? false : 'needs root, to become a user who may not read the log';
const RANDOM_BYTES = 100_000_000;
/** Memory of a daemon and of a replay, whatever they read. */
const RSS_BYTES_MAX = 500 * 1024 * 1024;

/** Prints the most memory the process ever used as it ends. */
const SAY_MEMORY =
  "--import=data:text/javascript,import{isMainThread}from'node:worker_threads';" +
  "if(isMainThread)process.on('exit',()=>console.error('maxrss='+process.resourceUsage().maxRSS))";

function make(t: TestContext, options: DaemonOptions = {}): TestDaemon {
  const daemon = new TestDaemon(options);
  t.after(() => daemon.close());
  return daemon;
}

/** Enough requests for a ban, at this second. */
function flood(ip: string, count = 400): string {
  const second = Math.floor(Date.now() / 1000);
  return Array.from({ length: count }, (_, n) => `${logLine(second, ip, `/?${n}`)}\n`).join('');
}

function isBanned(daemon: TestDaemon, ip: string): boolean {
  return daemon.json<{ ip: string }[]>('list').some((ban) => ban.ip === ip);
}

async function bansAgain(daemon: TestDaemon, ip: string): Promise<void> {
  appendFileSync(daemon.log, flood(ip));
  await until(`${ip} is banned`, () => isBanned(daemon, ip));
}

/** What was said about the log, if anything yet. */
function said(daemon: TestDaemon): string[] | undefined {
  const troubles = troublesIn(daemon.stderr, `log ${daemon.log}`);
  return troubles.length > 0 ? troubles : undefined;
}

/** The same each time. */
function randomBytes(): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(RANDOM_BYTES));
}

function countLines(bytes: Buffer): number {
  let lines = bytes.at(-1) === 10 ? 0 : 1;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
  return lines;
}

test('replay of 100 MB of random bytes: every line counted as skipped, memory bounded', (t) => {
  const daemon = make(t, { env: { NODE_OPTIONS: SAY_MEMORY } });
  const bytes = randomBytes();
  writeFileSync(daemon.log, bytes);
  const { status, stdout, stderr } = daemon.zban('replay', '--json', daemon.log);
  assert.equal(status, 0, stderr);
  const summary = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, number>;
  assert.equal(summary['lines'], countLines(bytes));
  assert.equal(summary['skipped'], summary['lines']);
  const rss = Number(/maxrss=(\d+)/.exec(stderr)?.[1]) * 1024;
  t.diagnostic(`at most ${Math.round(rss / 1_048_576)} MiB`);
  assert.ok(rss < RSS_BYTES_MAX, `${rss} bytes`);
});

test('100 MB of random bytes in a followed log: counted, and the lines after them are judged', async (t) => {
  const daemon = make(t);
  writeFileSync(daemon.log, '');
  const { pid } = await daemon.start();
  const bytes = randomBytes();
  bytes[bytes.length - 1] = 10;
  appendFileSync(daemon.log, bytes);
  await bansAgain(daemon, '203.0.113.7');
  const { skipped, lines_total } = daemon.status() ?? {};
  const refused = Object.values(skipped ?? {}).reduce((sum, count) => sum + count, 0);
  assert.equal(refused, countLines(bytes));
  assert.equal(lines_total, refused + 400);
  const rss = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
  t.diagnostic(`at most ${Math.round(rss / 1_048_576)} MiB`);
  assert.ok(rss < RSS_BYTES_MAX, `${rss} bytes`);
  assert.equal(await daemon.stop(), 0);
  assertNoStack(daemon.stderr);
});

test('a client whose lines are longer than the limit is banned, live and in a replay', async (t) => {
  const daemon = make(t);
  writeFileSync(daemon.log, '');
  await daemon.start();
  // nginx with its default buffers, escape=json, a user agent and a referer of 8,000 bytes \x01.
  const long = '\\u0001'.repeat(8000);
  const second = Math.floor(Date.now() / 1000);
  const probe = (n: number) =>
    `{"timestamp":"${second}.250","source_ip":"203.0.113.7","method":"GET","path":"/probe-${n}.php","status":"404","user_agent":"${long}","referer":"${long}","host":"${long}"}\n`;
  appendFileSync(daemon.log, Array.from({ length: 300 }, (_, n) => probe(n)).join(''));
  await until('it is banned', () => isBanned(daemon, '203.0.113.7'));
  const { skipped } = await until('all is read', () => {
    const status = daemon.status();
    return status?.lines_total === 300 && status;
  });
  assert.deepEqual(
    Object.values(skipped).filter((count) => count > 0),
    [],
  );
  const { status, stdout } = daemon.zban('replay', '--json', daemon.log);
  assert.equal(status, 0);
  assert.match(stdout, /"event":"ban".*"ip":"203\.0\.113\.7"/);
  assert.match(stdout, /"summary".*"lines":300,"skipped":0/);
});

test('a log that is a directory', async (t) => {
  const daemon = make(t);
  mkdirSync(daemon.log);
  assertSays(daemon.zban('replay', daemon.log), 1, /access\.log: not a regular file; name a log file/);
  await daemon.start();
  assert.deepEqual(
    daemon.status()?.logs.map(({ state }) => state),
    ['not a regular file'],
  );
  const troubles = await until('it is said', () => said(daemon));
  assert.equal(troubles.length, 1, daemon.stderr);
  assert.match(troubles[0] ?? '', /cannot read \S+access\.log: not a regular file; name a log file/);
  rmdirSync(daemon.log);
  await until('the log is missing', () => daemon.status()?.logs[0]?.state === 'missing');
  // All lines of a log that comes later are new.
  await bansAgain(daemon, '203.0.113.7');
  assert.equal(daemon.status()?.lines_total, 400);
  assert.equal(daemon.status()?.state, 'warming_up', 'the trouble is over');
});

test('a log that is not there', async (t) => {
  const daemon = make(t);
  assertSays(daemon.zban('replay', daemon.log), 1, /cannot read \S+access\.log: missing; check the path/);
  await daemon.start();
  const missing = () => logOf(daemon.stderr).filter(({ msg }) => msg === 'the log is missing');
  await until('it is said', () => missing().length > 0);
  assert.match(missing()[0]?.fix ?? '', /check the path/);
  await bansAgain(daemon, '203.0.113.7');
  assert.equal(missing().length, 1, 'said once');
  assert.equal(daemon.status()?.lines_total, 400, 'its first lines were not lost');
});

test('a log that this user may not read', { skip: needsRoot }, async (t) => {
  const daemon = make(t, { prefix: AS_NOBODY });
  for (const path of [daemon.folder, join(daemon.folder, 'log')]) chownSync(path, NOBODY, NOBODY);
  chmodSync(daemon.configPath, 0o644);
  writeFileSync(daemon.log, '', { mode: 0o600 });
  assertSays(
    daemon.zban('replay', daemon.log),
    4,
    /cannot read \S+access\.log: permission denied; let zban's user read/,
  );
  await daemon.start();
  assert.deepEqual(
    daemon.status()?.logs.map(({ state }) => state),
    ['permission denied'],
  );
  const troubles = await until('it is said', () => said(daemon));
  assert.equal(troubles.length, 1, daemon.stderr);
  assert.match(troubles[0] ?? '', /permission denied; let zban's user read the file/);
  chmodSync(daemon.log, 0o644);
  await until('it is followed', () => daemon.status()?.logs[0]?.state === 'following');
  await bansAgain(daemon, '203.0.113.7');
  assert.deepEqual(daemon.status()?.troubles, []);
  // With a place in it, what was written while it could not be read is not lost either.
  assert.equal(await daemon.stop(), 0);
  chmodSync(daemon.log, 0o600);
  appendFileSync(daemon.log, flood('203.0.113.8'));
  await daemon.start();
  assert.equal((await until('it is said', () => said(daemon))).length, 1);
  chmodSync(daemon.log, 0o644);
  await until('203.0.113.8 is banned', () => isBanned(daemon, '203.0.113.8'));
  assert.equal(daemon.status()?.lines_total, 400);
});

test('a configuration with three mistakes: all of them, where and how to fix', async (t) => {
  const daemon = make(t);
  daemon.configure({ mode: 'enforced', detection: { zscore: 4 }, bans: { schedule: ['10m', 'soon'] } });
  for (const result of [daemon.zban('run'), daemon.zban('check')]) {
    assert.equal(result.status, 78, result.stderr);
    const said = `${result.stdout}${result.stderr}`;
    assertNoStack(said);
    for (const mistake of [
      /config\.yaml:\d+:\d+: mode: .*"enforced".*did you mean/,
      /config\.yaml:\d+:\d+: detection.*zscore.*did you mean/,
      /config\.yaml:\d+:\d+: bans\.schedule\[1\]: .*such as 10m.*"soon"/,
    ])
      assert.match(said, mistake);
    assert.equal(said.match(/config\.yaml:\d+/g)?.length, 3, said);
  }
});

test('a configuration that is missing, or may not be read', { skip: needsRoot }, (t) => {
  const daemon = make(t, { prefix: AS_NOBODY });
  chmodSync(daemon.folder, 0o755);
  chmodSync(daemon.configPath, 0o600);
  for (const command of ['run', 'check', 'list']) {
    assertSays(daemon.zban(command), 4, /config\.yaml may not be read by this user: run the command with sudo/);
  }
  const absent = make(t);
  absent.configure({});
  const { status, stderr } = absent.zban('run', '--config', '/nonexistent/zban.yaml');
  assert.notEqual(status, 0, stderr);
  assertNoStack(stderr);
});

test('a socket path that is too long', (t) => {
  const daemon = make(t);
  daemon.configure({ control: { socket: join(daemon.folder, 'x'.repeat(120), 'zban.sock') } });
  const { status, stderr } = daemon.zban('run');
  assert.equal(status, 78, stderr);
  assert.deepEqual(wordsOf(stderr).length, 1, stderr);
  assert.match(stderr, /control\.socket: expected a path of at most 107 bytes/);
});
