import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everySecond } from '../../src/daemon/every-second.ts';

test('what is done each second is done in one go, by one timer that ends with the last of it', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const start = t.mock.method(globalThis, 'setInterval');
  const done: string[] = [];
  const endFirst = everySecond(() => done.push('first'));
  t.mock.timers.tick(600);
  const endSecond = everySecond(() => done.push('second'));
  t.mock.timers.tick(400);
  assert.deepEqual(done.splice(0), ['first', 'second']);
  endFirst();
  endFirst();
  t.mock.timers.tick(1000);
  assert.deepEqual(done.splice(0), ['second']);
  endSecond();
  t.mock.timers.tick(1000);
  assert.equal(done.length, 0);
  everySecond(() => {})();
  assert.equal(start.mock.callCount(), 2);
});
