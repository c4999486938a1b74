/** Traits hashed from the bytes of a line are those of its texts, whatever clients send and however it is logged. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parser } from '../../src/parse/parser.ts';
import { HIGH, LINE, LOW, ROW } from '../../src/parse/tally.ts';
import { hashLook, type LookOptions, readLook, TRAITS } from '../../src/swarm/look.ts';
import { LookHasher } from '../../src/swarm/look-hasher.ts';
import { bytesOf, NEVER, PARSER } from '../support/parse.ts';

const NETWORKS = [
  { ipv4: 16, ipv6: 32 },
  { ipv4: 24, ipv6: 48 },
  { ipv4: 32, ipv6: 64 },
];
const ADDRESSES = [
  '192.0.2.7',
  '198.51.100.200',
  '9.10.99.255',
  '2001:db8:1:2::3',
  '2001:db8:ffff::',
  '64:ff9b::192.0.2.7',
];
const REQUESTS = [
  ...[
    'GET / HTTP/1.1',
    'POST /wp-login.php HTTP/1.0',
    'GET /a/b/c.css HTTP/2.0',
    'GET /a/b/c/d/e.css?f=/g/ HTTP/2.0',
    'GET //a//b/ HTTP/1.1',
    'HEAD /a/ HTTP/1.1',
    'PROPFIND /dav HTTP/1.1',
  ],
  ...[
    'GET /s?q=1 HTTP/1.1',
    'GET /s?q HTTP/1.1',
    'GET /s? HTTP/1.1',
    'GET /s?b=1&a=2&b=3 HTTP/1.1',
    'GET /s?a=b=c?d/e HTTP/1.1',
  ],
  ...[
    'GET /all* HTTP/1.1',
    'GET /all*?x=1 HTTP/1.1',
    'GET /a b HTTP/1.1',
    'GET /a',
    'GET  HTTP/1.1',
    'GET HTTP/1.1',
    'GET',
  ],
  ...[
    'get / HTTP/1.1',
    'GET / HTTP/x',
    'GET / HTTP/',
    'GET http://x.example/p HTTP/1.1',
    '',
    'ABCDEFGHIJKLMNOPQRSTU / HTTP/1.1',
  ],
  ...[
    'GET /\u00e9 HTTP/1.1',
    'GET /?n\u00e4me=1 HTTP/1.1',
    'GET /tab\there HTTP/1.1',
    'GET /line\nend HTTP/1.1',
    'GET /~\u007f HTTP/1.1',
  ],
];
const AGENTS = ['', '-', 'Mozilla/5.0 (X11)', 'caf\u00e9', '\u{1f600}', 'a "quoted" \\ one', '\u0001'];
const REFERERS = ['', '-', 'https://www.example.com/'];

function check(lines: readonly string[]): void {
  for (const networks of NETWORKS) checkWith(lines, { ...networks, hashKey: 0x1234_5678 });
}

function checkWith(lines: readonly string[], options: LookOptions): void {
  const parser = new Parser(PARSER);
  const [hasher, reader] = [new LookHasher(options), parser.reader];
  const [hashed, expected] = [new Uint32Array(TRAITS.length), new Uint32Array(TRAITS.length)];
  const bytes = bytesOf(lines.map((line) => `${line}\n`).join(''));
  const { rows, count } = parser.parse(bytes, NEVER);
  assert.ok(count > lines.length / 2, `${count} of ${lines.length} lines were read`);
  for (let at = 0; at < count * ROW; at += ROW) {
    const [high, low, start] = [rows[at + HIGH] as number, rows[at + LOW] as number, rows[at + LINE] as number];
    const line = bytes.subarray(start, bytes.indexOf(0x0a, start));
    const values = reader.scan(0, bytes, start);
    assert.ok(values);
    hasher.hash(values, high, low, hashed, 0);
    // Values are valid until the next line is scanned, and this one is for its record.
    const record = reader.record(0, line);
    assert.ok(record);
    hashLook(readLook(record, high, low, options), options.hashKey, expected, 0);
    assert.deepEqual(hashed, expected, new TextDecoder().decode(line));
  }
}

/** Every request with an agent, a referer and an address in turn. */
const all = (write: (ip: string, request: string, agent: string, referer: string) => string): string[] =>
  REQUESTS.flatMap((request, n) =>
    AGENTS.map((agent, m) =>
      write(ADDRESSES[(n + m) % ADDRESSES.length] as string, request, agent, REFERERS[(n + m) % 3] as string),
    ),
  );

test('in JSON with the request line', () => {
  check(
    all((remote_addr, request, http_user_agent, http_referer) =>
      JSON.stringify({ msec: '1767225600.5', remote_addr, request, status: '200', http_user_agent, http_referer }),
    ),
  );
});

test('in JSON with method and path, or one of them and the request line', () => {
  check(
    all((remote_addr, request, http_user_agent, http_referer) => {
      const [method, path] = request.split(' ');
      const fields = [
        { method, path },
        { method, request },
        { path, request },
      ][request.length % 3];
      return JSON.stringify({
        msec: '1767225600.5',
        remote_addr,
        ...fields,
        status: '200',
        http_user_agent,
        http_referer,
      });
    }),
  );
});

test('in the combined format', () => {
  const escaped = (text: string) => text.replaceAll('\\', '\\x5C').replaceAll('"', '\\x22').replaceAll('\n', '\\x0A');
  check(
    all(
      (ip, request, agent, referer) =>
        `${ip} - - [05/Jan/2026:10:00:00 +0000] "${escaped(request)}" 200 900 "${referer}" "${escaped(agent)}"`,
    ),
  );
});
