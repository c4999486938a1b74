/**
 * One engine: a replay gives the same events however the log is read, and the live daemon decides the same on the same
 * lines.
 */
import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ATTACK_KINDS } from '../../src/simulate/access-event.ts';
import { runSimulate } from '../../src/simulate/command.ts';
import { runInThread } from '../support/command-thread.ts';
import { TestDaemon, until } from '../support/daemon.ts';
import { useReplayKey } from '../support/hash-key.ts';

type Row = Readonly<Record<string, unknown>>;

/** All that `--attacks all` stands for in four hours, the largest attacks cut short: every line is replayed half a dozen times. */
const SHORT = ['flood+4s', 'ramp+5m', 'distributed+30s', 'distributed-near+30s', 'distributed-random+30s'];
const WHOLE = ATTACK_KINDS.filter((kind) => !SHORT.some((short) => short.startsWith(`${kind}+`)));
const DAY = {
  ...{ seed: 20, rateRps: 1.5, durationMs: 4 * 3_600_000 },
  attacks: [...WHOLE, ...SHORT, 'flood6+4s', 'scanner6'].join(','),
};

let folder = '';
let day = '';
let lines: string[] = [];
let daemon: TestDaemon;
/** What the simplest reading gives. */
let expected: Row[] = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'zban-replay-'));
  day = join(folder, 'day.log');
  await runSimulate({ out: day, ...DAY });
  lines = readFileSync(day, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  // A replay shows what acting on swarms would do.
  daemon = new TestDaemon({ config: { mode: 'enforce', swarm: { action: 'hold' } } });
  expected = replay(day, '--threads', '1');
});
after(async () => {
  await daemon.close();
  rmSync(folder, { recursive: true, force: true });
});

function rowsOf(text: string): Row[] {
  const all = text.split('\n').filter((line) => line !== '');
  return all.map((line) => JSON.parse(line) as Row);
}

/** Events and summary, without the figures that are about this machine. */
function replay(...words: readonly string[]): Row[] {
  const command = ['replay', '--json', ...words, '--config', daemon.configPath];
  const { status, stdout, stderr } = runInThread(command, process.env);
  assert.equal(status, 0, stderr);
  return rowsOf(stdout).map(({ seconds: _, lines_per_second: __, ...row }) => row);
}

/** Rotation waits for nothing: two places within the second in which a client went over its limit, the busiest such seconds. */
function cuts(): number[] {
  const seconds = lines.map((line) => Number(/"timestamp":"(\d+)/.exec(line)?.[1]));
  const runs = expected
    .filter(({ event }) => event === 'ban')
    .map(({ time }) => {
      const second = Date.parse(String(time)) / 1000;
      const [from, to] = [seconds.indexOf(second), seconds.lastIndexOf(second) + 1];
      return { middle: (from + to) >> 1, length: to - from };
    });
  const [one, other] = runs.sort((x, y) => y.length - x.length);
  assert.ok(one && other && other.length > 3, 'seconds with many requests');
  return [one.middle, other.middle].sort((x, y) => x - y);
}

test('the day has something to tell', () => {
  const kinds = new Set(expected.map(({ event }) => event));
  for (const kind of ['ban', 'unban', 'baseline', 'global_anomaly', 'lane', 'summary'])
    assert.ok(kinds.has(kind), kind);
  const bans = expected.filter(({ event }) => event === 'ban');
  assert.ok(new Set(bans.map(({ condition }) => condition)).size >= 5, 'bans on several conditions');
  assert.equal(expected.at(-1)?.['lines'], lines.length);
});

/** Which bytes are read together, by how many threads and from which files: each reading differs from the simplest in two things or more. */
test('the same events from one log under several names, read once, in large chunks', () => {
  const link = join(folder, 'link.log');
  symlinkSync(day, link);
  assert.deepEqual(replay(day, link, day, '--threads', '4', '--chunk-bytes', '1048576'), expected);
});

test('the same events gzipped, in small chunks', () => {
  const packed = join(folder, 'day.log.gz');
  writeFileSync(packed, gzipSync(readFileSync(day), { level: 1 }));
  assert.deepEqual(replay(packed, '--threads', '4', '--chunk-bytes', '8192'), expected);
});

test('the same events split into three rotated files, in any order', () => {
  const [first = 0, second = 0] = cuts();
  const names = ['day.log.2', 'day.log.1', 'day.log.0'].map((name) => join(folder, name));
  const parts = [lines.slice(0, first), lines.slice(first, second), lines.slice(second)];
  for (const [n, name] of names.entries()) writeFileSync(name, `${parts[n]?.join('\n')}\n`);
  const [oldest = '', middle = '', newest = ''] = names;
  assert.deepEqual(replay(newest, middle, oldest), expected, 'the newest first');
  const words = ['--threads', '1', '--chunk-bytes', '4096'];
  assert.deepEqual(replay(middle, oldest, newest, ...words), expected, 'the middle first');
});

/** Live, bans end by the wall clock, which stands while a day is read: only of a log that is right does the log's time count. */
test('the live daemon decides the same of a log whose clock is right', async () => {
  useReplayKey(daemon);
  await daemon.start();
  // A first line that is as old as its file shows that it is.
  const [first = '', ...others] = lines;
  const second = Number(/"timestamp":"(\d+)/.exec(first)?.[1]);
  const begun = join(folder, 'begun.log');
  writeFileSync(begun, `${first}\n`);
  utimesSync(begun, second, second);
  renameSync(begun, daemon.log);
  await until('the first line is read', () => daemon.status()?.lines_total === 1);
  appendFileSync(daemon.log, `${others.join('\n')}\n`);
  await until('the day is read', () => daemon.status()?.lines_total === lines.length, 120_000);
  assert.equal(await daemon.stop(), 0, daemon.stderr);
  const numbers = ['rate', 'mean', 'stddev', 'z', 'multiple', 'limit', 'requests', 'errors', 'error_ratio', 'samples'];
  const pick = (from: Row) => Object.fromEntries(numbers.map((name) => [name, from[name]]));
  const replayed = expected
    .filter(({ event }) => event === 'ban' || event === 'refused')
    .map((row) => {
      const { event, ip, condition, time, tier = null, duration_seconds = null } = row;
      return {
        action: event,
        client: ip,
        condition,
        time: Date.parse(String(time)),
        tier,
        duration_seconds,
        ...pick(row),
      };
    });
  const { stdout, status, stderr } = daemon.zban('audit', '--json');
  assert.equal(status, 0, stderr);
  const decided = rowsOf(stdout)
    .filter(({ action }) => action === 'ban' || action === 'refused')
    .map((row) => {
      const { action, client, condition, time, tier, duration_seconds } = row;
      return {
        action,
        client,
        condition,
        time: Date.parse(String(time)),
        tier,
        duration_seconds,
        ...pick(row['numbers'] as Row),
      };
    });
  assert.deepEqual(decided, replayed);
});
