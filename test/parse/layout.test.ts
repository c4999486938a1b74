/** Lines of one layout are recognised by the text between their values: with the same result as read one by one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parser } from '../../src/parse/parser.ts';
import { LINE, ROW, SKIP_REASONS } from '../../src/parse/tally.ts';
import fc from '../support/fast-check.ts';
import { allKeys, bytesOf, NEVER, PARSER, slowly } from '../support/parse.ts';

const { FUZZ_RUNS = '5000' } = process.env;

const key = fc.oneof(fc.constantFrom(...allKeys().map((entry) => entry.key)), fc.constantFrom('x', 'upstream', 'k'));
const space = fc.constantFrom('', '', '', ' ', '  ');
/** What stays from line to line: text before each value, and whether it is quoted. */
const layout = fc.record({
  members: fc.array(fc.record({ key, before: space, after: space, quoted: fc.boolean() }), {
    minLength: 1,
    maxLength: 7,
  }),
  end: fc.constantFrom('}', ' }', '}\r', '} '),
});
const text = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('192.0.2.7', '2001:db8::7', '1706295602.123', '200', '404', '/a.css', '', '-'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('a\\"b', 'a\\\\', '\\u0041', '\\q', 'a\tb', 'a"b', '\u00e9', 'GET /b.js HTTP/1.1'),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 40 }) },
);
const bare = fc.constantFrom('200', '404', '1706295602', '1706295602.5', '0', '200.0', '007', 'null', '-1', '1.', '');

/** A byte behind the opening brace is another one. */
const damage = fc.option(fc.record({ at: fc.nat(200), to: fc.constantFrom('z', '"', ' ', ':', '9') }), { freq: 4 });

/** Lines of one layout, now and then one of another, or one that differs in a byte. */
const log = fc
  .tuple(
    layout,
    layout,
    fc.array(fc.record({ other: fc.boolean(), often: fc.nat(9), text, bare, damage }), { maxLength: 40 }),
  )
  .map(([usual, rare, lines]) =>
    lines.map((line, index) => {
      const { members, end } = line.other && line.often === 0 ? rare : usual;
      const value = (quoted: boolean, at: number) => {
        const from = lines[(index + at * 7) % lines.length] ?? line;
        return quoted ? `"${from.text}"` : from.bare;
      };
      const parts = members.map(
        (member, at) => `${member.before}"${member.key}":${member.after}${value(member.quoted, at)}`,
      );
      const whole = `{${parts.join(',')}${end}`;
      if (line.damage === null) return whole;
      const broken = 1 + (line.damage.at % (whole.length - 1));
      return `${whole.slice(0, broken)}${line.damage.to}${whole.slice(broken + 1)}`;
    }),
  );

/** Rows and refusals of a whole chunk. */
function resultOf(bytes: Uint8Array) {
  const { rows, count, skipped, lines } = new Parser({ ...PARSER, format: 'json' }).parse(bytes, NEVER);
  return { rows: [...rows.subarray(0, count * ROW)], skipped: [...skipped], lines };
}

test('a chunk of one layout gives what its lines give on the slow path', () => {
  fc.assert(
    fc.property(log, (lines) => {
      const expected = { rows: [] as number[], skipped: SKIP_REASONS.map(() => 0), lines: lines.length };
      let start = 0;
      for (const line of lines) {
        const slow = resultOf(bytesOf(slowly(line)));
        for (const [reason, count] of slow.skipped.entries()) {
          expected.skipped[reason] = (expected.skipped[reason] ?? 0) + count;
        }
        if (slow.rows.length > 0) expected.rows.push(...slow.rows.with(LINE, start));
        start += bytesOf(line).length + 1;
      }
      const bytes = bytesOf(lines.map((line) => `${line}\n`).join(''));
      assert.deepEqual(resultOf(bytes), expected);
    }),
    { numRuns: Number(FUZZ_RUNS) / 5 },
  );
});

test('a chunk may lie anywhere in its buffer, and need not end in a newline', () => {
  const lines = Array.from(
    { length: 9 },
    (_, n) =>
      `{"time":"${1_706_295_600 + n}","remote_addr":"192.0.2.${'7'.repeat(1 + (n % 2))}","status":"200","uri":"/${n}"}`,
  );
  const bytes = bytesOf(lines.join('\n'));
  const expected = resultOf(bytes);
  assert.equal(expected.rows.length, 9 * ROW);
  for (let offset = 1; offset < 9; offset++) {
    const buffer = new Uint8Array(bytes.length + offset + 3).fill(0x22);
    buffer.set(bytes, offset);
    assert.deepEqual(resultOf(buffer.subarray(offset, offset + bytes.length)), expected, `at ${offset}`);
  }
});

test('a line means the same behind other lines as alone, whatever was remembered of them', () => {
  const [methods, programs] = [
    ['GET', 'POST', 'HEAD'],
    ['/index.php/a', '/index.php', '/a.css', '/login/17', '/A.CSS?b=1', '//a/../b.png'],
  ];
  const request = fc.record({
    method: fc.constantFrom(...methods),
    path: fc.oneof(
      fc.constantFrom(...programs),
      fc.string({ unit: fc.constantFrom(...'ab1/.%?=2'), maxLength: 6 }).map((rest) => `/a/b${rest}`),
    ),
    status: fc.constantFrom('200', '404'),
    user_agent: fc.constantFrom('Examplebot/1.0', 'Examplebox/1.0', 'Mozilla/5.0', '-'),
    referer: fc.constantFrom('-', 'https://example.org/a', 'https://EXAMPLE.org', 'https://example.net/', 'x//y', '/'),
    timestamp: fc.constantFrom(
      '1706295602.123',
      '1706295602',
      '2024-01-26T19:00:02Z',
      '26/Jan/2024:19:00:02 +0100',
      '170629560',
    ),
  });
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 30 }), (requests) => {
      const lines = requests.map((fields) => `${JSON.stringify({ source_ip: '192.0.2.7', ...fields })}\n`);
      const together = resultOf(bytesOf(lines.join('')));
      let start = 0;
      const alone = lines.flatMap((line) => {
        const { rows } = resultOf(bytesOf(line));
        const row = rows.with(LINE, start);
        start += line.length;
        return row;
      });
      assert.deepEqual(together.rows, alone);
    }),
    { numRuns: Number(FUZZ_RUNS) / 50 },
  );
});
