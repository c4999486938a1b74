/** What was learned as bytes: everything comes back, and damage is found. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packEngineState, parseEngineState } from '../../src/engine/engine-state.ts';
import { packState, unpackState } from '../../src/engine/packed-state.ts';
import { ready } from '../detect/site.ts';
import fc from '../support/fast-check.ts';

const JSON_BYTES = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

test('whatever JSON can hold comes back', () => {
  const list = fc.oneof(
    fc.array(fc.nat(), { maxLength: 40 }),
    fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { minLength: 14, maxLength: 20 }),
    fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 40 }),
  );
  const value = fc.record({ list, json: fc.jsonValue(), deep: fc.record({ lists: fc.array(list) }) });
  fc.assert(
    fc.property(value, (value) => {
      const packed = packState(value);
      const expected = JSON.parse(JSON.stringify(value));
      assert.deepEqual(unpackState(packed), expected);
      assert.deepEqual(unpackState(Buffer.from(packed)), expected, 'as a database gives it');
    }),
  );
});

test('an engine goes on from a packed state as from the one that was packed', () => {
  const state = ready().bench.engine.snapshot();
  const packed = packEngineState(state);
  assert.deepEqual(parseEngineState(packed), JSON.parse(JSON.stringify(state)));
  assert.equal(packed.buffer.byteLength, packed.length, 'nothing else is transferred with it');
});

test('many paths take little more than half the room that they took as JSON', () => {
  const table = Array.from({ length: 7 * 10_000 }, (_, n) => (n % 7 < 3 ? (n * 2_654_435_761) >>> 0 : 0));
  const state = { ...ready().bench.engine.snapshot(), table };
  assert.ok(packEngineState(state).length < 0.6 * JSON_BYTES(state).length);
});

test('a flipped bit, a missing end and other bytes are refused; another version is nothing to go on with', () => {
  const packed = packEngineState(ready().bench.engine.snapshot());
  for (const at of [12, 16, 21, packed.length >> 1, packed.length - 1]) {
    const damaged = packed.slice();
    damaged[at] = (damaged[at] as number) ^ 4;
    assert.throws(() => parseEngineState(damaged), SyntaxError, `byte ${at}`);
  }
  for (const length of [0, 3, 19, 20, 40, packed.length - 1])
    assert.throws(() => parseEngineState(packed.subarray(0, length)), SyntaxError, `${length} bytes`);
  const newer = packed.slice();
  newer[4] = 99;
  assert.equal(parseEngineState(newer), undefined);
  assert.throws(() => parseEngineState(JSON_BYTES({ version: 1 })), SyntaxError, 'of version 0.1');
});
