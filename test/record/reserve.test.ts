import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isAnything, isNull } from '../../src/model/shape.ts';
import { Reserve } from '../../src/record/loss/reserve.ts';
import { fill, folder, notRoot, smallDisk } from './examples.ts';

test('the newest value on any of the disks counts', (t) => {
  const [a, b] = [join(folder(t), 'a'), join(folder(t), 'b')];
  const both = new Reserve([a, b]);
  both.prepare();
  assert.equal(both.read(isAnything), undefined);
  assert.equal(statSync(a).size, 512);
  assert.equal(both.write({ generation: 1, value: 'one' }), true);
  assert.equal(new Reserve([b]).write({ generation: 2, value: null }), true);
  assert.deepEqual(both.read(isAnything), { generation: 2, value: null });
  writeFileSync(b, 'torn');
  assert.equal(both.read(isNull), undefined);
  assert.deepEqual(both.read(isAnything), { generation: 1, value: 'one' });
  assert.equal(both.write({ generation: 3, value: 'x'.repeat(600) }), false);
  assert.deepEqual(both.read(isAnything), { generation: 1, value: 'one' });
});

test('a full disk takes what was prepared for, and nothing else', { skip: notRoot }, (t) => {
  const disk = smallDisk(t);
  const reserve = new Reserve([join(disk, 'prepared')]);
  reserve.prepare();
  fill(disk);
  assert.equal(reserve.write({ generation: 1, value: 'held' }), true);
  assert.deepEqual(reserve.read(isAnything), { generation: 1, value: 'held' });
  assert.equal(new Reserve([join(disk, 'unprepared')]).write({ generation: 1, value: 'held' }), false);
});
