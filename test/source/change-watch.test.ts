import assert from 'node:assert/strict';
import { mkdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ChangeWatch } from '../../src/source/change-watch.ts';
import { until } from '../support/until.ts';
import { append, makeDirectory } from './follow-harness.ts';

function watched(t: TestContext, paths: readonly string[]) {
  let changes = 0;
  const watch = new ChangeWatch(() => changes++);
  t.after(() => watch.end());
  watch.begin(paths);
  return {
    reported: async (what: string, change: () => void) => {
      const before = changes;
      change();
      await until(what, () => changes > before);
    },
    changes: () => changes,
  };
}

test('reports lines, rotation, late lines and reappearance of a log', async (t) => {
  const log = join(makeDirectory(t), 'access.log');
  append(log, 'a1');
  const { reported } = watched(t, [log]);
  await reported('a line', () => append(log, 'a2'));
  await reported('a rename', () => renameSync(log, `${log}.1`));
  await reported('a late line', () => append(`${log}.1`, 'a3'));
  await reported('the new file', () => append(log, 'b1'));
  await reported('a removal', () => unlinkSync(log));
});

test('reports lines of the file that a symbolic link points to, and another target', async (t) => {
  const directory = makeDirectory(t);
  const [log, target] = [join(directory, 'access.log'), join(directory, 'logs', 'today.log')];
  mkdirSync(join(directory, 'logs'));
  append(target, 'a1');
  symlinkSync(target, log);
  const { reported } = watched(t, [log]);
  await reported('a line', () => append(target, 'a2'));
  await reported('another target', () => {
    symlinkSync('/nowhere', `${log}.new`);
    renameSync(`${log}.new`, log);
  });
});

test('reports no lines of other files in the same directory', async (t) => {
  const directory = makeDirectory(t);
  const [log, other] = [join(directory, 'access.log'), join(directory, 'error.log')];
  writeFileSync(other, '');
  append(log, 'a1');
  const { reported, changes } = watched(t, [log]);
  append(other, 'x', 'y');
  // Reports keep their order.
  await reported('a line', () => append(log, 'a2'));
  assert.equal(changes(), 1);
});
