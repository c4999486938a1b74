/** Lines in the combined format are read from the chunk without a search for their ends: with the same result as one by one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ADDRESS } from '../../src/parse/fields.ts';
import type { LogFormat } from '../../src/parse/formats.ts';
import { Parser } from '../../src/parse/parser.ts';
import { LINE, ROW } from '../../src/parse/tally.ts';
import fc from '../support/fast-check.ts';
import { bytesOf, NEVER, PARSER } from '../support/parse.ts';

const TIME = '[26/Jan/2024:19:00:02 +0000]';

test('a line in a chunk means what it means alone, whatever stands around it', () => {
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'ab/ .?=-'), maxLength: 8 }),
    fc.constantFrom('-', '', '\\', 'a\\', 'a\\"', '"', 'a b', '\t', 'GET /a.css HTTP/1.1', 'GET / HTTP/1.1'),
  );
  const time = fc.constantFrom(TIME, '[26/Jan/2024:19:00:03 +0000]', '[26/Jan/2024:19:00 +0000]', '[x]');
  const numbers = fc.constantFrom('200 612', '304 -', '404 0', '000 1', '2000 6', '200', '200 4294967299', '200 6x');
  const ending = fc.constantFrom('', '', '', '\r', ' ', ' 0.003', ' "more"', ' "', '\\');
  const whole = fc
    .tuple(text, time, text, numbers, fc.array(text, { maxLength: 2 }), ending)
    .map(([user, at, request, code, quoted, end]) => {
      const rest = quoted.map((value) => ` "${value}"`).join('');
      return `192.0.2.7 - ${user} ${at} "${request}" ${code}${rest}${end}`;
    });
  const line = fc.oneof(
    { weight: 9, arbitrary: whole },
    { weight: 1, arbitrary: fc.constantFrom('', '\r', '"', '{"time":1,"remote_addr":"192.0.2.8"}') },
    { weight: 1, arbitrary: fc.tuple(whole, fc.nat(100)).map(([of, length]) => of.slice(0, length)) },
  );
  const resultOf = (format: LogFormat, given: string) => {
    const bytes = bytesOf(given);
    const parser = new Parser({ ...PARSER, format });
    const { rows, count, skipped, lines } = parser.parse(bytes, NEVER);
    const read = Array.from({ length: count }, (_, row) => rows.slice(row * ROW, (row + 1) * ROW));
    // What is read again later is the same, also after a sample of another line was taken.
    for (const row of read) {
      parser.readRecord(bytesOf(`198.51.100.1 - - ${TIME} "GET / HTTP/1.1" 200 612`));
      const { starts, ends } = parser.scanLine(bytes, row[LINE] ?? 0) ?? assert.fail();
      assert.equal(given.slice(starts[ADDRESS], ends[ADDRESS]).slice(0, 8), '192.0.2.');
    }
    return { rows: read, skipped, lines };
  };
  fc.assert(
    fc.property(
      fc.constantFrom<LogFormat>('auto', 'combined'),
      fc.array(line, { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      (format, lines, isCut) => {
        const together = resultOf(format, lines.join('\n') + (isCut && lines.at(-1) !== '' ? '' : '\n'));
        const skipped = new Uint32Array(together.skipped.length);
        let start = 0;
        const rows = lines.flatMap((text) => {
          const alone = resultOf(format, text === '' ? '\n' : text);
          for (const [reason, count] of alone.skipped.entries()) skipped[reason] = (skipped[reason] ?? 0) + count;
          const moved = alone.rows.map((row) => row.with(LINE, start));
          start += bytesOf(text).length + 1;
          return moved;
        });
        assert.deepEqual(together, { rows, skipped, lines: lines.length });
      },
    ),
    { numRuns: 500 },
  );
});
