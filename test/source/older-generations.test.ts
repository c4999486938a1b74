/** Files are found by their names, which rotation changes at any moment. */
import assert from 'node:assert/strict';
import { readFileSync, renameSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fingerprintOf } from '../../src/source/fingerprint.ts';
import { findMarked, findNewer } from '../../src/source/older-generations.ts';
import { append, makeDirectory } from './follow-harness.ts';

test('rotated while unread files are looked for: each is opened once, and none that is known', (t) => {
  const log = join(makeDirectory(t), 'access.log');
  const names = [`${log}.2`, `${log}.1`, log];
  for (const [n, name] of names.entries()) {
    append(name, `${n}`);
    utimesSync(name, 1000 + n, 1000 + n);
  }
  const inodes = names.map((name) => statSync(name).ino);
  let isRotated = false;
  const isKnown = (_: unknown, head: Buffer) => {
    if (!isRotated) for (const [n, name] of names.entries()) renameSync(name, `${log}.${3 - n}`);
    isRotated = true;
    return head.toString() === '2\n';
  };
  const found = findNewer(log, { writtenMs: 0, bornMs: 0 }, { isKnown, compressed: true }, 0);
  for (const file of found) t.after(() => file.close());
  const opened = found.map(({ inode }) => inode);
  assert.deepEqual(opened, inodes.slice(0, 2));
});

test('a compressed file that is renamed between being found and being read is read all the same', async (t) => {
  const log = join(makeDirectory(t), 'access.log');
  append(log, 'a1', 'a2');
  const head = readFileSync(log);
  const mark = { device: 1, inode: 1, offset: 3, fingerprint: fingerprintOf(head), fingerprintBytes: head.length };
  writeFileSync(`${log}.1.gz`, gzipSync(head));
  unlinkSync(log);
  for (const isReplaced of [false, true]) {
    const found = findMarked(log, mark, 0);
    t.after(() => found?.close());
    const [from, to] = isReplaced ? [2, 3] : [1, 2];
    renameSync(`${log}.${from}.gz`, `${log}.${to}.gz`);
    if (isReplaced) writeFileSync(`${log}.${from}.gz`, gzipSync('b1\n'));
    const lines = await found?.read({ chunkBytes: 1024, lineBytesMax: 1024 });
    assert.equal(Buffer.from(lines?.bytes ?? []).toString(), 'a2\n');
  }
});
