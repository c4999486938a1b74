/** scripts/run as a newcomer uses it: no configuration, nothing installed, Ctrl-C at the end. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

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
  for (const deadline = Date.now() + 10_000; list().length > 0; ) {
    assert.ok(Date.now() < deadline, `still there: ${list().join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('without a log it shows bans of a simulated attack, and Ctrl-C leaves nothing behind', async (t) => {
  const running = start(t, []);
  const [, folder = ''] = await running.waitFor(/--config (\S+)\/config\.yaml/);
  const [, page = ''] = await running.waitFor(/dashboard +(http:\S+)/);
  await running.waitFor(/^\[\S+Z\] (WOULD )?BAN \S+ \|/m);
  assert.match(await (await fetch(page)).text(), /<html/i);
  assert.equal(await running.interrupt(), 0);
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
  await running.waitFor(/^\[\S+Z\] (WOULD )?BAN 203\.0\.113\.9 \|/m);
  assert.equal(await running.interrupt(), 0);
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
