import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, renameSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Position } from '../../src/model/chunk.ts';
import { findEnd, findHistory, findNewest, type HistoryOptions, readHistory } from '../../src/source/log-history.ts';
import { append, makeDirectory, needs } from './follow-harness.ts';

/** Lines are their own time stamps. */
function secondOf(lines: Uint8Array): number | undefined {
  const text = Buffer.from(lines).toString();
  return text === '' ? undefined : Number.parseInt(text, 10);
}

const ALL: HistoryOptions = { fromMs: 0, bytesMax: Number.POSITIVE_INFINITY, secondOf };

/** The lines of the history; `meanwhile` happens after the files were found and before they are read. */
async function read(position: Position, options: HistoryOptions, meanwhile = () => {}): Promise<string[]> {
  const files = findHistory(position, options);
  meanwhile();
  const lines: string[] = [];
  for (const piece of files) {
    for await (const { bytes } of readHistory(position.path, piece)) {
      lines.push(...Buffer.from(bytes).toString().split('\n').slice(0, -1));
    }
  }
  return lines;
}

function end(path: string): Position {
  const position = findEnd(path);
  assert.ok(position);
  return position;
}

/** As gzip(1): the time of the last write is kept. */
function gzip(path: string): void {
  const { mtime } = statSync(path);
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
  utimesSync(`${path}.gz`, mtime, mtime);
  unlinkSync(path);
}

function makeLog(t: TestContext): string {
  return join(makeDirectory(t), 'access.log');
}

/** Moves the log aside as it was written at `second`. */
function rotate(log: string, suffix: string, second: number): void {
  utimesSync(log, second, second);
  renameSync(log, `${log}${suffix}`);
}

test('the log up to its last whole line, with rotated files, oldest first', async (t) => {
  const log = makeLog(t);
  append(log, '10', '11');
  rotate(log, '.2', 1011);
  gzip(`${log}.2`);
  append(log, '20');
  rotate(log, '.1', 1020);
  append(log, '30', '31');
  writeFileSync(log, `${readFileSync(log)}32 half`);
  const position = end(log);
  assert.deepEqual(await read(position, ALL), ['10', '11', '20', '30', '31']);
  assert.equal(position.offset, 6);
});

test('nothing of another log, and a copy only once', async (t) => {
  const log = makeLog(t);
  append(log, '10');
  writeFileSync(`${log}.1.gz`, gzipSync(readFileSync(log)));
  rotate(log, '.1', 1010);
  utimesSync(`${log}.1.gz`, 1010, 1010);
  append(log, '20');
  append(`${log}-other.txt`, '99');
  assert.deepEqual(await read(end(log), ALL), ['10', '20']);
});

test('rotated since it was left: the marked file up to its mark, nothing newer', async (t) => {
  const log = makeLog(t);
  append(log, '10', '11');
  const left = end(log);
  append(log, '12');
  rotate(log, '.1', Math.ceil(Date.now() / 1000) + 5);
  append(log, '20');
  utimesSync(log, Math.ceil(Date.now() / 1000) + 9, Math.ceil(Date.now() / 1000) + 9);
  assert.deepEqual(await read(left, ALL), ['10', '11']);
});

test('rotated between being found and being read: the same lines, and none that came since', async (t) => {
  const log = makeLog(t);
  append(log, '10');
  rotate(log, '.1', 1010);
  append(log, '20');
  const lines = await read(end(log), ALL, () => {
    renameSync(`${log}.1`, `${log}.2`);
    rotate(log, '.1', 1020);
    append(log, '30', '31', '32');
    gzip(`${log}.2`);
  });
  assert.deepEqual(lines, ['10', '20']);
});

test('rotated while it is looked for: no file is passed over', async (t) => {
  const log = makeLog(t);
  append(log, '10');
  rotate(log, '.1', 1010);
  append(log, '20');
  let isRotated = false;
  const rotating = (lines: Uint8Array) => {
    if (!isRotated)
      for (const [from, to] of ['.1>.2', '>.1'].map((names) => names.split('>'))) renameSync(log + from, log + to);
    isRotated = true;
    return secondOf(lines);
  };
  assert.deepEqual(await read(end(log), { ...ALL, secondOf: rotating }), ['10', '20']);
});

test('truncated between being found and being read: the copy is read, or nothing', async (t) => {
  for (const isCopied of [true, false]) {
    const log = makeLog(t);
    append(log, '10', '11');
    const reading = read(end(log), ALL, () => {
      if (isCopied) copyFileSync(log, `${log}.1`);
      writeFileSync(log, '');
      append(log, '30', '31', '32');
    });
    if (isCopied) assert.deepEqual(await reading, ['10', '11']);
    else await assert.rejects(reading, { name: 'SourceError', code: 'replaced' });
  }
});

test('truncated while it is read: no line that came since', async (t) => {
  const log = makeLog(t);
  const write = (first: number) =>
    writeFileSync(log, Array.from({ length: 300_000 }, (_, n) => `${first + n}\n`).join(''));
  write(1_000_000);
  const [piece] = findHistory(end(log), ALL);
  assert.ok(piece);
  let seen = '';
  const reading = async () => {
    for await (const { bytes } of readHistory(log, piece)) {
      if (seen === '') write(2_000_000);
      seen += Buffer.from(bytes).toString();
    }
  };
  await assert.rejects(reading, { name: 'SourceError', code: 'replaced' });
  assert.match(seen, /^(1\d{6}\n)+$/);
});

test('a plain log begins at about the time asked for; files not written since are left out', async (t) => {
  const log = makeLog(t);
  append(log, ...Array.from({ length: 100_000 }, (_, n) => String(n)));
  rotate(log, '.1', 500);
  append(log, ...Array.from({ length: 100_000 }, (_, n) => String(n + 1_000_000)));
  const lines = await read(end(log), { ...ALL, fromMs: 1_070_000_000 });
  assert.equal(lines.at(-1), '1099999');
  const first = Number(lines[0]);
  assert.ok(first <= 1_070_000 && first > 1_030_000, `began at ${first}`);
});

test('what is later than asked for is left out, about to the line in a plain file, as a whole in a gzipped one', async (t) => {
  const log = makeLog(t);
  append(log, ...Array.from({ length: 100_000 }, (_, n) => String(n + 1_000_000)));
  rotate(log, '.2', 1_100_000);
  append(log, '2000000', '2000001');
  rotate(log, '.1', 2_000_001);
  gzip(`${log}.1`);
  append(log, '3000000');
  const lines = await read(end(log), { ...ALL, untilMs: 1_020_000_000 });
  assert.equal(lines[0], '1000000');
  const last = Number(lines.at(-1));
  assert.ok(last >= 1_020_000 && last < 1_060_000, `ended at ${last}`);
  const newest = { ...ALL, untilMs: 1_020_000_000, bytesMax: 80_000 };
  assert.deepEqual(await read(end(log), newest), lines.slice(-10_000), 'the newest before that time');
});

test('only the newest bytes, when there are more than asked for', async (t) => {
  const log = makeLog(t);
  append(log, '100', '101');
  rotate(log, '.1', 101);
  append(log, '200', '201');
  assert.deepEqual(await read(end(log), { ...ALL, bytesMax: 12 }), ['101', '200', '201']);
  assert.deepEqual(await read(end(log), { ...ALL, bytesMax: 5 }), ['201']);
});

test(
  'compressed by something that does not tell the length: all of it, and no more than was asked for',
  needs('xz', 'bzip2'),
  async (t) => {
    const packers = {
      xz: (text: string) => execFileSync('xz', ['-c'], { input: text }),
      bz2: (text: string) => execFileSync('bzip2', ['-c'], { input: text }),
      zst: (text: string) => zstdCompressSync(text),
    };
    for (const [suffix, pack] of Object.entries(packers)) {
      const log = makeLog(t);
      writeFileSync(`${log}.2.${suffix}`, pack('10\n11\n'));
      utimesSync(`${log}.2.${suffix}`, 1011, 1011);
      append(log, '20');
      rotate(log, '.1', 1020);
      append(log, '30');
      assert.deepEqual(await read(end(log), ALL), ['10', '11', '20', '30'], suffix);
      assert.deepEqual(await read(end(log), { ...ALL, bytesMax: 9 }), ['10', '20', '30'], suffix);
    }
  },
);

test('no log, no history', (t) => {
  const log = makeLog(t);
  assert.equal(findEnd(log), undefined);
  writeFileSync(log, '');
  assert.deepEqual(findHistory(end(log), ALL), []);
});

test('where the newest bytes of a log begin: with a whole line, or at its beginning', (t) => {
  const log = join(makeDirectory(t), 'access.log');
  append(log, ...Array.from({ length: 100 }, (_, n) => `line ${n}`.padEnd(9)));
  assert.equal(findNewest(log, 1000)?.offset, 0);
  assert.equal(findNewest(log, 999)?.offset, 10);
  assert.equal(findNewest(log, 95)?.offset, 910);
  assert.equal(findNewest(`${log}.none`, 95), undefined);
});
