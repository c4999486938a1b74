import assert from 'node:assert/strict';
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findLogsMax } from '../../src/source/logs-max.ts';
import { append, follow, makeDirectory } from './follow-harness.ts';

const names = (rows: readonly { path: string }[]) => rows.map(({ path }) => path.split('/').at(-1));

test('a glob picks up files that come later, read from their beginning', async (t) => {
  const directory = makeDirectory(t);
  append(join(directory, 'a.log'), 'old');
  const harness = follow([join(directory, '*.log')], { startAt: 'end' });
  await harness.settle();
  append(join(directory, 'b.log'), 'b1');
  append(join(directory, 'a.log'), 'a1');
  mkdirSync(join(directory, 'd.log'));
  await harness.settle();
  assert.deepEqual(harness.lines.toSorted(), ['a1', 'b1']);
  assert.deepEqual(names(harness.follower.status()), ['a.log', 'b.log']);
  assert.deepEqual([...new Set(harness.chunks.map(({ source }) => source))], [0, 1]);
  harness.close();
});

test('more logs than there is room for: the rest is reported once, and followed when there is room', async (t) => {
  const directory = makeDirectory(t);
  for (const name of ['a.log', 'b.log', 'c.log', 'd.log']) append(join(directory, name), name);
  const harness = follow([join(directory, '*.log')], { logsMax: { logs: 2, fix: 'make room' }, quietMs: 0 });
  await harness.settle();
  await harness.elapse(100);
  assert.deepEqual(harness.lines, ['a.log', 'b.log']);
  const said = `${join(directory, 'c.log')} and 1 more are not followed: there is no room for more than 2 logs`;
  assert.deepEqual([harness.troubles, harness.fixes], [[said], ['make room']]);
  for (const name of ['a.log', 'b.log']) unlinkSync(join(directory, name));
  await harness.elapse(100);
  await harness.elapse(100);
  assert.deepEqual(harness.lines, ['a.log', 'b.log', 'c.log', 'd.log']);
  assert.deepEqual([harness.troubles.length, harness.recovered], [1, ['beyond the limit']]);
  harness.close();
});

test('logs take half of the file descriptors at most, in a rotation too', () => {
  const limits = (soft: string) => `Limit  Soft Limit\nMax open files            ${soft}      1048576    files\n`;
  assert.equal(findLogsMax(limits('128')).logs, 32);
  assert.match(findLogsMax(limits('128')).fix, /raise LimitNOFILE in zban\.service .*it is 128/);
  for (const many of [limits('65536'), limits('unlimited'), '']) assert.equal(findLogsMax(many).logs, 1000);
});

test('rotated files that match the glob are not read again as logs of their own', async (t) => {
  const directory = makeDirectory(t);
  const log = join(directory, 'access.log');
  // Before the log: made a tick later they would be taken for what rotation made of it.
  append(`${log}.1`, 'older');
  writeFileSync(`${log}.2.gz`, 'gz');
  append(log, 'a1');
  const harness = follow([`${log}*`]);
  await harness.settle();
  for (const generation of ['b', 'c', 'd']) {
    renameSync(log, `${log}.previous`);
    append(log, `${generation}1`);
    await harness.elapse(100);
    append(`${log}.previous`, `late before ${generation}`);
    await harness.elapse(100_000);
    append(log, `${generation}2`);
    await harness.elapse(100_000);
  }
  assert.deepEqual(harness.lines, [
    'a1',
    'b1',
    'late before b',
    'b2',
    'c1',
    'late before c',
    'c2',
    'd1',
    'late before d',
    'd2',
  ]);
  assert.deepEqual(names(harness.follower.status()), ['access.log']);
  harness.close();
});

test('the copy of a copytruncate is not a new log, whatever its name', async (t) => {
  const log = join(makeDirectory(t), 'access.log');
  const lines = Array.from({ length: 20 }, (_, i) => `${i}`.padStart(100, '.'));
  append(log, ...lines);
  const harness = follow([`${log}*`]);
  await harness.settle();
  copyFileSync(log, `${log}.copy`);
  truncateSync(log);
  await harness.elapse(100);
  append(log, 'b1');
  await harness.elapse(100_000);
  assert.deepEqual(harness.lines, [...lines, 'b1']);
  harness.close();
});

test('one file under several names is followed once', async (t) => {
  const directory = makeDirectory(t);
  const [log, link, symbolic] = ['a.log', 'b.log', 'c.log'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  append(log, 'a1');
  linkSync(log, link);
  symlinkSync(log, symbolic);
  const harness = follow([log, join(directory, '*.log'), link]);
  await harness.settle();
  append(link, 'a2');
  await harness.settle();
  assert.deepEqual(harness.lines, ['a1', 'a2']);
  assert.deepEqual(
    harness.follower.status().map(({ state }) => state),
    ['following', `the same file as ${log}`],
  );
  harness.close();
});

test('one file under two configured paths is followed once after a restart too, and each on its own when they part', async (t) => {
  const directory = makeDirectory(t);
  const [log, link] = [join(directory, 'a.log'), join(directory, 'b.log')];
  append(log, 'a1');
  const positionOf = async (path: string) => {
    const before = follow([path]);
    await before.settle();
    before.close();
    return before.positions.values();
  };
  linkSync(log, link);
  const positions = [...(await positionOf(log)), ...(await positionOf(link))];
  append(log, 'a2');
  const harness = follow([log, link], { positions, startAt: 'end' });
  await harness.settle();
  append(link, 'a3');
  await harness.settle();
  assert.deepEqual(harness.lines, ['a2', 'a3']);
  unlinkSync(link);
  append(link, 'b1');
  await harness.elapse(100);
  assert.deepEqual(harness.lines, ['a2', 'a3', 'b1']);
  harness.close();
});

test('a link that outlives the log goes on where the log was left', async (t) => {
  const directory = makeDirectory(t);
  const [log, link] = [join(directory, 'a.log'), join(directory, 'b.log')];
  append(log, 'a1');
  linkSync(log, link);
  const harness = follow([log, link]);
  await harness.settle();
  unlinkSync(log);
  await harness.elapse(100);
  await harness.elapse(70_000);
  append(link, 'a2');
  await harness.elapse(100);
  assert.deepEqual(harness.lines, ['a1', 'a2']);
  harness.close();
});

test('says which of the configured paths named the log, and lists those that match nothing', async (t) => {
  const directory = makeDirectory(t);
  append(join(directory, 'b.log'), 'b1');
  const indexes: number[] = [];
  const harness = follow([join(directory, 'a.log'), join(directory, 'b*'), join(directory, 'c*')], {
    onChunk: async (_, index) => void indexes.push(index),
  });
  await harness.settle();
  assert.deepEqual(indexes, [1]);
  assert.deepEqual(
    harness.follower.status().map(({ state }) => state),
    ['missing', 'following', 'missing'],
  );
  harness.close();
});

test('a globbed log that is deleted for good is forgotten', async (t) => {
  const log = join(makeDirectory(t), 'a.log');
  append(log, 'a1');
  const harness = follow([`${log}*`]);
  await harness.settle();
  unlinkSync(log);
  await harness.elapse(10_000);
  await harness.elapse(100_000);
  await harness.elapse(100);
  assert.deepEqual(
    harness.follower.status().map(({ path, state }) => [path, state]),
    [[`${log}*`, 'missing']],
  );
  append(log, 'b1');
  await harness.elapse(100);
  assert.deepEqual(harness.lines, ['a1', 'b1']);
  harness.close();
});
