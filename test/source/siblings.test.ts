/** Files are found by their names, which rotation changes at any moment. */
import assert from 'node:assert/strict';
import { renameSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findNewer } from '../../src/source/siblings.ts';
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
