/** What is remembered of texts is theirs, whatever else was read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeenTexts } from '../../src/parse/seen-texts.ts';
import fc from '../support/fast-check.ts';
import { bytesOf } from '../support/parse.ts';

const BYTES_MAX = 16;

test('a text is recognised where its slot has the same text, and always when it comes twice in a row', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'cccc'), maxLength: BYTES_MAX + 3 });
  const chunks = fc.array(fc.array(text, { maxLength: 12 }), { maxLength: 4 });
  fc.assert(
    fc.property(chunks, fc.nat(3), (all, offset) => {
      // Four slots, so that texts take each other's place.
      const seen = new SeenTexts(2, BYTES_MAX);
      const noted = new Map<number, string>();
      for (const texts of all) {
        const chunk = bytesOf(' '.repeat(offset) + texts.join('')).subarray(offset);
        seen.open(chunk);
        let start = 0;
        for (const found of texts) {
          const end = start + found.length;
          const slot = seen.find(chunk, start, end);
          assert.ok(slot < seen.slots && slot >= -seen.slots);
          if (slot >= 0) assert.equal(noted.get(slot), found);
          else noted.set(-1 - slot, found);
          const isRemembered = found.length >= 4 && found.length <= BYTES_MAX;
          assert.equal(seen.find(chunk, start, end) >= 0, isRemembered, found);
          start = end;
        }
      }
    }),
  );
});

test('bytes that are not of the chunk are not remembered', () => {
  const seen = new SeenTexts(2, BYTES_MAX);
  seen.open(bytesOf('/a/path'));
  const other = bytesOf('/another');
  assert.equal(seen.find(other, 0, other.length), -seen.slots);
  assert.equal(seen.find(other, 0, other.length), -seen.slots);
});
