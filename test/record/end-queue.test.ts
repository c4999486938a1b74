import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EndQueue } from '../../src/record/projection/end-queue.ts';
import fc from '../support/fast-check.ts';

function takeAll(queue: EndQueue, nowMs: number): string[] {
  const taken: string[] = [];
  for (let client = queue.take(nowMs); client !== undefined; client = queue.take(nowMs)) taken.push(client);
  return taken;
}

test('whatever is added in whatever order comes out by its end, and not before it', () => {
  const property = fc.property(fc.array(fc.nat(50)), fc.nat(50), (ends, nowMs) => {
    const queue = new EndQueue();
    for (const [index, end] of ends.entries()) queue.add(`${end} ${index}`, end);
    const due = takeAll(queue, nowMs).map((client) => Number.parseInt(client, 10));
    assert.deepEqual(
      due,
      ends.filter((end) => end <= nowMs).toSorted((a, b) => a - b),
    );
    assert.equal(queue.size, ends.length - due.length);
    assert.equal(takeAll(queue, 50).length, queue.size + ends.length - due.length);
  });
  fc.assert(property);
});
