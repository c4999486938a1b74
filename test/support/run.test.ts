/** The suite fails for each file that did not do its work, however that file ends. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const FILES: Readonly<Record<string, string>> = {
  passes: "test('a', () => {});",
  skips: "test('a', { skip: 'needs a tool' }, () => {});",
  fails: "test('a', () => { throw new Error('no'); });",
  exits: "test('a', () => process.exit(0)); test('b', () => { throw new Error('no'); });",
  dies: "test('a', () => process.kill(process.pid, 'SIGKILL'));",
  empty: '',
  throws: "throw new Error('no');",
  rejects: "test('a', () => setImmediate(() => Promise.reject(new Error('no'))));",
};

test('a file that fails, exits, dies or holds no test fails the run and is named; what was skipped is said', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'zban-suite-'));
  t.after(() => rmSync(folder, { recursive: true }));
  // Not as a child of this run, which would be told of its tests.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const run = (...names: readonly string[]) => {
    const files = names.map((name) => join(folder, `${name}.test.mjs`));
    for (const [index, name] of names.entries())
      writeFileSync(files[index] ?? '', `import { test } from 'node:test';\n${FILES[name] ?? ''}`);
    return spawnSync(process.execPath, [join(import.meta.dirname, '../run.ts'), ...files], { encoding: 'utf8', env });
  };
  const all = run(...Object.keys(FILES));
  assert.equal(all.status, 1);
  const lost = [...all.stderr.matchAll(/FAILED: \S*?(\w+)\.test\.mjs did not come to its end with a test$/gm)];
  assert.deepEqual(
    lost.map(([, name]) => name),
    ['exits', 'dies', 'empty', 'throws'],
    all.stderr,
  );
  assert.match(all.stdout, /fail 4$/m, 'fails, dies, throws, rejects');
  const good = run('passes', 'skips');
  assert.equal(good.status, 0, good.stdout + good.stderr);
  assert.match(good.stderr, /SKIPPED 1 times: needs a tool$/m);
});
