/** What commands say to words that they cannot take, and to networks that were written with an address in them. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommandLine } from '../../src/cli/command-line.ts';
import { openDatabase } from '../../src/record/database/database.ts';
import { MAIN } from '../support/built.ts';
import { DEADLINE_MS } from '../support/until.ts';
import { daemon } from './daemon-stand-in.ts';
import { place, runZban } from './run-zban.ts';

/** In this process, which is quick; what asks for a terminal or ends by itself needs one of its own. */
async function say(config: string, ...words: readonly string[]) {
  let [stdout, stderr] = ['', ''];
  const exitCode = await runCommandLine([...words, '--config', config], '0', {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    env: {},
  });
  return { exitCode, stdout, stderr };
}

test('what no command can take is wrong usage, named with its bound', async (t) => {
  const { config } = place(t);
  const x = (length: number) => 'x'.repeat(length);
  const wrong: [string[], string][] = [
    [
      ['ban', '192.0.2.1', '--for', '999999999d'],
      '--for 999999999d: expected a duration from 1s to 365250d such as 30m, 1h or 7d, or permanent',
    ],
    [
      ['ban', '192.0.2.1', '--for', '500ms'],
      '--for 500ms: expected a duration from 1s to 365250d such as 30m, 1h or 7d, or permanent',
    ],
    [['ban', '192.0.2.1', '--for', ''], '--for needs a value'],
    [
      ['ban', '192.0.2.1', ''],
      'one of targets is empty: expected addresses or networks, such as 203.0.113.9, 203.0.113.0/24 or 2001:db8::/64',
    ],
    [['explain', ''], 'one of subject is empty: expected an address, a network, or the number of an audit entry'],
    [['replay', ''], 'one of logs is empty: expected log files'],
    [['ban', '--file', ''], '--file needs a value'],
    [['list', '--limit', ''], '--limit needs a value'],
    [['lanes', 'add', '--user-agent', ''], '--user-agent needs a value'],
    [['simulate'], '--out is missing'],
    [
      ['simulate', '--out', '-', '--backlog', '5m'],
      '--backlog goes with --live: without it --duration says how much is written',
    ],
    ...[
      'ban 192.0.2.1',
      'unban 192.0.2.1',
      'allow 192.0.2.1',
      'panic',
      'fuse reset',
      'import LIST',
      'lanes drop ID',
    ].map((line): [string[], string] => [
      [...line.split(' '), '--reason', x(501)],
      '--reason has 501 characters: at most 500',
    ]),
    [['annotate', x(101)], 'the text has 101 characters: at most 100'],
  ];
  for (const [words, message] of wrong)
    assert.deepEqual(
      await say(config, ...words),
      { exitCode: 2, stdout: '', stderr: `zban: ${message}\n` },
      words.join(' '),
    );
});

test('the longest ban, the longest reason and an empty one are taken', async (t) => {
  const { config, asked } = await daemon(t);
  for (const [duration, reason] of [
    ['365250d', 'x'.repeat(500)],
    ['1s', ''],
  ] as const)
    assert.equal((await say(config, 'ban', '192.0.2.1', '--for', duration, '--reason', reason)).exitCode, 0);
  assert.equal(asked.length, 2);
});

test('a network that was written with an address in it is named as what it is, in text and JSON', async (t) => {
  const { config } = await daemon(t);
  const words = ['203.0.113.77/24', '192.0.2.0/24', '2001:db8::1/64', '198.51.100.7'];
  for (const command of ['ban', 'unban', 'allow']) {
    const { exitCode, stdout, stderr } = await say(config, command, ...words);
    assert.deepEqual([exitCode, stdout.split(': ')[0]], [0, '203.0.113.0/24']);
    assert.equal(
      stderr,
      'zban: 203.0.113.77/24 is taken as 203.0.113.0/24, all of it\nzban: 2001:db8::1/64 is taken as 2001:db8::/64, all of it\n',
    );
    const { stdout: json } = await say(config, command, ...words, '--json');
    const given = (JSON.parse(json) as { target: string; given?: string }[]).map((each) => each.given ?? null);
    assert.deepEqual(given, ['203.0.113.77/24', null, '2001:db8::1/64', null]);
  }
});

test('the same holds for lists, in every format', async (t) => {
  const { config } = await daemon(t);
  const lists = [
    '203.0.113.77/24\n192.0.2.0/24\n',
    'duration,scope,value\n4h,range,203.0.113.77/24\n4h,range,192.0.2.0/24\n',
    JSON.stringify([{ ip: '203.0.113.77/24' }, { ip: '192.0.2.0/24' }]),
    "[{'sshd': ['203.0.113.77/24', '192.0.2.0/24']}]",
  ];
  for (const [index, list] of lists.entries()) {
    const words = index === 0 ? ['ban', '-'] : ['import', '-'];
    const text = await runZban([...words, '--config', config], {}, list);
    assert.deepEqual([text.exitCode, text.stdout], [0, '2 done\n']);
    assert.match(
      text.stderr,
      /^zban: standard input: line [12]: 203\.0\.113\.77\/24 is taken as 203\.0\.113\.0\/24, all of it\n$/,
    );
    const json = await runZban([...words, '--json', '--config', config], {}, list);
    const given = (JSON.parse(json.stdout) as { target: string; given?: string }[]).map((each) => [
      each.target,
      each.given,
    ]);
    assert.deepEqual(given, [
      ['192.0.2.0/24', undefined],
      ['203.0.113.0/24', '203.0.113.77/24'],
    ]);
  }
});

test('into a pipe list --watch begins with the list, also an empty one', async (t) => {
  const { folder, config } = place(t);
  openDatabase(join(folder, 'zban.db'), { busyTimeoutMs: 100 }).close();
  const child = spawn(process.execPath, [MAIN, 'list', '--watch', '--json', '--config', config]);
  t.after(() => child.kill());
  const [text] = await once(child.stdout, 'data', { signal: AbortSignal.timeout(DEADLINE_MS) });
  assert.equal(String(text), '[]\n');
});
