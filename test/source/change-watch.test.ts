import assert from 'node:assert/strict';
import { mkdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ChangeWatch } from '../../src/source/change-watch.ts';
import { DEADLINE_MS, until } from '../support/until.ts';
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
    watch,
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

test('where others write all the time, the logs alone are watched', async (t) => {
  const directory = makeDirectory(t);
  const log = join(directory, 'access.log');
  append(log, 'a1');
  let changes = 0;
  const paths: string[] = [];
  let noise = () => {};
  const watch = new ChangeWatch(
    () => changes++,
    (path, onEvent) => {
      paths.push(path);
      noise = () => onEvent('change', 'error.log');
      return { close: () => {} };
    },
  );
  watch.begin([log]);
  for (let count = 0; count < 1000; count++) noise();
  assert.deepEqual([changes, paths], [0, [directory]]);
  // What was written while it began anew is looked for.
  noise();
  assert.equal(changes, 1);
  watch.begin([log, join(directory, 'later.log')]);
  assert.deepEqual(paths.slice(1), [log, join(directory, 'later.log')]);
});

test('a log that is watched alone is reported, renamed too; a missing one is no error', async (t) => {
  const directory = makeDirectory(t);
  const [log, other] = [join(directory, 'access.log'), join(directory, 'error.log')];
  append(log, 'a1');
  append(other, 'x');
  const { reported, changes, watch } = watched(t, [log]);
  // The kernel makes one report of several that nobody has read.
  for (const deadline = Date.now() + DEADLINE_MS; changes() === 0 && Date.now() < deadline; await setImmediate())
    append(other, 'x');
  watch.begin([log, join(directory, 'later.log')]);
  await reported('a line', () => append(log, 'a2'));
  await reported('a rename', () => renameSync(log, `${log}.1`));
  await reported('a late line', () => append(`${log}.1`, 'a3'));
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
