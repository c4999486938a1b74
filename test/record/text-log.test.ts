import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { TextLog } from '../../src/record/text-log/text-log.ts';
import fc from '../support/fast-check.ts';
import { afterwards, fill, folder, notRoot, smallDisk } from './examples.ts';

function openLog(t: TestContext, path: string, bytesMax = 1000, keep = 3) {
  const log = new TextLog({ path, bytesMax, keep });
  afterwards(t, () => log.close());
  return { log, troubleOf: () => log.status.trouble?.code };
}

const read = (path: string) => readFileSync(path, 'utf8');

test('lines are appended, also to what an earlier run wrote', (t) => {
  const path = join(folder(t), 'logs', 'audit.log');
  const { log } = openLog(t, path);
  log.write(['a', 'b']);
  log.close();
  log.write(['c']);
  assert.equal(read(path), 'a\nb\nc\n');
  assert.equal((statSync(path).mode & 0o777).toString(8), '640');
});

test('a line feed in a line does not begin another', (t) => {
  const path = join(folder(t), 'audit.log');
  const { log } = openLog(t, path);
  log.write(['a\r\nb\nc']);
  assert.equal(read(path), 'a b c\n');
});

test('the file is rotated before it grows over its size, and the oldest are dropped', (t) => {
  const path = join(folder(t), 'audit.log');
  const { log } = openLog(t, path, 10, 2);
  for (const line of ['11111', '22', '333', '4444444444444', '55', '66']) log.write([line]);
  assert.equal(read(path), '55\n66\n');
  assert.equal(read(`${path}.1`), '4444444444444\n');
  assert.equal(read(`${path}.2`), '333\n');
  assert.equal(existsSync(`${path}.3`), false);
});

test('no line is lost or torn by rotation, however the lines come', (t) => {
  const here = folder(t);
  let run = 0;
  const property = fc.property(fc.array(fc.array(fc.nat(40), { maxLength: 5 }), { maxLength: 20 }), (batches) => {
    const path = join(here, `${run++}.log`);
    const { log } = openLog(t, path, 60, 100);
    let number = 0;
    for (const batch of batches) log.write(batch.map((length) => `${number++} ${'x'.repeat(length)}`));
    const files = [path];
    while (existsSync(`${path}.${files.length}`)) files.unshift(`${path}.${files.length}`);
    const texts = files.map((file) => (existsSync(file) ? read(file) : ''));
    for (const text of texts) assert.ok(text === '' || text.endsWith('\n'));
    for (const text of texts) assert.ok(text.length <= 60);
    const numbers = texts.join('').split('\n').slice(0, -1);
    assert.deepEqual(
      numbers.map((line) => Number.parseInt(line, 10)),
      Array.from({ length: number }, (_, i) => i),
    );
    log.close();
  });
  fc.assert(property, { numRuns: 50 });
});

test('a file that logrotate moved away, removed or emptied is followed by a new one', (t) => {
  const path = join(folder(t), 'audit.log');
  const { log } = openLog(t, path);
  log.write(['a']);
  renameSync(path, `${path}.old`);
  log.write(['b']);
  assert.deepEqual([read(`${path}.old`), read(path)], ['a\n', 'b\n']);
  renameSync(path, `${path}.old`);
  writeFileSync(path, '');
  log.write(['c']);
  assert.equal(read(path), 'c\n');
  truncateSync(path);
  log.write(['d']);
  assert.equal(read(path), 'd\n');
});

test('lines wait while the file cannot be opened, and its status says why', (t) => {
  const here = folder(t);
  const path = join(here, 'audit.log');
  mkdirSync(path);
  const { log, troubleOf } = openLog(t, path);
  log.write(['a']);
  log.write(['b']);
  assert.equal(troubleOf(), 'cannot_open');
  assert.deepEqual(log.takeWaiting(), ['a', 'b']);
  assert.match(log.status.trouble?.message ?? '', /audit\.log/);
  renameSync(path, join(here, 'away'));
  assert.equal(log.flush(), true);
  assert.equal(troubleOf(), undefined);
  assert.equal(read(path), 'a\nb\n');
});

test('what finds no room to wait is counted, and the log says where', (t) => {
  const here = folder(t);
  const path = join(here, 'audit.log');
  mkdirSync(path);
  const { log } = openLog(t, path, 10_000_000);
  const line = 'x'.repeat(1023);
  log.write(Array.from({ length: 1030 }, () => line));
  assert.deepEqual([log.takeWaiting().length, log.status.lostLines], [1024, 6]);
  renameSync(path, join(here, 'away'));
  log.write([]);
  const lines = read(path).split('\n');
  assert.equal(lines.length, 1026);
  assert.match(lines[1024] ?? '', /^6 lines are missing here/);
  log.write(['after']);
  assert.equal(read(path).split('\n')[1025], 'after');
});

test('more lines at once than may wait for a disk are all written when it takes them', (t) => {
  const path = join(folder(t), 'audit.log');
  const { log } = openLog(t, path, 100_000_000);
  log.write(Array.from({ length: 10_000 }, (_, index) => `${index} ${'x'.repeat(500)}`));
  assert.deepEqual([read(path).split('\n').length, log.status.lostLines], [10_001, 0]);
});

test('a full disk tears no line', { skip: notRoot }, (t) => {
  const disk = smallDisk(t);
  const path = join(disk, 'audit.log');
  const { log, troubleOf } = openLog(t, path, 100_000_000);
  log.write(['first']);
  const makeRoom = fill(disk);
  const lines = Array.from({ length: 300 }, (_, i) => `line ${i} ${'x'.repeat(50)}`);
  for (const line of lines) log.write([line]);
  assert.equal(troubleOf(), 'full');
  assert.ok(log.takeWaiting().length > 0);
  makeRoom();
  assert.equal(log.flush(), true);
  assert.equal(read(path), ['first', ...lines, ''].join('\n'));
  assert.equal(troubleOf(), undefined);
});

test('where files cannot be moved, the log grows on and says so', (t) => {
  const here = folder(t);
  const path = join(here, 'audit.log');
  const { log, troubleOf } = openLog(t, path, 10);
  log.write(['1234567']);
  // A folder cannot be replaced by a file.
  mkdirSync(`${path}.1`);
  mkdirSync(`${path}.2`);
  writeFileSync(`${path}.3`, '');
  log.write(['a', 'b']);
  log.write(['c']);
  assert.equal(read(path), '1234567\na\nb\nc\n');
  assert.equal(troubleOf(), 'cannot_open');
});
