import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cutLines } from '../../src/source/lines.ts';

const MAX = 8;

/** The same, by splitting. */
function naive(text: string, dropping: boolean): { lines: string; oversized: number; rest: string; dropping: boolean } {
  const parts = text.split('\n');
  let rest = parts.pop() ?? '';
  let lines = '';
  let oversized = 0;
  let continues = dropping;
  for (const part of parts) {
    if (continues || part.length > MAX) oversized++;
    else lines += `${part}\n`;
    continues = false;
  }
  if (continues || rest.length > MAX) {
    continues = true;
    if (dropping && parts.length === 0) rest = text;
  }
  return { lines, oversized, rest, dropping: continues };
}

const text = fc
  .array(fc.constantFrom('a', 'b', '\n', 'cccc', 'dddddddd\n', 'eeeeeeeee'), { maxLength: 30 })
  .map((parts) => parts.join(''));

test('cutting keeps exactly the whole lines that are short enough, as splitting does', () => {
  fc.assert(
    fc.property(text, fc.boolean(), fc.string({ maxLength: 5 }), (content, dropping, behind) => {
      const buffer = Buffer.from(content + behind, 'latin1');
      const cut = cutLines(buffer, content.length, MAX, dropping);
      const expected = naive(content, dropping);
      assert.equal(buffer.toString('latin1', 0, cut.kept), expected.lines);
      assert.equal(cut.oversized, expected.oversized);
      assert.equal(content.slice(cut.consumed), expected.rest);
      assert.equal(cut.dropping, expected.dropping);
    }),
    { numRuns: 2000 },
  );
});

test('a line of exactly the limit is kept, one byte more is not', () => {
  for (const [line, kept] of [
    ['x'.repeat(MAX), true],
    ['x'.repeat(MAX + 1), false],
  ] as const) {
    const cut = cutLines(Buffer.from(`${line}\n`), line.length + 1, MAX, false);
    assert.equal(cut.kept, kept ? MAX + 1 : 0);
    assert.equal(cut.oversized, kept ? 0 : 1);
  }
});
