import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QuietWatch } from '../../src/daemon/plane/quiet-watch.ts';

const MIB = 2 ** 20;

/** Looks after which it was quiet; `reads` are the bytes read before each. */
function quietAfter(watch: QuietWatch, reads: readonly number[]): number[] {
  let bytes = 0;
  return reads.flatMap((read, look) => {
    bytes += read;
    return watch.look(bytes) ? [look + 1] : [];
  });
}

const seconds = (count: number, bytes: number) => new Array<number>(count).fill(bytes);

test('memory is tidied up once after a start, and once after each spell of work', () => {
  const reads = [...seconds(100, 0), ...seconds(20, MIB), ...seconds(100, 500)];
  assert.deepEqual(quietAfter(new QuietWatch(), reads), [30, 150]);
});

test('a busy log is not interrupted, and a few lines now and then are no work', () => {
  const busy = Array.from({ length: 200 }, (_, second) => (second % 29 === 0 ? MIB : 0));
  assert.deepEqual(quietAfter(new QuietWatch(), busy), []);
  assert.deepEqual(quietAfter(new QuietWatch(), seconds(1000, 1000)), [30]);
});
