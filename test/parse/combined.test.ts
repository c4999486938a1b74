import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parser } from '../../src/parse/parser.ts';
import { requestOf } from '../../src/parse/record.ts';
import fc from '../support/fast-check.ts';
import { bytesOf, outcomeOf, PARSER, parseText } from '../support/parse.ts';

const TIME = '[26/Jan/2024:19:00:02 +0000]';
const ROW = { second: 1_706_295_602, high: 1, low: 0xc000_0207, status: 200, asset: false };

/** nginx's default escaping of a variable: `"`, `\` and everything outside printable ASCII as \xHH. */
function escaped(text: string): string {
  const bytes = [...bytesOf(text)];
  if (bytes.length === 0) return '-';
  return bytes
    .map((byte) =>
      byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c
        ? `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`
        : String.fromCharCode(byte),
    )
    .join('');
}

test('the combined and the common format are read', () => {
  assert.deepEqual(parseText(`192.0.2.7 - - ${TIME} "GET / HTTP/1.1" 200 612 "-" "curl/8"`), ROW);
  assert.deepEqual(parseText(`192.0.2.7 - bob ${TIME} "GET / HTTP/1.1" 200 612\r`), ROW);
  assert.deepEqual(parseText(`192.0.2.7 -  ${TIME} "GET / HTTP/1.1" 200 -`), ROW, 'a password without a user name');
  assert.deepEqual(parseText(`192.0.2.7 - a\\"b ${TIME} "GET / HTTP/1.1" 200 612`), ROW, 'as Apache escapes quotes');
  assert.deepEqual(parseText(`192.0.2.7 - - ${TIME} "GET /a.css HTTP/1.1" 304 0 "-" "-"`), {
    ...ROW,
    status: 304,
    asset: true,
  });
  assert.deepEqual(parseText(`192.0.2.7 - - ${TIME} "-" 400 0 "-" "-"`), { ...ROW, status: 400 });
  assert.deepEqual(parseText(`192.0.2.7 - - ${TIME} "" 400 0 "-" "-"`), { ...ROW, status: 400 });
  assert.deepEqual(parseText(`2001:db8::9 - - ${TIME} "GET / HTTP/1.1" 200 612 "-" "x"`), {
    ...ROW,
    high: 0x2001_0db8,
    low: 0,
  });
  assert.deepEqual(parseText(`www.example.org - - ${TIME} "GET / HTTP/1.1" 200 612 "-" "x"`), 'bad_address');
  assert.deepEqual(parseText(`- - - ${TIME} "GET / HTTP/1.1" 200 612 "-" "x"`), 'no_address');
  assert.deepEqual(parseText('192.0.2.7 - - [26/Foo/2024:19:00:02 +0000] "GET / HTTP/1.1" 200 1 "-" "x"'), 'bad_time');
});

test('a line of another shape is no combined line', () => {
  for (const line of [
    'x',
    '"',
    '   ',
    `${TIME} "GET / HTTP/1.1" 200`,
    `192.0.2.7 - - ${TIME}`,
    `192.0.2.7 - - ${TIME} "GET / HTTP/1.1`,
    `192.0.2.7 - - ${TIME} "GET / HTTP/1.1"`,
    `192.0.2.7 - - ${TIME} "GET / HTTP/1.1\\"`,
    `192.0.2.7 - - ${TIME}"GET / HTTP/1.1" 200 612`,
    '192.0.2.7 - - [26/Jan/2024:19:00:02] "GET / HTTP/1.1" 200 612',
    `192.0.2.7 ${TIME} "GET / HTTP/1.1" 200 612`,
    `192.0.2.7 - ${TIME} "GET / HTTP/1.1" 200 612`,
    `192.0.2.7 -${TIME} "GET / HTTP/1.1" 200 612`,
    `8.8.4.4, 192.0.2.7 - - ${TIME} "GET / HTTP/1.1" 200 612`,
    `a b 192.0.2.7 - - ${TIME} "GET / HTTP/1.1" 200 612`,
    `192.0.2.7 - - ${TIME} "GET / HTTP/1.1" 200`,
    `192.0.2.7 - - ${TIME} "GET / HTTP/1.1" 0.004 200`,
    `192.0.2.7 - - ${TIME} "GET / HTTP/1.1" 200 0.004`,
    `192.0.2.7 - - ${TIME} "GET / HTTP/1.1" 2000 612`,
  ]) {
    assert.equal(parseText(line), 'not_combined', line);
  }
});

test('with the virtual host in front the address is the one behind it', () => {
  const rest = `- - ${TIME} "GET / HTTP/1.1" 200 612 "-" "curl/8"`;
  const read = (line: string) => parseText(line, { format: 'vhost_combined' });
  assert.deepEqual(read(`www.example.org 192.0.2.7 ${rest}`), ROW);
  assert.deepEqual(read(`www.example.org:443 192.0.2.7 ${rest}`), ROW, 'as Apache writes it');
  assert.deepEqual(read(`8.8.4.4 192.0.2.7 ${rest}`), ROW, 'Host: 8.8.4.4');
  assert.deepEqual(read(`[2001:db8::1]:80 192.0.2.7 ${rest}`), ROW);
  assert.deepEqual(read(`- 192.0.2.7 ${rest}`), ROW);
  assert.deepEqual(read(` 192.0.2.7 ${rest}`), ROW, 'no host and no server_name');
  assert.deepEqual(read(`{\\x22time\\x22:1} 192.0.2.7 ${rest}`), ROW, 'a host like an object');
  assert.deepEqual(read(`8.8.4.4 www.example.org ${rest}`), 'bad_address');
  assert.equal(read(`192.0.2.7 ${rest}`), 'not_combined');
  const parser = new Parser({ ...PARSER, format: 'vhost_combined' });
  assert.equal(parser.readRecord(bytesOf(`8.8.4.4 192.0.2.7 ${rest}`))?.source_ip, '192.0.2.7');
});

test('which of two addresses is the client no line can tell: without a word of the operator neither is', () => {
  for (const format of ['auto', 'combined'] as const) {
    const line = `8.8.4.4 192.0.2.7 - - ${TIME} "GET / HTTP/1.1" 200 612 "-" "curl/8"`;
    assert.equal(parseText(line, { format }), 'not_combined');
  }
});

test('what a client writes into user name, request and agent moves no field', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      `- ${TIME} "GET / HTTP/1.1" 404 0`,
      '\\',
      '" 404 0 "',
      `x" 404 ${TIME} "`,
      '[26/Jan/2001:19:00:02 +0000]',
      '203.0.113.9 - - ',
    ),
  );
  const parser = new Parser({ ...PARSER, format: 'combined' });
  fc.assert(
    fc.property(hostile, hostile, hostile, hostile, (user, request, referer, agent) => {
      const line = bytesOf(
        `192.0.2.7 - ${escaped(user)} ${TIME} "${escaped(request)}" 500 612 "${escaped(referer)}" "${escaped(agent)}"`,
      );
      assert.deepEqual(outcomeOf(parser, line), { ...ROW, status: 500 });
    }),
    { numRuns: 2000 },
  );
});

test('samples show the request and the agent of the line', () => {
  const record = new Parser(PARSER).readRecord(
    bytesOf(`192.0.2.7 - a b ${TIME} "GET /x\\x22y?z HTTP/1.1" 200 612 "https://example.org/" "agent \\x22q\\x22"`),
  );
  assert.deepEqual(record && requestOf(record), { method: 'GET', path: '/x\\x22y?z' });
  assert.equal(record?.user_agent, 'agent \\x22q\\x22');
  assert.equal(record?.referer, 'https://example.org/');
  assert.equal(record?.status, '200');
});

test('auto tells the formats apart line by line', () => {
  const text = `192.0.2.7 - - ${TIME} "GET / HTTP/1.1" 200 612 "-" "x"\n  {"msec":1706295602,"remote_addr":"192.0.2.7"}\n`;
  const { count, lines } = new Parser(PARSER).parse(bytesOf(text), 0xffff_ffff);
  assert.deepEqual([count, lines], [2, 2]);
});
