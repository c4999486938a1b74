/** The byte scanner against JSON.parse: the same row or the same refusal for any line. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parser } from '../../src/parse/parser.ts';
import fc from '../support/fast-check.ts';
import { allKeys, bytesOf, featuresOf, outcomeOf, PARSER, slowly } from '../support/parse.ts';

const parser = new Parser({ ...PARSER, format: 'json' });
const utf8 = new TextDecoder('utf-8', { fatal: true });
const { FUZZ_RUNS = '5000' } = process.env;
const numRuns = Number(FUZZ_RUNS);

const values = [
  '"192.0.2.7"',
  '"2001:db8::7"',
  '"::ffff:192.0.2.7"',
  '1706295602',
  '1706295602.123',
  '1706295602.120',
  '"1706295602.999"',
  '"2024-01-26T19:00:02+01:00"',
  '"26/Jan/2024:19:00:02 +0100"',
  '200',
  '"200"',
  '200.0',
  '404',
  '0',
  '007',
  '-1',
  '1.',
  '.5',
  '1e3',
  '1.70629560212345678901',
  '1706295602.99999999999999999',
  '0.0000001',
  '""',
  '"-"',
  'null',
  'true',
  'nul',
  '{"a":[1,2,{"b":"}"}]}',
  '[]',
  '"/style.css?v=1"',
  '"/logo.PNG"',
  '"/caf\u00e9.js"',
  '"/\\u002ecss"',
  '"/a\\/b.png"',
  '"GET /app.js HTTP/1.1"',
  '"say \\"hi\\""',
  '"back\\\\"',
  '"tab\\t"',
  '"bad \\x41"',
  '"bad \\q"',
  '"short \\u12"',
  '"\ud83d\ude00"',
  '"raw\ttab"',
  '"GET"',
  '"POST"',
  '"Examplebot/1.0"',
  '"open',
];

const space = fc.constantFrom('', '', '', ' ', '\t', '  ', '\r');
const key = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...allKeys().map((entry) => entry.key)) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('x', '', 'status2', 'statu', '__proto__', 'pa\u00fcth', 'st\\u0061tus', 'a\\"b'),
  },
);
const value = fc.oneof(
  fc.constantFrom(...values),
  fc.string().map((text) => JSON.stringify(text)),
);
const member = fc
  .tuple(space, key, space, space, value, space)
  .map(([a, name, b, c, text, d]) => `${a}"${name}"${b}:${c}${text}${d}`);
const usual = fc.constant('"timestamp":1706295602,"source_ip":"192.0.2.7","status":200');
const object = fc
  .tuple(space, fc.array(fc.oneof(member, usual), { maxLength: 8 }), space)
  .map(([before, members, after]) => `${before}{${members.join(',')}}${after}`);

/** A byte is changed, left out or put in. */
const mutation = fc.record({
  kind: fc.constantFrom('flip', 'insert', 'delete'),
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  byte: fc.oneof(fc.constantFrom(...bytesOf('"\\{}[]:,.-+eE0\t ')), fc.integer({ min: 0, max: 255 })),
});

function mutate(line: Uint8Array, { kind, at, byte }: { kind: string; at: number; byte: number }): Uint8Array {
  const index = Math.floor(at * line.length);
  const rest = line.subarray(kind === 'insert' ? index : index + 1);
  return Uint8Array.from([...line.subarray(0, index), ...(kind === 'delete' ? [] : [byte]), ...rest]);
}

function assertSame(line: Uint8Array): void {
  if (line.includes(0x0a)) return;
  let text: string;
  try {
    text = utf8.decode(line);
  } catch {
    return;
  }
  // Without an opening brace there is no place for the key that forces the slow path, and no difference either.
  if (!/^[ \t\r]*\{/.test(text)) return;
  const slow = bytesOf(slowly(text));
  assert.deepEqual(outcomeOf(parser, line), outcomeOf(parser, slow), JSON.stringify(text));
  assert.deepEqual(featuresOf(parser, line), featuresOf(parser, slow), JSON.stringify(text));
}

test('the scanner and JSON.parse agree on any object', () => {
  fc.assert(
    fc.property(object, (line) => assertSame(bytesOf(line))),
    { numRuns },
  );
});

test('they agree on damaged lines', () => {
  const damaged = fc
    .tuple(object, fc.array(mutation, { minLength: 1, maxLength: 4 }))
    .map(([line, mutations]) => mutations.reduce(mutate, bytesOf(line) as Uint8Array));
  fc.assert(fc.property(damaged, assertSame), { numRuns });
});

test('they agree on a key given twice', () => {
  for (const [first, second] of [
    ['"404"', '""'],
    ['""', '"404"'],
    ['"404"', '"-"'],
    ['"404"', 'null'],
    ['"404"', '"200"'],
    ['404', '500'],
  ]) {
    assertSame(bytesOf(`{"time":5,"remote_addr":"192.0.2.1","status":${first},"status":${second}}`));
    assertSame(bytesOf(`{"msec":7,"time":${first},"remote_addr":"192.0.2.1","time":${second}}`));
  }
});

test('a line of the common shape never needs the slow path', () => {
  class NoDecoder extends TextDecoder {
    override decode(): string {
      throw new Error('slow path');
    }
  }
  const fast = new Parser(PARSER);
  Object.assign(fast, { decoder: new NoDecoder() });
  const line =
    '{"msec":"1706295602.120","remote_addr":"192.0.2.7","request":"GET /a?b=\u00e9 HTTP/2.0","status":200,' +
    '"body_bytes_sent":512,"request_time":0.012,"http_user_agent":"x","upstream":"y\\"z\\\\","n":0}';
  assert.equal(typeof outcomeOf(fast, bytesOf(line)), 'object');
});
