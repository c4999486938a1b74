import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Trouble, Troubles } from '../../src/daemon/troubles.ts';

function make() {
  const logged: string[] = [];
  const told: Trouble[] = [];
  const over: Trouble[] = [];
  const troubles = new Troubles({
    log: (level, message) => void logged.push(`${level} ${message}`),
    onBegin: (trouble) => void told.push(trouble),
    onEnd: (trouble) => void over.push(trouble),
  });
  return { troubles, logged, told, over };
}

test('a trouble is told when it begins, listed while it stands, and told when it is over', () => {
  const { troubles, logged, told, over } = make();
  troubles.begin('database', 'the disk is full', 'make room');
  assert.deepEqual(told, [{ key: 'database', what: 'the disk is full', fix: 'make room' }]);
  assert.deepEqual(logged, ['error the disk is full']);
  troubles.begin('database', 'the disk is full; 7 rows wait', 'make room');
  assert.equal(told.length, 1, 'silent while the same one stands');
  assert.deepEqual(troubles.list(), ['the disk is full; 7 rows wait; make room'], 'but the newest words are shown');
  troubles.end('database');
  troubles.end('database');
  assert.deepEqual(logged, ['error the disk is full', 'info over: the disk is full; 7 rows wait']);
  assert.deepEqual(troubles.list(), []);
  const newest = { key: 'database', what: 'the disk is full; 7 rows wait', fix: 'make room' };
  assert.deepEqual(over, [newest], 'its end is reported once');
  troubles.begin('database', 'the disk is full again');
  assert.equal(told.length, 2, 'a new one is told again');
  assert.deepEqual(troubles.list(), ['the disk is full again']);
});

test('troubles of different parts stand beside each other', () => {
  const { troubles, told } = make();
  troubles.begin('log /a', 'a');
  troubles.begin('log /b', 'b');
  troubles.end('log /a');
  troubles.end('log /c');
  assert.equal(told.length, 2);
  assert.deepEqual(troubles.list(), ['b']);
});
