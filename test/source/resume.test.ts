import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Position } from '../../src/model/chunk.ts';
import { mulberry32 } from '../support/traffic.ts';
import { append, follow, followed, makeDirectory, needs } from './follow-harness.ts';

/** As gzip(1): the time of the last write is kept. */
function gzip(path: string, writtenSeconds?: number): void {
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
  unlinkSync(path);
  if (writtenSeconds !== undefined) utimesSync(`${path}.gz`, writtenSeconds, writtenSeconds);
}

/** A log of which `read` was read before the stop. */
async function stopped(t: TestContext, ...read: string[]): Promise<{ log: string; saved: () => Position[] }> {
  const { log, harness } = await followed(t, ...read);
  assert.deepEqual(harness.lines, read);
  harness.close();
  return { log, saved: () => [...harness.positions.values()] };
}

async function resumed(
  log: string,
  positions: Position[],
): Promise<{ lines: string[]; lost: string[]; positions: Position[] }> {
  const harness = follow([log], { positions, startAt: 'end' });
  await harness.settle();
  harness.close();
  return { ...harness, positions: [...harness.positions.values()] };
}

test('goes on after the saved byte', async (t) => {
  const { log, saved } = await stopped(t, 'a1', 'a2');
  append(log, 'a3');
  assert.deepEqual((await resumed(log, saved())).lines, ['a3']);
});

test('a position survives JSON', async (t) => {
  const { log, saved } = await stopped(t, 'a1');
  append(log, 'a2');
  assert.deepEqual((await resumed(log, JSON.parse(JSON.stringify(saved())))).lines, ['a2']);
});

for (const name of ['.1', '-20260101', '.moved-by-hand']) {
  test(`rotated to ${name} meanwhile: the rest of the old file, then the new one`, async (t) => {
    const { log, saved } = await stopped(t, 'a1', 'a2');
    append(log, 'a3');
    renameSync(log, log + name);
    append(log, 'b1');
    assert.deepEqual((await resumed(log, saved())).lines, ['a3', 'b1']);
  });
}

test('rotated and gzipped meanwhile', async (t) => {
  const { log, saved } = await stopped(t, 'a1', 'a2');
  append(log, 'a3');
  renameSync(log, `${log}.1`);
  gzip(`${log}.1`);
  append(log, 'b1');
  assert.deepEqual((await resumed(log, saved())).lines, ['a3', 'b1']);
});

test('gzipped after it was read to its end: only the new file follows', async (t) => {
  const { log, saved } = await stopped(t, 'a1', 'a2');
  renameSync(log, `${log}.1`);
  gzip(`${log}.1`);
  append(log, 'b1');
  assert.deepEqual((await resumed(log, saved())).lines, ['b1']);
});

test('several rotations meanwhile, some gzipped: all generations between in their order', async (t) => {
  const { log, saved } = await stopped(t, 'a1');
  append(log, 'a2');
  const hour = (n: number) => 1_767_225_600 + n * 3600;
  utimesSync(log, hour(1), hour(1));
  renameSync(log, `${log}.3`);
  append(log, 'b1');
  utimesSync(log, hour(2), hour(2));
  renameSync(log, `${log}.2`);
  append(log, 'c1');
  utimesSync(log, hour(3), hour(3));
  renameSync(log, `${log}.1`);
  append(log, 'd1');
  writeFileSync(`${log}.4.gz`, gzipSync('older than all\n'));
  utimesSync(`${log}.4.gz`, hour(0), hour(0));
  gzip(`${log}.3`, hour(1));
  gzip(`${log}.2`, hour(2));
  const { lines, positions } = await resumed(log, saved());
  assert.deepEqual(lines, ['a2', 'b1', 'c1', 'd1']);
  append(log, 'd2');
  assert.deepEqual((await resumed(log, positions)).lines, ['d2'], 'and they are not read twice');
});

test('copytruncate meanwhile: the rest from the copy, then the file from its beginning', async (t) => {
  const { log, saved } = await stopped(t, 'a1', 'a2');
  append(log, 'a3');
  copyFileSync(log, `${log}.1`);
  truncateSync(log);
  append(log, 'b1', 'b2', 'b3', 'b4');
  assert.deepEqual((await resumed(log, saved())).lines, ['a3', 'b1', 'b2', 'b3', 'b4']);
});

test('an older file that was still open is resumed where it was left', async (t) => {
  const { log, harness } = await followed(t, 'a1');
  renameSync(log, `${log}.1`);
  append(log, 'b1');
  await harness.settle();
  harness.close();
  append(`${log}.1`, 'a2');
  append(log, 'b2');
  const again = await resumed(log, [...harness.positions.values()]);
  assert.deepEqual(again.lines, ['a2', 'b2']);
  renameSync(`${log}.1`, `${log}.2`);
  append(`${log}.2`, 'a3');
  gzip(`${log}.2`);
  assert.deepEqual((await resumed(log, again.positions)).lines, ['a3']);
});

test('another file with the same inode number is not taken for the old one', async (t) => {
  const { log, saved } = await stopped(t, 'a1', 'a2');
  writeFileSync(log, 'x1\nx2\nx3\n');
  assert.deepEqual((await resumed(log, saved())).lines, ['x1', 'x2', 'x3']);
});

test('a changed device or inode number does not matter while the content is the same', async (t) => {
  const { log, saved } = await stopped(t, 'a1', 'a2');
  append(log, 'a3');
  const restored = saved().map((position) => ({ ...position, device: position.device + 1, inode: 1 }));
  assert.deepEqual((await resumed(log, restored)).lines, ['a3']);
});

test('when the old file is gone, the new one is read from its beginning, and that is said', async (t) => {
  const { log, saved } = await stopped(t, 'a1');
  unlinkSync(log);
  append(log, 'b1');
  const { lines, lost } = await resumed(log, saved());
  assert.deepEqual(lines, ['b1']);
  assert.equal(lost.length, 1);
  assert.match(lost[0] ?? '', /access\.log is gone: anything that was written into it from byte 3 on was not judged/);
});

for (const [suffix, program, option] of [
  ['xz', 'xz', '-9'],
  ['zst', 'zstd', '--rm'],
  ['bz2', 'bzip2', '-9'],
] as const) {
  test(`rotated and compressed by ${program} meanwhile`, needs(program), async (t) => {
    const { log, saved } = await stopped(t, 'a1', 'a2');
    append(log, 'a3');
    renameSync(log, `${log}.1`);
    execFileSync(program, ['-q', option, `${log}.1`]);
    assert.ok(existsSync(`${log}.1.${suffix}`));
    append(log, 'b1');
    const { lines, lost } = await resumed(log, saved());
    assert.deepEqual(lines, ['a3', 'b1']);
    assert.deepEqual(lost, []);
  });
}

test('compressed by a program that is not there: what is lost and what to install is said', needs('xz'), async (t) => {
  const { log, saved } = await stopped(t, 'a1', 'a2');
  append(log, 'a3');
  renameSync(log, `${log}.1`);
  execFileSync('xz', [`${log}.1`]);
  append(log, 'b1');
  const { PATH } = process.env;
  t.after(() => Object.assign(process.env, { PATH }));
  process.env['PATH'] = '/nowhere';
  const { lines, lost } = await resumed(log, saved());
  assert.deepEqual(lines, ['b1']);
  assert.match(lost.join(), /from byte 6 on.*access\.log\.1\.xz may be it: install xz/);
});

test('a compressed file that ends too early: the lines before its end, and what is lost', async (t) => {
  const { log, saved } = await stopped(t, 'a1');
  const random = mulberry32(1);
  append(log, ...Array.from({ length: 2000 }, (_, n) => `${n} ${random()}`));
  writeFileSync(`${log}.1.gz`, gzipSync(readFileSync(log)).subarray(0, 10_000));
  unlinkSync(log);
  append(log, 'b1');
  const { lines, lost } = await resumed(log, saved());
  assert.ok(lines.length > 100 && lines.at(-1) === 'b1', `${lines.length}`);
  assert.match(lost.join(), /from byte \d{4,} on, lines are lost: cannot read \S+access\.log\.1\.gz: damaged/);
});

for (const place of ['access.1.log', 'old/access.log', 'old/access.log-20260101', '../archive/access.log.1', 'other']) {
  test(`moved to ${place} meanwhile`, async (t) => {
    const directory = join(makeDirectory(t), 'nginx');
    const log = join(directory, 'access.log');
    for (const each of [directory, join(directory, 'old'), join(directory, '..', 'archive')]) mkdirSync(each);
    append(log, 'a1');
    const harness = follow([log]);
    await harness.settle();
    harness.close();
    append(log, 'a2');
    renameSync(log, join(directory, place));
    // Another site's log with such a name.
    append(join(directory, '..', 'archive', 'access.log.2'), 'x1', 'x2');
    append(log, 'b1');
    assert.deepEqual((await resumed(log, [...harness.positions.values()])).lines, ['a2', 'b1']);
  });
}

test('a file that was empty when the position was saved', async (t) => {
  const log = join(makeDirectory(t), 'access.log');
  writeFileSync(log, '');
  const harness = follow([log]);
  await harness.settle();
  harness.close();
  const saved = [...harness.positions.values()];
  assert.equal(saved[0]?.fingerprintBytes, 0);
  append(log, 'a1');
  renameSync(log, `${log}.1`);
  append(log, 'b1');
  assert.deepEqual((await resumed(log, saved)).lines, ['a1', 'b1']);
});

test('the old file is read on at once when no new one is there yet', async (t) => {
  const { log, saved } = await stopped(t, 'a1');
  append(log, 'a2');
  renameSync(log, `${log}.2`);
  append(log, 'b1');
  renameSync(log, `${log}.1`);
  const harness = follow([log], { positions: saved() });
  await harness.settle();
  assert.deepEqual(harness.lines, ['a2']);
  append(log, 'c1');
  await harness.settle();
  assert.deepEqual(harness.lines, ['a2', 'b1', 'c1']);
  harness.close();
});

test('a dated symbolic link switched twice meanwhile', async (t) => {
  const directory = makeDirectory(t);
  const [log, day1, day2, day3] = ['access.log', 'http-20260101.log', 'http-20260102.log', 'http-20260103.log'].map(
    (name) => join(directory, name),
  ) as [string, string, string, string];
  append(day1, 'a1');
  symlinkSync(day1, log);
  const harness = follow([log]);
  await harness.settle();
  harness.close();
  append(day1, 'a2');
  append(day2, 'b1');
  append(day3, 'c1');
  unlinkSync(log);
  symlinkSync(day3, log);
  assert.deepEqual((await resumed(log, [...harness.positions.values()])).lines, ['a2', 'b1', 'c1']);
});

test('without a position: from the end of what is there, a line half written counting as new', async (t) => {
  const log = join(makeDirectory(t), 'access.log');
  append(log, 'old 1', 'old 2');
  appendFileSync(log, 'half');
  const harness = follow([log], { startAt: 'end' });
  await harness.settle();
  appendFileSync(log, ' and half\n');
  append(log, 'new');
  await harness.settle();
  assert.deepEqual(harness.lines, ['half and half', 'new']);
  assert.equal(
    harness.chunks[0]?.bytes.length,
    0,
    'the first chunk tells the position, so that a kill before the first line loses none',
  );
  harness.close();
});
