import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import type { TargetResult } from '../../src/control/protocol.ts';
import { MAIN } from '../support/built.ts';
import { daemon } from './daemon-stand-in.ts';
import { runZban } from './run-zban.ts';

test('ban hands on canonical targets, the length, the reason and who asks', async (t) => {
  const { config, asked } = await daemon(t);
  const words = ['ban', '192.0.2.1', '2001:DB8::5', '--for', '1h', '--reason', 'hammers login', '--config', config];
  const { stdout, exitCode } = await runZban(words, { SUDO_USER: 'ann', USER: 'root' });
  assert.equal(exitCode, 0);
  assert.equal(stdout, '192.0.2.1: banned\n2001:db8::5: banned\n');
  const common = { reason: 'hammers login', operator: 'ann' };
  const bans = [{ target: '192.0.2.1' }, { target: '2001:db8::5' }];
  assert.deepEqual(asked, [{ bans, ...common, forMs: 3_600_000, keepLonger: false }]);
});

test('a ban says until when, in local time', async (t) => {
  const until = '2126-11-20T10:11:12.000Z';
  const { config } = await daemon(t, undefined, { until });
  const { stdout } = await runZban(['ban', '192.0.2.1', '--config', config]);
  assert.match(stdout, /^192\.0\.2\.1: banned, until 2126-11-20 10:11:12 \(in \d+d( \d+h)?\)\n$/);
  const forever = await daemon(t, undefined, { until: null });
  assert.equal(
    (await runZban(['ban', '192.0.2.1', '--config', forever.config])).stdout,
    '192.0.2.1: banned, permanently\n',
  );
});

test('a ban of one IPv6 address says that its client has others, and what bans all of them', async (t) => {
  const { config, asked } = await daemon(t, undefined, { part_of: '2001:db8::/64' });
  const { stdout, stderr, exitCode } = await runZban(['ban', '2001:db8::5', '--config', config]);
  assert.deepEqual([stdout, exitCode], ['2001:db8::5: banned\n', 0]);
  const [, command = ''] =
    /a part of the client 2001:db8::\/64, who may come back from the rest of it: zban (.*)\n$/.exec(stderr) ?? [];
  await runZban([...command.split(' '), '--config', config]);
  assert.partialDeepStrictEqual(asked, [{}, { bans: [{ target: '2001:db8::/64' }] }]);
});

test('on a terminal a wide network is asked about; --yes does not ask', {
  skip: spawnSync('script', ['--version']).status !== 0 && 'needs script(1) for a terminal',
}, async (t) => {
  const { config, asked } = await daemon(t);
  const answer = async (text: string, ...more: string[]) => {
    const words = [process.execPath, MAIN, 'ban', '10.0.0.0/8', ...more, '--config', config];
    const child = spawn('script', ['-qefc', words.join(' '), '/dev/null'], {
      env: { ...process.env, SHELL: '/bin/sh' },
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (some: string) => {
      said += some;
      if (said.includes('[y/N]') && !child.stdin.writableEnded) child.stdin.end(`${text}\n`);
    });
    const [code] = (await once(child, 'close')) as [number];
    return { code, said };
  };
  const no = await answer('n');
  assert.match(no.said, /10\.0\.0\.0\/8 is 16,777,216 addresses\r\nBan it\? \[y\/N\]/);
  assert.match(no.said, /nothing was banned/);
  assert.deepEqual([no.code, asked.length], [1, 0]);
  assert.deepEqual([(await answer('y')).code, asked.length], [0, 1]);
  const unasked = await answer('', '--yes');
  assert.deepEqual([unasked.code, asked.length], [0, 2]);
  assert.doesNotMatch(unasked.said, /y\/N/);
});

test('unban --all and allow --remove say so to the daemon', async (t) => {
  const { config, asked } = await daemon(t);
  await runZban(['unban', '--all', '--config', config], { USER: 'bob' });
  await runZban(['allow', 'Office.example.com', '--remove', '--config', config], { USER: 'bob' });
  assert.deepEqual(asked, [
    { targets: [], reason: '', operator: 'bob', all: true },
    { targets: ['office.example.com'], reason: '', operator: 'bob', remove: true },
  ]);
});

test('the exit code says the gravest outcome', async (t) => {
  const codes: Record<string, TargetResult['code']> = { '192.0.2.2': 'not_found', '192.0.2.3': 'protected' };
  const { config } = await daemon(t, (target) => codes[target] ?? 'done');
  const unban = (...targets: string[]) => runZban(['unban', ...targets, '--config', config]);
  assert.equal((await unban('192.0.2.1')).exitCode, 0);
  const missing = await unban('192.0.2.1', '192.0.2.2');
  assert.equal(missing.exitCode, 5);
  assert.equal(missing.stdout, '192.0.2.1: banned\n');
  assert.equal(missing.stderr, 'zban: 192.0.2.2: not_found \ufffd[31m\n');
  assert.match(
    (await unban('192.0.2.2')).stderr,
    /\nzban: if it is blocked all the same: zban explain 192\.0\.2\.2 shows its requests, zban doctor who else bans here\n$/,
  );
  assert.equal((await unban('192.0.2.2', '192.0.2.3')).exitCode, 1);
  const json = await runZban(['unban', '192.0.2.2', '--json', '--config', config]);
  assert.equal((JSON.parse(json.stdout) as TargetResult[])[0]?.code, 'not_found');
});

test('annotate takes one text or several words, and says what it noted', async (t) => {
  const { config } = await daemon(t);
  for (const words of [['deploy 1.4.2'], ['deploy', '1.4.2']]) {
    const { exitCode, stdout } = await runZban(['annotate', ...words, '--config', config]);
    assert.equal(exitCode, 0);
    assert.equal(stdout, 'noted: deploy 1.4.2\n');
  }
  assert.equal((await runZban(['annotate', ' ', '--config', config])).exitCode, 2);
});
