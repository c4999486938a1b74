import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { append, follow, makeDirectory } from './follow-harness.ts';

const NOBODY = 65_534;

/** Root may read everything: these tests go on as another user. */
function withoutRoot(t: TestContext, directory: string): void {
  if (process.geteuid?.() !== 0) return;
  for (const path of [directory, dirname(directory)]) chownSync(path, NOBODY, NOBODY);
  process.seteuid?.(NOBODY);
  t.after(() => process.seteuid?.(0));
}

test('a new file that may not be read is reported once and read whole when it may', async (t) => {
  const directory = makeDirectory(t);
  withoutRoot(t, directory);
  const log = join(directory, 'access.log');
  append(log, 'a1');
  const harness = follow([log]);
  await harness.settle();
  renameSync(log, `${log}.1`);
  append(log, 'b1');
  chmodSync(log, 0);
  append(`${log}.1`, 'a2');
  await harness.settle();
  await harness.elapse(5_000);
  assert.deepEqual(harness.lines, ['a1', 'a2'], 'the old file is read on');
  assert.deepEqual(harness.troubles, [`cannot read ${log}: permission denied`]);
  assert.equal(harness.follower.status()[0]?.state, 'permission denied');
  chmodSync(log, 0o600);
  await harness.settle();
  assert.deepEqual(harness.lines, ['a1', 'a2', 'b1']);
  assert.deepEqual(harness.recovered, [log]);
  harness.close();
});

test('a directory that may not be entered for a while: what is open is read on', async (t) => {
  const directory = makeDirectory(t);
  withoutRoot(t, directory);
  const log = join(directory, 'access.log');
  append(log, 'a1');
  const harness = follow([log]);
  await harness.settle();
  const mode = statSync(dirname(log)).mode;
  append(log, 'a2');
  chmodSync(directory, 0);
  await harness.settle();
  assert.deepEqual(harness.lines, ['a1', 'a2']);
  assert.equal(harness.troubles.length, 1);
  chmodSync(directory, mode);
  append(log, 'a3');
  await harness.settle();
  assert.deepEqual(harness.lines, ['a1', 'a2', 'a3']);
  assert.deepEqual(harness.recovered, [log]);
  harness.close();
});

test('a log that may not be read at the start does not hinder the others', async (t) => {
  const directory = makeDirectory(t);
  withoutRoot(t, directory);
  const [shut, open] = [join(directory, 'shut.log'), join(directory, 'open.log')];
  append(shut, 's1');
  chmodSync(shut, 0);
  append(open, 'o1');
  const harness = follow([shut, open]);
  await harness.settle();
  assert.deepEqual(harness.lines, ['o1']);
  chmodSync(shut, 0o600);
  await harness.settle();
  assert.deepEqual(harness.lines, ['o1', 's1']);
  harness.close();
});

test('a link that leads back to itself is told from a broken disk, and the log behind it is followed on', async (t) => {
  const directory = makeDirectory(t);
  const log = join(directory, 'logs', 'access.log');
  mkdirSync(dirname(log));
  append(log, 'a1');
  const harness = follow([log]);
  await harness.settle();
  renameSync(dirname(log), join(directory, 'aside'));
  symlinkSync('logs', dirname(log));
  append(join(directory, 'aside', 'access.log'), 'a2');
  await harness.settle();
  assert.deepEqual(harness.lines, ['a1', 'a2']);
  assert.deepEqual(harness.fixes, ['a symbolic link in its path leads back to itself: namei -l shows which']);
  rmSync(dirname(log));
  renameSync(join(directory, 'aside'), dirname(log));
  await harness.settle();
  assert.deepEqual(harness.recovered, [log], 'without a new line');
  append(log, 'a3');
  await harness.settle();
  assert.deepEqual(harness.lines, ['a1', 'a2', 'a3']);
  harness.close();
});
