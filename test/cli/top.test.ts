import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { TestDaemon, until } from '../support/daemon.ts';
import { logLine } from '../support/traffic.ts';

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;

async function start(t: TestContext): Promise<TestDaemon> {
  const daemon = new TestDaemon({ config: { mode: 'observe' } });
  t.after(() => daemon.close());
  writeFileSync(daemon.log, '');
  await daemon.start();
  const second = Math.floor(Date.now() / 1000);
  const lines = Array.from({ length: 40 }, (_, n) => logLine(second, n % 4 === 0 ? '192.0.2.1' : '192.0.2.2', '/'));
  appendFileSync(daemon.log, `${lines.join('\n')}\n`);
  await until('the lines are read', () => daemon.status()?.top_clients.length === 2);
  return daemon;
}

test('top names the busiest clients, once where nobody watches, and as JSON', async (t) => {
  const daemon = await start(t);
  const { status, stdout } = daemon.zban('top');
  assert.equal(status, 0);
  assert.match(
    stdout,
    /requests\/s from 2 clients, 0 would be banned\nCLIENT +REQUESTS +SHARE\n192.0.2.2 +30 +75.0 %\n192.0.2.1 +10 +25.0 %$/m,
  );
  assert.deepEqual(daemon.json('top'), [
    { name: '192.0.2.2', requests: 30, share: 0.75 },
    { name: '192.0.2.1', requests: 10, share: 0.25 },
  ]);
});

test('top on a terminal draws in place until q, or until the daemon stops', {
  skip: spawnSync('script', ['--version']).status !== 0 && 'needs script(1) for a terminal',
}, async (t) => {
  const daemon = await start(t);
  const show = () => {
    const command = `stty rows 10 cols 80; ${process.execPath} ${MAIN} top --config ${daemon.configPath}; echo code $?`;
    const child = spawn('script', ['-qefc', command, '/dev/null'], { env: { ...process.env, SHELL: '/bin/sh' } });
    t.after(() => child.kill('SIGKILL'));
    const said = { text: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said.text += text;
    });
    return { child, said };
  };
  const first = show();
  await until('two frames', () => first.said.text.split('192.0.2.2').length > 2);
  first.child.stdin.write('q');
  await until('the end', () => first.said.text.includes('code 0'));
  const second = show();
  await until('a frame', () => second.said.text.includes('192.0.2.2'));
  await daemon.stop();
  await until('the end with the daemon', () => second.said.text.includes('code 3'));
  assert.ok(second.said.text.includes('\u001b[?25h\u001b[?1049l'), 'the screen is restored');
});
