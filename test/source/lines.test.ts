import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Cut, cutLines } from '../../src/source/lines.ts';
import { LongLine } from '../../src/source/long-line.ts';
import fc from '../support/fast-check.ts';

const MAX = 24;

/** What is handed on of a line of any length. */
function handedOn(line: string): string | undefined {
  if (line.length <= MAX) return `${line}\n`;
  const long = new LongLine(MAX);
  long.feed(Buffer.from(line, 'latin1'));
  const bytes = long.end();
  return bytes && Buffer.from(bytes).toString('latin1');
}

const ownCopy = (text: string): Buffer<ArrayBuffer> => {
  const buffer = Buffer.allocUnsafeSlow(text.length);
  buffer.write(text, 'latin1');
  return buffer;
};

const text = fc
  .array(fc.constantFrom('a', '"b', '\n', ' cccc', `${'d'.repeat(MAX)}\n`, 'e'.repeat(MAX), '"', '\\"', '\\u0001'), {
    maxLength: 30,
  })
  .map((parts) => parts.join(''));

test('cutting gives every whole line once, shortened where it is too long, however the bytes come', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 60 }), (content, piece) => {
      const lines = content.split('\n');
      const rest = lines.pop() ?? '';
      const expected = lines.map(handedOn);
      let [out, oversized, waiting] = ['', 0, ''];
      let cut: Cut | undefined;
      for (let at = 0; at < content.length; at += piece) {
        const given = waiting + content.slice(at, at + piece);
        cut = cutLines(ownCopy(given), given.length, MAX, cut?.long);
        assert.equal(cut.bytes.byteOffset, 0);
        out += Buffer.from(cut.bytes).toString('latin1');
        oversized += cut.oversized;
        waiting = cut.long ? '' : given.slice(cut.consumed);
      }
      assert.equal(out, expected.join(''));
      assert.equal(oversized, expected.filter((line) => line === undefined).length);
      if (!cut?.long) assert.equal(waiting, rest);
      else assert.ok(rest.length > MAX);
    }),
    { numRuns: 3000 },
  );
});

test('a line of exactly the limit is left as it is, one byte more and its long value is shortened', () => {
  const line = (length: number) => `a "${'x'.repeat(length - 4)}"`;
  for (const [length, kept] of [
    [MAX, line(MAX)],
    [MAX + 1, 'a "xx"'],
  ] as const) {
    const { bytes, oversized } = cutLines(ownCopy(`${line(length)}\n`), length + 1, MAX);
    assert.equal(Buffer.from(bytes).toString(), `${kept}\n`);
    assert.equal(oversized, 0);
  }
});

test('what no shortening makes a log line is dropped and counted: no quote, or nothing but quotes', () => {
  for (const line of ['x'.repeat(MAX + 1), '"'.repeat(MAX + 1), `"" ${' '.repeat(MAX)}`]) {
    const { bytes, oversized } = cutLines(ownCopy(`${line}\n`), line.length + 1, MAX);
    assert.equal(bytes.length, 0, line);
    assert.equal(oversized, 1);
  }
});
