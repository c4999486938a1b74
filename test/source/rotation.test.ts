import assert from 'node:assert/strict';
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { append, follow, followed, makeDirectory } from './follow-harness.ts';

test('rename and create: late lines in the old file are handed on between those of the new one', async (t) => {
  const { log, harness } = await followed(t, 'a1');
  const old = openSync(log, 'a');
  renameSync(log, `${log}.1`);
  writeSync(old, 'a2\n');
  await harness.settle();
  append(log, 'b1');
  await harness.settle();
  writeSync(old, 'a3\n');
  await harness.settle();
  append(log, 'b2');
  await harness.settle();
  assert.deepEqual(harness.lines, ['a1', 'a2', 'b1', 'a3', 'b2']);
  const position = harness.positions.get(log);
  assert.equal(position?.offset, 6);
  assert.deepEqual(
    position?.older?.map(({ offset }) => offset),
    [9],
  );
  closeSync(old);
});

test('a rotated file is closed when quiet, and its unfinished last line is handed on then', async (t) => {
  const log = join(makeDirectory(t), 'access.log');
  append(log, 'a1');
  appendFileSync(log, 'cut of');
  const harness = follow([log], { quietMs: 60_000 });
  await harness.settle();
  renameSync(log, `${log}.1`);
  append(log, 'b1');
  await harness.settle();
  await harness.elapse(59_000);
  assert.deepEqual(harness.lines, ['a1', 'b1']);
  await harness.elapse(2_000);
  assert.deepEqual(harness.lines, ['a1', 'b1', 'cut of']);
  append(`${log}.1`, 'after the end');
  await harness.settle();
  assert.deepEqual(harness.lines, ['a1', 'b1', 'cut of']);
  harness.close();
});

test('no more than a few rotated files stay open, and none of their lines is lost', async (t) => {
  const { log, harness } = await followed(t, 'line 0');
  for (let generation = 1; generation <= 12; generation++) {
    renameSync(log, `${log}.${generation}`);
    append(log, `line ${generation}`);
    await harness.settle();
  }
  assert.deepEqual(
    harness.lines,
    Array.from({ length: 13 }, (_, generation) => `line ${generation}`),
  );
  assert.equal(harness.positions.get(log)?.older?.length, 4);
});

test('two rotations between two looks: the file between is found beside the log', async (t) => {
  const { log, harness } = await followed(t, 'a');
  renameSync(log, `${log}.2`);
  append(log, 'b');
  renameSync(log, `${log}.1`);
  append(log, 'c');
  await harness.elapse(5_000);
  assert.deepEqual(harness.lines, ['a', 'b', 'c']);
});

test('copytruncate: lines written before the copy but not yet read come from the copy', async (t) => {
  const { log, harness } = await followed(t, 'a1');
  append(log, 'a2');
  copyFileSync(log, `${log}.1`);
  truncateSync(log);
  await harness.settle();
  append(log, 'b1');
  await harness.settle();
  assert.deepEqual(harness.lines, ['a1', 'a2', 'b1']);
});

test('a truncated file that has grown past the old position is recognised by its first bytes', async (t) => {
  const { log, harness } = await followed(t, 'a1', 'a2');
  truncateSync(log);
  append(log, 'b1', 'b2', 'b3', 'b4');
  await harness.settle();
  assert.deepEqual(harness.lines, ['a1', 'a2', 'b1', 'b2', 'b3', 'b4']);
  truncateSync(log);
  append(log, 'c1', 'c2', 'c3', 'c4');
  await harness.settle();
  assert.deepEqual(harness.lines.slice(6), ['c1', 'c2', 'c3', 'c4'], 'also when it has just the same length');
});

test('an unfinished line that is cut off does not repeat the lines before it', async (t) => {
  const log = join(makeDirectory(t), 'access.log');
  append(log, 'x'.repeat(150), 'y'.repeat(150));
  const [whole] = [302];
  appendFileSync(log, 'unfinished');
  const harness = follow([log], { lineBytesMax: 2000 });
  append(log, ...Array.from({ length: 10 }, (_, i) => `${i}`.repeat(100)));
  await harness.settle();
  const before = harness.lines.length;
  assert.ok(whole < 1024 && before === 12);
  appendFileSync(log, 'half');
  await harness.settle();
  truncateSync(log, 312 + 10 * 101);
  await harness.settle();
  append(log, 'next');
  await harness.settle();
  assert.deepEqual(harness.lines.slice(before), ['next']);
  harness.close();
});

test('a symbolic link that is switched to another file', async (t) => {
  const directory = makeDirectory(t);
  const [log, first, second] = ['current', 'a.log', 'b.log'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  append(first, 'a1');
  symlinkSync(first, log);
  const harness = follow([log]);
  await harness.settle();
  append(second, 'b1');
  symlinkSync(second, `${log}.new`);
  renameSync(`${log}.new`, log);
  append(first, 'a2');
  await harness.settle();
  assert.deepEqual(harness.lines, ['a1', 'a2', 'b1']);
  harness.close();
});

test('a file that is not there yet is read from its beginning, one that vanishes is read on', async (t) => {
  const log = join(makeDirectory(t), 'access.log');
  const harness = follow([log], { startAt: 'end' });
  await harness.settle();
  assert.equal(harness.follower.status()[0]?.state, 'missing');
  await harness.elapse(2_000);
  assert.deepEqual(harness.said, ['warn: the log is missing']);
  append(log, 'a1');
  await harness.settle();
  const writer = openSync(log, 'a');
  unlinkSync(log);
  writeSync(writer, 'a2\n');
  await harness.settle();
  assert.equal(harness.follower.status()[0]?.state, 'missing');
  append(log, 'b1');
  writeSync(writer, 'a3\n');
  await harness.settle();
  assert.deepEqual(harness.lines, ['a1', 'a2', 'a3', 'b1']);
  assert.equal(harness.follower.status()[0]?.state, 'following');
  closeSync(writer);
  harness.close();
});

test('a file renamed away and back is followed without repeating a line', async (t) => {
  const { log, harness } = await followed(t, 'a1');
  renameSync(log, `${log}.1`);
  append(log, 'b1');
  await harness.settle();
  renameSync(log, `${log}.2`);
  renameSync(`${log}.1`, log);
  append(log, 'a2');
  await harness.settle();
  append(`${log}.2`, 'b2');
  await harness.settle();
  assert.deepEqual(harness.lines, ['a1', 'b1', 'a2', 'b2']);
  renameSync(log, `${log}.away`);
  await harness.elapse(100_000);
  renameSync(`${log}.away`, log);
  append(log, 'a3');
  await harness.settle();
  assert.deepEqual(harness.lines.slice(4), ['a3'], 'also after it was closed');
});

test('a directory is a clear state, not an end, and gives way to a file', async (t) => {
  const log = join(makeDirectory(t), 'access.log');
  mkdirSync(log);
  const harness = follow([log]);
  await harness.settle();
  assert.deepEqual(harness.troubles, [`cannot read ${log}: not a regular file`]);
  assert.equal(harness.follower.status()[0]?.state, 'not a regular file');
  renameSync(log, `${log}.d`);
  writeFileSync(log, 'a1\n');
  await harness.settle();
  assert.deepEqual(harness.lines, ['a1']);
  assert.deepEqual(harness.recovered, [log]);
  harness.close();
});
