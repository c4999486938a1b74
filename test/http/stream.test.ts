import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { EventStream } from '../../src/http/stream.ts';

/** A reader whose socket is full whenever `stuck` is set. */
class Reader extends EventEmitter {
  written: string[] = [];
  stuck = false;
  destroyed = false;
  get writableNeedDrain(): boolean {
    return this.stuck;
  }
  writeHead(): this {
    return this;
  }
  write(text: string | Buffer): boolean {
    this.written.push(String(text));
    return true;
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
  end(): void {
    this.destroy();
  }
}
const response = (reader: Reader) => reader as unknown as ServerResponse;

test('a slow reader misses messages, delays nobody and is cut off in the end', () => {
  const stream = new EventStream(2);
  const [slow, quick] = [new Reader(), new Reader()];
  assert.ok(stream.add(response(slow), undefined));
  assert.ok(stream.add(response(quick), '{}'));
  slow.stuck = true;
  for (let count = 0; count < 10; count += 1) stream.send(`{"n":${count}}`);
  assert.equal(slow.written.length, 1);
  assert.equal(quick.written.length, 12);
  assert.equal(slow.destroyed, false);
  stream.send('{}');
  assert.equal(slow.destroyed, true);
  assert.equal(stream.readers, 1);
});

test('a reader that catches up is forgiven', () => {
  const stream = new EventStream(1);
  const reader = new Reader();
  stream.add(response(reader), undefined);
  for (let round = 0; round < 5; round += 1) {
    reader.stuck = true;
    for (let count = 0; count < 8; count += 1) stream.send('{}');
    reader.stuck = false;
    stream.send('{}');
  }
  assert.equal(reader.destroyed, false);
  assert.equal(reader.written.length, 6);
});

test('there are no more readers than allowed, and a closed one makes room', () => {
  const stream = new EventStream(1);
  const first = new Reader();
  assert.ok(stream.add(response(first), undefined));
  assert.equal(stream.add(response(new Reader()), undefined), false);
  first.destroy();
  assert.ok(stream.add(response(new Reader()), undefined));
});
