import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from '../../src/http/turns.ts';

/** Keeps the thread busy. */
function work(ms: number): readonly [startMs: number, endMs: number] {
  const startMs = performance.now();
  while (performance.now() < startMs + ms);
  return [startMs, performance.now()];
}

test('between two long answers the thread is free four times as long as the first took', async () => {
  const turns = new Turns();
  const made = await Promise.all(Array.from({ length: 4 }, () => turns.take(() => work(20))));
  for (const [at, [startMs, endMs]] of made.entries()) {
    const nextMs = made[at + 1]?.[0];
    // A timer may be a millisecond early.
    if (nextMs !== undefined) assert.ok(nextMs - endMs >= 4 * (endMs - startMs) - 2, `rested ${nextMs - endMs} ms`);
  }
});

test('an answer that fails is told, and the next one is made', async () => {
  const turns = new Turns();
  const failed = turns.take(() => Promise.reject(new Error('no database')));
  const next = turns.take(() => 'there');
  await assert.rejects(failed, /no database/);
  assert.equal(await next, 'there');
});
