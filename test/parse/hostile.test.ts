/**
 * Whatever clients send, as nginx writes it into a log: the line gives the client's address, the second and the status that
 * nginx knows, and the path that was asked for; nobody becomes invisible, and nobody speaks for another.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parser } from '../../src/parse/parser.ts';
import { PathFeatures } from '../../src/parse/path-features.ts';
import { LINE, PATTERN, URL } from '../../src/parse/tally.ts';
import { cutLines, ownBuffer } from '../../src/source/lines.ts';
import fc from '../support/fast-check.ts';
import { escapeDefault, escapeJson } from '../support/nginx-escape.ts';
import { NEVER, outcomeOf, PARSER } from '../support/parse.ts';

/** What a client chooses, as nginx has it. */
const FIELDS = ['method', 'path', 'host', 'user', 'agent', 'referer', 'length'] as const;
type Hostile = Readonly<Record<(typeof FIELDS)[number], Uint8Array>>;

const TIME = '26/Jan/2024:19:00:02 +0000';
const ROW = { second: 1_706_295_602, high: 1, low: 0xc000_0207 };
const LINE_BYTES_MAX = 65_536;
/** A header line fits into one of nginx's buffers (large_client_header_buffers 4 8k). */
const HEADER_BYTES_MAX = 8190;

const bait = fc.constantFrom(
  '"',
  '\\',
  '","source_ip":"8.8.4.4","status":"200","x":"',
  '8.8.4.4',
  '8.8.4.4 - - ',
  ` - - [${TIME}] "GET / HTTP/1.1" 200 1 "-" "-"`,
  '{"time":1,"source_ip":"8.8.4.4"}',
  '{',
  '}',
  ',',
  '-',
  '',
  '[',
  '] "',
  '\\x22',
  '\\u0022',
  '\u2028',
  '\ud800',
  '\u0000\n\r\t',
);
const piece = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  bait.map((text) => Buffer.from(text)),
);
const short = fc.array(piece, { maxLength: 4 }).map((pieces) => Buffer.concat(pieces));
/** Most are short, some as long as nginx takes them. */
const value = fc.oneof(
  { weight: 3, arbitrary: short },
  {
    weight: 1,
    arbitrary: fc
      .tuple(short, fc.integer({ min: 1, max: 8000 }))
      .map(([bytes, times]) =>
        Buffer.concat(Array(times).fill(bytes).slice(0, HEADER_BYTES_MAX)).subarray(0, HEADER_BYTES_MAX),
      ),
  },
);
const without = (of: fc.Arbitrary<Buffer>, ...bytes: number[]) =>
  of.map((whole) => whole.filter((byte) => !bytes.includes(byte)));
const hostile: fc.Arbitrary<Hostile> = fc.record({
  method: without(short, 0x20),
  // Beyond a space would be the protocol.
  path: without(short, 0x20).map((bytes) => Buffer.concat([Buffer.from('/'), bytes])),
  // nginx refuses the request since 1.21.1, and logs its own name.
  host: without(value, ...Array(0x21).keys(), 0x7f),
  user: value,
  agent: value,
  referer: value,
  length: short,
});
const status = fc.constantFrom('000', '009', '200', '400', '404', '499');
const address = '192.0.2.7';

interface Format {
  readonly name: string;
  readonly template: string;
  readonly escaped: (value: Uint8Array) => Uint8Array;
  readonly format: 'auto' | 'json' | 'combined' | 'vhost_combined';
  /** The bytes of the path that are judged: one of these. */
  readonly pathsOf: (path: Uint8Array) => Uint8Array[];
}

/** As it is; where JSON.parse had to read the line, bytes that are no UTF-8 are replaced. */
const asIs = (path: Uint8Array) => [path, new TextEncoder().encode(new TextDecoder().decode(path))];
/** Default escaping inside JSON: the bytes come out as characters. */
const asCharacters = (path: Uint8Array) => [new TextEncoder().encode(Buffer.from(path).toString('latin1'))];
const asLogged = (path: Uint8Array) => [escapeDefault(path)];
const README =
  '{"timestamp":"$msec","source_ip":"$address","method":"$method","path":"$path","status":"$status",' +
  '"user_agent":"$agent","referer":"$referer","host":"$host"}';
const LATE =
  '{ "user_agent": "$agent", "http_host": "$host", "user": "$user", "referer": "$referer", "content_length": $length, ' +
  '"request": "$method $path HTTP/1.1", "request_uri": "$path", "upstream_time": $nothing, "status": $status, ' +
  '"remote_addr": "$address", "msec": $msec }';
const COMBINED = '$address - $user [$time] "$method $path HTTP/1.1" $status 612 "$referer" "$agent"';
const FORMATS: Format[] = [
  ...(['auto', 'json'] as const).flatMap((format) => [
    { name: `README, ${format}`, template: README, escaped: escapeJson, format, pathsOf: asIs },
    { name: `clients' fields first, ${format}`, template: LATE, escaped: escapeJson, format, pathsOf: asIs },
    {
      name: `escape=json forgotten, ${format}`,
      template: README,
      escaped: escapeDefault,
      format,
      pathsOf: asCharacters,
    },
    { name: `both, ${format}`, template: LATE, escaped: escapeDefault, format, pathsOf: asCharacters },
  ]),
  ...(['auto', 'combined'] as const).map((format) => ({
    name: `combined, ${format}`,
    template: COMBINED,
    escaped: escapeDefault,
    format,
    pathsOf: asLogged,
  })),
  {
    name: 'vhost_combined',
    template: `$host ${COMBINED}`,
    escaped: escapeDefault,
    format: 'vhost_combined',
    pathsOf: asLogged,
  },
];

function writeLine(
  { template, escaped }: Format,
  values: Hostile,
  known: Readonly<Record<string, string>>,
): Buffer<ArrayBuffer> {
  const parts = template.split(/\$(\w+)/).map((text, index) => {
    if (index % 2 === 0) return Buffer.from(text);
    const given = values[text as keyof Hostile];
    return given ? escaped(given) : Buffer.from(known[text] ?? '');
  });
  const line = Buffer.concat([...parts, Buffer.from('\n')]);
  // The cutter takes its memory over.
  const own = ownBuffer(line.length);
  own.set(line);
  return own;
}

function hashesOf(path: Uint8Array): string {
  const features = new PathFeatures();
  features.read(path, 0, path.length);
  return `${features.pattern} ${features.url}`;
}

for (const format of FORMATS) {
  test(`whatever clients send, the line says who asked when for what: ${format.name}`, () => {
    const parser = new Parser({ ...PARSER, format: format.format, lineBytesMax: LINE_BYTES_MAX });
    fc.assert(
      fc.property(hostile, status, (values, answer) => {
        const line = writeLine(format, values, { address, status: answer, msec: '1706295602.123', time: TIME });
        const { bytes, oversized } = cutLines(line, line.length, LINE_BYTES_MAX);
        assert.equal(oversized, 0);
        assert.ok(bytes.length <= LINE_BYTES_MAX + 1);
        const { asset: _, ...row } = outcomeOf(parser, bytes) as Exclude<ReturnType<typeof outcomeOf>, string>;
        assert.deepEqual(row, { ...ROW, status: Number(answer) });
        const { rows } = parser.parse(bytes, NEVER);
        assert.equal(rows[LINE], 0);
        const expected = format.pathsOf(values.path).map(hashesOf);
        assert.ok(expected.includes(`${rows[PATTERN]} ${rows[URL]}`));
        assert.ok(parser.readRecord(bytes.subarray(0, -1)), 'there is a sample of it');
      }),
      { numRuns: 100 },
    );
  });
}

test('the longest lines that nginx writes with its default buffers are judged, and those of buffers eight times as large', () => {
  for (const format of FORMATS) {
    for (const bytes of [HEADER_BYTES_MAX, 8 * HEADER_BYTES_MAX]) {
      const long = Buffer.alloc(bytes, 1);
      const values = Object.fromEntries(FIELDS.map((field) => [field, long])) as unknown as Hostile;
      const line = writeLine(
        format,
        { ...values, method: Buffer.from('GET'), path: Buffer.from('/x'), length: Buffer.from('1') },
        {
          address,
          status: '404',
          msec: '1706295602.123',
          time: TIME,
        },
      );
      assert.ok(line.length > LINE_BYTES_MAX, `${line.length}`);
      const cut = cutLines(line, line.length, LINE_BYTES_MAX);
      const parser = new Parser({ ...PARSER, format: format.format });
      assert.deepEqual(outcomeOf(parser, cut.bytes), { ...ROW, status: 404, asset: false }, format.name);
    }
  }
});
