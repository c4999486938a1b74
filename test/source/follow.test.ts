import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { everySecond } from '../../src/daemon/every-second.ts';
import type { Chunk } from '../../src/model/chunk.ts';
import { type FollowOptions, followLogs, LogFollower } from '../../src/source/follow.ts';
import { until } from '../support/until.ts';
import { append, makeDirectory } from './follow-harness.ts';

const text = ({ bytes }: Chunk) => Buffer.from(bytes).toString('latin1');

function options(logs: readonly string[], onChunk: FollowOptions['onChunk']): FollowOptions {
  return {
    logs,
    pollMs: 10,
    discoverMs: 50,
    lineBytesMax: 65_536,
    positions: [],
    startAt: 'beginning',
    log: () => {},
    onTrouble: () => {},
    onRecovered: () => {},
    onLoss: () => {},
    everySecond,
    onChunk,
  };
}

test('hands on what is written, from the moment it has started, and nothing after the stop', async (t) => {
  const log = join(makeDirectory(t), 'access.log');
  append(log, 'before');
  let got = '';
  const onChunk = async (chunk: Chunk) => {
    got += text(chunk);
  };
  const follower = await followLogs({ ...options([log], onChunk), startAt: 'end' });
  append(log, 'a1');
  await until('the first line', () => got === 'a1\n');
  append(log, 'a2');
  await until('the second line', () => got === 'a1\na2\n');
  const stopped = follower.stop();
  append(log, 'a3');
  await stopped;
  assert.equal(got, 'a1\na2\n');
  const descriptors = readdirSync('/proc/self/fd').length;
  const again = await followLogs(options([log], async () => {}));
  await again.stop();
  assert.equal(readdirSync('/proc/self/fd').length, descriptors, 'all files are closed');
});

test('a stalled consumer gets two chunks a log, and everything once it goes on, rotations meanwhile included', async (t) => {
  const directory = makeDirectory(t);
  const [slow, quick] = [join(directory, 'slow.log'), join(directory, 'quick.log')];
  const expected: string[] = [];
  const write = (count: number) => {
    const lines = Array.from({ length: count }, (_, i) => `${expected.length + i}`.padStart(100, '.'));
    expected.push(...lines);
    append(slow, ...lines);
  };
  write(1000);
  const waiting: (() => void)[] = [];
  let stalled = true;
  let got = '';
  let quickLines = '';
  const follower = await followLogs({
    ...options([slow, quick], async (chunk) => {
      if (chunk.position.path === quick) {
        quickLines += text(chunk);
        return;
      }
      got += text(chunk);
      if (stalled) await new Promise<void>((resolve) => waiting.push(resolve));
    }),
    chunkBytes: 4096,
    lineBytesMax: 2048,
  });
  await until('two chunks', () => waiting.length === 2);
  for (let generation = 1; generation <= 3; generation++) {
    renameSync(slow, `${slow}.${generation}`);
    write(100);
    append(quick, `quick ${generation}`);
    await until('the other log', () => quickLines.includes(`quick ${generation}`));
  }
  assert.equal(waiting.length, 2, 'no third chunk');
  assert.ok(got.length <= 2 * 4096);
  assert.ok((follower.status()[0]?.behind_bytes ?? 0) >= 1300 * 101 - 2 * 4096);
  stalled = false;
  for (const resolve of waiting) resolve();
  await until('the rest', () => got.length === 1300 * 101);
  assert.deepEqual(got.trimEnd().split('\n'), expected);
  await follower.stop();
});

test('stops while the consumer stalls', async (t) => {
  const log = join(makeDirectory(t), 'access.log');
  append(log, ...Array.from({ length: 1000 }, (_, i) => `${i}`.padStart(100, '.')));
  let chunks = 0;
  const onChunk = () => {
    chunks++;
    return new Promise<void>(() => {});
  };
  const follower = await followLogs({ ...options([log], onChunk), chunkBytes: 4096, lineBytesMax: 2048 });
  await until('two chunks', () => chunks === 2);
  await follower.stop();
  assert.equal(chunks, 2);
});

test('a consumer that fails ends the following with its error', async (t) => {
  const log = join(makeDirectory(t), 'access.log');
  writeFileSync(log, 'a1\n');
  const follower = await followLogs(options([log], () => Promise.reject(new Error('no more'))));
  await assert.rejects(follower.ended, /no more/);
});

test('a pause in which nobody read: until when lines are known, and which logs have some from it', async (t) => {
  const directory = makeDirectory(t);
  const logs = ['a.log', 'b.log', 'idle.log'].map((name) => join(directory, name));
  for (const log of logs) append(log, 'before');
  let nowMs = 0;
  const behind: (readonly number[])[] = [];
  const taken: (() => void)[] = [];
  const onChunk = () => new Promise<void>((resolve) => taken.push(resolve));
  const follower = new LogFollower({
    ...options(logs, onChunk),
    startAt: 'end',
    now: () => nowMs,
    onBehind: (sources) => behind.push(sources),
  });
  t.after(() => follower.close());
  const takeAll = () => taken.splice(0).map((take) => take());
  await follower.pass(true);
  // Where it begins, without a line.
  takeAll();
  nowMs = 1000;
  await follower.pass(true);
  assert.equal(follower.readUpToMs, 1000);
  nowMs = 600_000;
  for (const log of logs.slice(0, 2)) append(log, 'meanwhile');
  assert.equal(follower.readUpToMs, 1000);
  await follower.pass(true);
  assert.deepEqual(behind, [[0, 1]]);
  assert.equal(follower.readUpToMs, 1000, 'handed on, but not taken');
  nowMs = 600_100;
  takeAll();
  await until('all is taken', () => follower.readUpToMs === 600_000);
  append(logs[0] as string, 'and on');
  await follower.pass(true);
  assert.equal(behind.length, 1, 'nothing is behind while it is looked at all the time');
});

test('a follower that sleeps looks with each second: a directory that is made later is none the kernel watches', async (t) => {
  const directory = makeDirectory(t);
  const late = join(makeDirectory(t), 'late', 'access.log');
  append(join(directory, 'access.log'), 'before');
  let got = '';
  let second: (() => void) | undefined;
  const follower = await followLogs({
    ...options([join(directory, 'access.log'), late], async (chunk) => {
      if (chunk.position.path === late) got += text(chunk);
    }),
    everySecond: (run) => {
      second = run;
      return () => (second = undefined);
    },
  });
  t.after(() => follower.stop());
  await until('it sleeps', () => second);
  mkdirSync(dirname(late));
  append(late, 'of which the kernel says nothing');
  await until('the line', () => {
    second?.();
    return got !== '';
  });
});
