/** Where a text ends, by words of four bytes, against the definition byte by byte. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findTextEnd } from '../../src/parse/text-end.ts';
import fc from '../support/fast-check.ts';

/** All bytes, and often those at the borders of what ends a text. */
const byte = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0x23, max: 0x5b }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0, 1, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x5b, 0x5c, 0x5d, 0x7f, 0x80, 0xa2, 0xff),
  },
  { weight: 1, arbitrary: fc.nat(255) },
);

test('a text ends at the first quote, backslash or control character, wherever it stands', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3 }), fc.array(byte, { maxLength: 24 }), (before, text) => {
      const bytes = Uint8Array.from([...before, ...text]);
      const end = text.findIndex((c) => c === 0x22 || c === 0x5c || c < 0x20);
      const expected = end < 0 ? bytes.length : before.length + end;
      assert.equal(findTextEnd(new DataView(bytes.buffer), before.length, bytes.length), expected);
    }),
    { numRuns: 5000 },
  );
});
