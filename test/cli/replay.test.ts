import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { BASH } from '../support/bash.ts';
import { MAIN } from '../support/built.ts';
import { logLine, START } from '../support/traffic.ts';
import { place, runZban } from './run-zban.ts';

let folder = '';
let log = '';

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'zban-replay-'));
  log = join(folder, 'access.log');
  const words = ['simulate', '--out', log, '--duration', '15m', '--rate', '2', '--attacks', 'flood@5m', '--seed', '7'];
  const { exitCode, stdout, stderr } = await runZban(words);
  assert.equal(exitCode, 0, stderr);
  assert.equal(stdout, '');
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('replay --json is one object a line, the summary last', async (t) => {
  const { config } = place(t);
  const { stdout, exitCode, stderr } = await runZban(['replay', log, '--json', '--config', config]);
  assert.equal(exitCode, 0, stderr);
  const told = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const bans = told.filter((event) => event['event'] === 'ban');
  assert.ok(bans.length > 0, 'the flood is found');
  for (const key of ['time', 'ip', 'condition', 'rate', 'mean', 'stddev', 'z', 'multiple', 'tier', 'duration_seconds'])
    assert.notEqual(bans[0]?.[key], undefined, key);
  assert.equal(told.at(-1)?.['event'], 'summary');
  assert.equal(told.at(-1)?.['lines'], readFileSync(log, 'utf8').split('\n').length - 1);
});

test('replay without --json is for people: what happened line by line, then the report', async (t) => {
  const { config } = place(t);
  const { stdout } = await runZban(['replay', log, '--config', config]);
  assert.match(stdout, /^\d{4}-\S+Z {2}BAN {7}\S+ for 10m \(tier 1\): \w+ \d[^;]*; \d+ requests in \d+ s/m);
  assert.match(stdout, /^\S+ 00:00 to \S+ 00:14 UTC \(14m 5\ds\): [\d,]+ lines of \d+ clients$/m);
  assert.doesNotMatch(stdout, /BASELINE/);
  assert.match((await runZban(['replay', log, '--baselines', '--config', config])).stdout, /BASELINE {2}site/);
});

test('the sensitivity in the configuration moves the limits', async (t) => {
  const scan = join(folder, 'scan.log');
  const lines = Array.from({ length: 120 }, (_, n) => logLine(START, '203.0.113.9', `/scan/${n}.php`, 404));
  writeFileSync(scan, `${lines.join('\n')}\n`);
  const limitWith = async (sensitivity: string | number) => {
    const { config } = place(t, `sensitivity: ${sensitivity}`);
    const { stdout } = await runZban(['replay', scan, '--json', '--config', config]);
    const line = stdout.split('\n').find((text) => text.includes('"event":"ban"'));
    return Number(JSON.parse(line ?? '{}').points_limit);
  };
  const normal = await limitWith('normal');
  assert.ok(Math.abs((await limitWith('high')) * 1.5 - normal) < 0.01, `${normal}`);
  assert.ok(Math.abs((await limitWith(0.5)) / 2 - normal) < 0.01, `${normal}`);
});

test('a log that cannot be read is exit code 1 and a sentence', async (t) => {
  const { config } = place(t);
  for (const file of [join(folder, 'nothing.log'), folder]) {
    const { exitCode, stderr } = await runZban(['replay', file, '--config', config]);
    assert.equal(exitCode, 1);
    assert.match(stderr, new RegExp(`zban: .*${file}`));
    assert.doesNotMatch(stderr, /\n +at /, 'no stack trace');
  }
});

test('replay | head ends without a word', () => {
  const command = `"$0" ${MAIN} replay --json --baselines ${log} | head -n 1 >/dev/null; echo "\${PIPESTATUS[0]}"`;
  const [bash, ...options] = BASH;
  const { stdout, stderr } = spawnSync(bash, [...options, command, process.execPath], { encoding: 'utf8' });
  assert.equal(stdout, '0\n');
  assert.doesNotMatch(stderr, /EPIPE|Error/);
});
