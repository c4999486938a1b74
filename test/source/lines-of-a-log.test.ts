import assert from 'node:assert/strict';
import { appendFileSync, renameSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { append, follow, followed, makeDirectory } from './follow-harness.ts';

test('a half-written line waits for its newline', async (t) => {
  const log = join(makeDirectory(t), 'access.log');
  const harness = follow([log]);
  for (const part of ['a', 'b', 'c\nd', 'e', '\n', '\n', 'f']) {
    appendFileSync(log, part);
    await harness.settle();
  }
  assert.deepEqual(harness.lines, ['abc', 'de', '']);
  assert.equal(harness.follower.status()[0]?.behind_bytes, 0);
  harness.close();
});

test('a line that is too long and no log line is dropped up to its newline and counted, in one piece or many', async (t) => {
  const log = join(makeDirectory(t), 'access.log');
  const harness = follow([log], { lineBytesMax: 100, chunkBytes: 64 });
  append(log, 'a', 'x'.repeat(101), 'b', 'y'.repeat(100));
  await harness.settle();
  assert.deepEqual(harness.lines, ['a', 'b', 'y'.repeat(100)]);
  assert.equal(harness.oversized, 1);
  for (let i = 0; i < 50; i++) {
    appendFileSync(log, 'z'.repeat(90));
    await harness.settle();
  }
  const beforeEnd = harness.positions.get(log)?.offset;
  assert.equal(beforeEnd, 2 + 102 + 2 + 101, 'a position is never within a line');
  appendFileSync(log, 'z\nc\n');
  await harness.settle();
  assert.deepEqual(harness.lines.slice(3), ['c']);
  assert.equal(harness.oversized, 2);
  harness.close();
});

test('a rotated file that ends within a line that is too long: the line is counted', async (t) => {
  const log = join(makeDirectory(t), 'access.log');
  append(log, 'a');
  appendFileSync(log, 'x'.repeat(500));
  const harness = follow([log], { quietMs: 1000 });
  await harness.settle();
  renameSync(log, `${log}.1`);
  append(log, 'b');
  await harness.settle();
  await harness.elapse(2000);
  assert.deepEqual(harness.lines, ['a', 'b']);
  assert.equal(harness.oversized, 1);
  harness.close();
});

test('a line that is too long is handed on shortened, in one piece or many, and at the end of a rotated file', async (t) => {
  const log = join(makeDirectory(t), 'access.log');
  const harness = follow([log], { lineBytesMax: 100, chunkBytes: 64, quietMs: 1000 });
  const long = `{"a":"${'x'.repeat(3000)}","b":"1"}`;
  const shortened = `{"a":"${'x'.repeat(11)}","b":"1"}`;
  append(log, 'a', long, 'b');
  await harness.settle();
  assert.deepEqual(harness.lines, ['a', shortened, 'b']);
  for (const piece of long.match(/.{1,90}/g) ?? []) {
    appendFileSync(log, piece);
    await harness.settle();
  }
  const behindB = 2 + long.length + 1 + 2;
  append(log, '', 'c');
  assert.equal(harness.positions.get(log)?.offset, behindB, 'a position is never within a line');
  await harness.settle();
  assert.deepEqual(harness.lines.slice(3), [shortened, 'c']);
  appendFileSync(log, long);
  await harness.settle();
  renameSync(log, `${log}.1`);
  append(log, 'd');
  await harness.settle();
  await harness.elapse(2000);
  assert.deepEqual(harness.lines.slice(5).toSorted(), ['d', shortened]);
  assert.equal(harness.oversized, 0);
  harness.close();
});

test('the last chunk of a catch-up says that the reader is no longer behind, also before an unfinished line', async (t) => {
  const log = join(makeDirectory(t), 'access.log');
  append(log, ...Array.from({ length: 100 }, (_, i) => `${i}`.padStart(50, '.')));
  appendFileSync(log, 'unfinished');
  const harness = follow([log], { chunkBytes: 512 });
  await harness.settle();
  assert.equal(harness.lines.length, 100);
  assert.equal(harness.chunks[0]?.behind, true);
  assert.equal(harness.chunks.at(-1)?.behind, false);
  harness.close();
});

test('each chunk has memory of its own, and only whole lines', async (t) => {
  const log = join(makeDirectory(t), 'access.log');
  append(log, ...Array.from({ length: 100 }, (_, i) => `line ${i}`));
  const harness = follow([log], { chunkBytes: 300 });
  await harness.settle();
  const buffers = new Set(harness.chunks.map(({ bytes }) => bytes.buffer));
  assert.equal(buffers.size, harness.chunks.length);
  for (const { bytes } of harness.chunks) {
    assert.equal(bytes.byteOffset, 0);
    assert.ok(bytes.length === 0 || bytes.at(-1) === 10);
    structuredClone(bytes, { transfer: [bytes.buffer] });
  }
  harness.close();
});

test('zeros without end are reported, until there are lines again', async (t) => {
  const { log, harness } = await followed(t, 'a');
  truncateSync(log, 2 ** 26);
  append(log, '', 'b');
  await harness.settle();
  assert.deepEqual(harness.lines, ['a', 'b']);
  assert.deepEqual(harness.troubles, [`cannot read ${log}: it goes on without a line break, as zeros do`]);
  assert.match(harness.fixes.join(), /full of zeros: begin a new one/);
  assert.deepEqual(harness.recovered, [log]);
});
