/** The daemon's own log on standard error. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

/** A process that logs two lines once its standard input has ended. */
function logger() {
  const program = `
    import { createLog } from ${JSON.stringify(import.meta.resolve('../../src/daemon/log.ts'))};
    process.stdin.resume().on('end', () => {
      const log = createLog();
      log('info', 'two\\nlines', { file: 'a"b', msg: 'not this', none: undefined });
      log('error', 'the last words');
      process.exit(7);
    });`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'inherit', 'pipe'] });
}

test('a line is one JSON object with its level, its time and what is said, there before the process ends', async () => {
  const child = logger();
  child.stdin.end();
  const said = await text(child.stderr);
  const [first, second, ...rest] = said.split('\n');
  const { time, ...line } = JSON.parse(first ?? '');
  assert.deepEqual(line, { level: 'info', file: 'a"b', msg: 'two\nlines' });
  assert.equal(new Date(time).toISOString(), time);
  assert.match(second ?? '', /^\{"level":"error","time":"[^"]+","msg":"the last words"\}$/);
  assert.deepEqual(rest, ['']);
});

test('a reader that went away ends nothing', async () => {
  const child = logger();
  child.stderr.destroy();
  child.stdin.end();
  assert.deepEqual(await once(child, 'exit'), [7, null]);
});
