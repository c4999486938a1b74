/** scripts/run as a newcomer uses it: no configuration, nothing installed, Ctrl-C at the end. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { BASH } from '../support/bash.ts';
import { temporaryFolder } from '../support/folder.ts';

const script = join(import.meta.dirname, '../../scripts/run');
/** A busy machine gets more than the half minute that is promised. */
const PATIENCE_MS = 120_000;

interface Running {
  readonly child: ChildProcess;
  said(): string;
  /** Resolves with the match once it was said. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
  /** Ctrl-C, as a terminal sends it: to the whole group. */
  interrupt(): Promise<number | null>;
}

function start(t: TestContext, words: readonly string[]): Running {
  const child = spawn(script, words, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const look: (() => void)[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      for (const each of look) each();
    });
  const signal = (name: NodeJS.Signals) => child.pid && child.exitCode === null && process.kill(-child.pid, name);
  t.after(() => void signal('SIGKILL'));
  return {
    child,
    said: () => said,
    waitFor: (pattern) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`${pattern} was not said within ${PATIENCE_MS} ms:\n${said}`)),
          PATIENCE_MS,
        );
        const check = () => {
          const match = pattern.exec(said);
          if (!match) return;
          clearTimeout(timer);
          resolve(match);
        };
        look.push(check);
        check();
        void ended.then(() => reject(new Error(`it ended:\n${said}`)));
      }),
    interrupt: () => {
      signal('SIGINT');
      // Impatient people press it twice.
      signal('SIGINT');
      return ended;
    },
  };
}

/** Resolves once no process has this path among its arguments. */
async function untilGone(path: string): Promise<void> {
  const { execFileSync } = await import('node:child_process');
  const list = () =>
    execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes(path));
  for (const deadline = Date.now() + PATIENCE_MS; list().length > 0; ) {
    assert.ok(Date.now() < deadline, `still there: ${list().join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('without a log it tells the story of a simulated attack, and Ctrl-C leaves nothing behind', async (t) => {
  const running = start(t, []);
  const [, folder = ''] = await running.waitFor(/--config (\S+)\/config\.yaml/);
  const [, page = ''] = await running.waitFor(/dashboard +(http:\S+)/);
  const [, lines = ''] = await running.waitFor(/zban learned from ([\d,]+) lines, (4h|3h \d+m), in [\d.]+ s/);
  assert.ok(Number(lines.replace(',', '')) > 10_000, lines);
  await running.waitFor(/^[\d:]+ {2}attack {2}a vulnerability scan begins, from 203\.0\.113\.\d+$/m);
  await running.waitFor(
    /^[\d:]+ {2}ban {5}scan · 203\.0\.113\.\d+ · .+ · \d+ requests in \d+ s · would be banned 10m$/m,
  );
  assert.match(await (await fetch(page)).text(), /<html/i);
  assert.equal(await running.interrupt(), 0);
  assert.match(
    running.said(),
    /That was zban\. It learned from .* clients? would have been banned.*Nothing was blocked\./,
  );
  assert.match(running.said(), /Next +scripts\/zban replay/);
  assert.doesNotMatch(running.said(), /\p{Cc}(?<!\n)/u, 'no control characters but for a terminal');
  assert.equal(existsSync(folder), false);
  await untilGone(folder);
});

test('with a log it watches that', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "zban it's "));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const log = join(folder, 'access.log');
  writeFileSync(log, '');
  const running = start(t, [log]);
  const [, config = ''] = await running.waitFor(/--config (\S+)/);
  await untilFollowing(config);
  const flood = Array.from({ length: 1000 }, () =>
    JSON.stringify({ timestamp: Date.now() / 1000, source_ip: '203.0.113.9', method: 'GET', path: '/', status: '200' }),
  );
  appendFileSync(log, `${flood.join('\n')}\n`);
  await running.waitFor(/^[\d:]+ {2}ban .* 203\.0\.113\.9 · .* · would be banned 10m$/m);
  assert.equal(await running.interrupt(), 0);
});

test('SIGTERM to the script alone, as from a supervisor, ends all of it too', async (t) => {
  const running = start(t, []);
  const [, folder = ''] = await running.waitFor(/--config (\/\S+)\/config\.yaml/);
  await running.waitFor(/^ready /m);
  const ended = once(running.child, 'close');
  running.child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
  assert.match(running.said(), /That was zban\..*\n(.*\n)*Next /);
  assert.doesNotMatch(running.said(), /ENOENT/);
  await untilGone(folder);
});

test('a log that this user may not read: which group may, and what to do', {
  skip: process.getuid?.() !== 0 && 'needs root to become nobody',
}, async (t) => {
  const folder = temporaryFolder(t);
  chmodSync(folder, 0o755);
  const closed = join(folder, 'nginx');
  mkdirSync(closed);
  const log = join(closed, 'access.log');
  writeFileSync(log, '');
  const ask = (mode: number, of: string) => {
    chmodSync(of, mode);
    const function_ = /^explain_unreadable\(\) \{.*?^\}/ms.exec(readFileSync(script, 'utf8'))?.[0];
    const words = ['--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups', ...BASH];
    return spawnSync('setpriv', [...words, `${function_}\nexplain_unreadable ${log}`], { encoding: 'utf8' });
  };
  assert.equal(ask(0o644, log).status, 1, 'it can be read');
  const said = ask(0o640, log);
  assert.equal(said.status, 0);
  assert.match(
    said.stderr,
    /nobody may not read .*access\.log\n.*members of the group root may: sudo usermod -aG root nobody/,
  );
  assert.match(said.stderr, /or just this once: sudo scripts\/run /);
  assert.doesNotMatch(ask(0o600, log).stderr, /group/, 'nobody else may');
  assert.match(ask(0o750, closed).stderr, /members of the group root may/);
});

/** Lines written before the daemon follows the log are of the past, and not judged. */
async function untilFollowing(config: string): Promise<void> {
  const { execFile } = await import('node:child_process');
  const status = () =>
    new Promise<string>((resolve) => {
      execFile(join(script, '../zban'), ['status', '--json', '--config', config], (_, stdout) => resolve(stdout));
    });
  for (const deadline = Date.now() + PATIENCE_MS; !/"state":"following"/.test(await status()); )
    assert.ok(Date.now() < deadline, 'the log is not followed');
}

test('a daemon that cannot start ends it with its own words', async (t) => {
  const running = start(t, ['/tmp']);
  const exitCode = await new Promise((resolve) => running.child.on('close', resolve));
  assert.equal(exitCode, 2);
  assert.match(running.said(), /is a directory/);
});
