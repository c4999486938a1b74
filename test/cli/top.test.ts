import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { MAIN } from '../support/built.ts';
import { TestDaemon, until } from '../support/daemon.ts';
import { logLine } from '../support/traffic.ts';

async function start(t: TestContext): Promise<TestDaemon> {
  const daemon = new TestDaemon({ config: { mode: 'observe' } });
  t.after(() => daemon.close());
  writeFileSync(daemon.log, '');
  await daemon.start();
  const second = Math.floor(Date.now() / 1000);
  const lines = Array.from({ length: 40 }, (_, n) =>
    logLine(second, n % 4 === 0 ? '198.51.100.1' : '198.51.100.2', '/'),
  );
  appendFileSync(daemon.log, `${lines.join('\n')}\n`);
  await until('the lines are read', () => daemon.status()?.top_clients.length === 2);
  return daemon;
}

test('top names who is near a limit, once where nobody watches, and as JSON', async (t) => {
  const daemon = await start(t);
  assert.equal(daemon.zban('ban', '203.0.113.9', '--for', '1h').status, 0);
  const { status, stdout } = daemon.zban('top');
  assert.equal(status, 0);
  assert.match(stdout, /^2 clients · 1 would be banned$/m);
  assert.match(
    stdout,
    /^ {2}CLIENT +REQUESTS +LIMIT +RULE +STATUS +TOP PATH\n {2}198\.51\.100\.2 +30 .*2xx 100 +\/\n {2}198\.51\.100\.1 +10 /m,
  );
  assert.match(stdout, /^ {2}203\.0\.113\.9 +manual +(1h|59m \d+s) +– /m);
  const clients =
    daemon.json<{ name: string; requests: number; share: number; nearest: object; top_path: string }[]>('top');
  assert.deepEqual(
    clients.map(({ name, requests, share, top_path }) => ({ name, requests, share, top_path })),
    [
      { name: '198.51.100.2', requests: 30, share: 0.75, top_path: '/' },
      { name: '198.51.100.1', requests: 10, share: 0.25, top_path: '/' },
    ],
  );
  assert.deepEqual(Object.keys(clients[0]?.nearest ?? {}), ['limit', 'share', 'tolerated']);
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
  assert.equal(daemon.zban('ban', '203.0.113.9', '--for', '1h').status, 0);
  const first = show();
  await until('a picture', () => first.said.text.includes('198.51.100.2'));
  const seen = () => first.said.text.length;
  const before = seen();
  await until('the next second', () => seen() > before);
  assert.ok(!first.said.text.slice(before).includes('CLIENT'), 'only what changed is drawn again');
  first.child.stdin.write('\tu');
  await until('a question about the first ban', () => first.said.text.includes('Unban 203.0.113.9? y/n'));
  first.child.stdin.write('n\tb');
  await until('a question', () => first.said.text.includes('Ban 198.51.100.2? y/n'));
  first.child.stdin.write('y');
  await until('a ban', () => daemon.json<{ ip: string }[]>('list').some(({ ip }) => ip === '198.51.100.2'));
  first.child.stdin.write('ju');
  await until('another question', () => /Unban \S+\? y\/n/.test(first.said.text));
  first.child.stdin.write('nq');
  await until('the end', () => first.said.text.includes('code 0'));
  const second = show();
  await until('a frame', () => second.said.text.includes('198.51.100.2'));
  await daemon.stop();
  await until('the end with the daemon', () => second.said.text.includes('code 3'));
  assert.ok(second.said.text.includes('\u001b[?25h\u001b[?1049l'), 'the screen is restored');
});
