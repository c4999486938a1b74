/** A suite that leaves something open fails. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

function runFile(code: string) {
  const folder = mkdtempSync(join(tmpdir(), 'zban-leaks-'));
  const file = join(folder, 'some.test.mjs');
  writeFileSync(file, `import { after, test } from 'node:test';\n${code}`);
  const preload = join(import.meta.dirname, 'leaks.ts');
  // Not as a child of this run, which would be told of its tests.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout } = spawnSync(process.execPath, ['--test', '--import', preload, file], {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...env, ZBAN_CLOSED_WITHIN_MS: '1000' },
  });
  rmSync(folder, { recursive: true });
  return { status, stdout };
}

test('a timer or a server that outlives the tests fails the file and is named', () => {
  for (const [code, name] of [
    ['setInterval(() => {}, 50)', 'Timeout'],
    ["(await import('node:net')).createServer().listen(0)", 'TCPServerWrap'],
  ]) {
    const { status, stdout } = runFile(`test('fine', async () => { ${code}; });`);
    assert.equal(status, 1, stdout);
    assert.match(stdout, new RegExp(`still open: .*${name}`));
  }
});

test('what is closed, or keeps nothing alive, is no leak', () => {
  const { status, stdout } = runFile(`
    const timer = setInterval(() => {}, 50);
    setInterval(() => {}, 50).unref();
    after(() => clearInterval(timer));
    test('fine', () => {});
  `);
  assert.equal(status, 0, stdout);
});
