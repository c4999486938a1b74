/** Lines as nginx and others write them: aliases, weights, and why a line is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldKeys } from '../../src/parse/fields.ts';
import { Parser, type ParserOptions } from '../../src/parse/parser.ts';
import { SKIP_REASONS, type SkipReason } from '../../src/parse/tally.ts';
import { allKeys, bytesOf, NEVER, PARSER, parseText } from '../support/parse.ts';

const ROW_OF_7 = { second: 1_706_295_602, high: 1, low: 0xc000_0207, status: 404, asset: false };

function skippedOf(text: string, options: Partial<ParserOptions> = {}, secondMax = NEVER): Record<string, number> {
  const { skipped, count, lines } = new Parser({ ...PARSER, ...options }).parse(bytesOf(text), secondMax);
  const counted = SKIP_REASONS.map((reason, index): [SkipReason, number] => [reason, skipped[index] ?? 0]);
  assert.equal(
    counted.reduce((sum, [, n]) => sum + n, count),
    lines,
    'every line is a row or a refusal',
  );
  return Object.fromEntries(counted.filter(([, n]) => n > 0));
}

test('every alias is read, in any order and with any white space', () => {
  const values: Record<string, string> = { timestamp: '1706295602.5', source_ip: '"192.0.2.7"', status: '"404"' };
  for (const { field, key } of allKeys()) {
    if (!(field in values)) continue;
    const members = Object.entries(values).map(([name, value]) => `\t"${name === field ? key : name}" : ${value} `);
    assert.deepEqual(parseText(`{${members.join(',')}}`), ROW_OF_7, key);
    assert.deepEqual(parseText(` { ${members.reverse().join(' , ')} }\r\n`), ROW_OF_7, key);
  }
});

test('of several names for a field the preferred one wins, wherever it stands', () => {
  const line = (first: string, second: string) => `{${first},${second},"remote_addr":"192.0.2.7","status":404}`;
  const [preferred, other] = ['"timestamp":1706295602', '"msec":5'];
  assert.deepEqual(parseText(line(preferred, other)), ROW_OF_7);
  assert.deepEqual(parseText(line(other, preferred)), ROW_OF_7);
  assert.deepEqual(parseText(line('"timestamp":"-"', '"msec":1706295602')), ROW_OF_7);
});

test('renamed fields replace the default names', () => {
  const keys = fieldKeys({ source_ip: ['cf', 'peer \u00fc'], timestamp: 'at' });
  const line = '{"at":1706295602,"remote_addr":"192.0.2.99","peer \u00fc":"192.0.2.7","status":404}';
  assert.deepEqual(parseText(line, { keys }), ROW_OF_7);
  assert.equal(parseText('{"at":1706295602,"remote_addr":"192.0.2.99"}', { keys }), 'no_address');
});

test('a successful static asset weighs nothing', () => {
  const asset = (path: string, status: string | number = 200): boolean => {
    const own = parseText(`{"time":1,"remote_addr":"192.0.2.7","uri":"${path}","status":${status}}`);
    const request = parseText(
      `{"time":1,"remote_addr":"192.0.2.7","request":"GET ${path} HTTP/1.1","status":${status}}`,
    );
    assert.deepEqual(own, request, 'path and request line mean the same');
    return typeof own === 'object' && own.asset;
  };
  for (const path of ['/a.css', '/A.CSS', '/x/y.min.js', '/a.png?v=1.2', '/a.woff2#x', '/v1.2/a.js', '/\u00e9.png']) {
    assert.equal(asset(path), true, path);
  }
  for (const path of ['/', '/css', '/.css/', '/a.css/b', '/a.php', '/a.cssx', '/a?b=.css', '/a.', '/a.css.php', '/.']) {
    assert.equal(asset(path), false, path);
  }
  for (const status of [200, 206, 301, 304, 399]) assert.equal(asset('/a.css', status), true, `${status}`);
  for (const status of [404, 403, 499, 500, 0, 199, '"-"', '""'])
    assert.equal(asset('/a.css', status), false, `${status}`);
});

test('a path of its own is preferred to the request line', () => {
  const line = '{"time":1,"remote_addr":"192.0.2.7","request":"GET /a.css HTTP/1.1","path":"/index.php","status":200}';
  assert.deepEqual(parseText(line), { second: 1, high: 1, low: 0xc000_0207, status: 200, asset: false });
});

test('a status that is none counts as a request without one', () => {
  for (const status of ['"-"', '""', '"20"', '"2000"', '"2x0"', 'null', '99', '-200']) {
    const outcome = parseText(`{"time":1,"remote_addr":"192.0.2.7","status":${status}}`);
    assert.equal(typeof outcome === 'object' && outcome.status, 0, status);
  }
});

test('\\xHH is accepted where escape=json was forgotten', () => {
  const line =
    '{"time":1706295602,"remote_addr":"192.0.2.7","status":404,"http_user_agent":"\\x22\\x5C\\xE9 a\\\\x41"}';
  assert.deepEqual(parseText(line), ROW_OF_7);
  const record = new Parser(PARSER).readRecord(bytesOf(line));
  assert.equal(record?.user_agent, '"\\\u00e9 a\\x41');
  assert.equal(parseText('{"time":1,"remote_addr":"192.0.2.7","x":"\\x4"}'), 'not_json');
});

test('a value without quotes that is none costs the line nothing else', () => {
  const around = (bare: string) => `{"time":1706295602,"x":${bare},"remote_addr":"192.0.2.7", "status": 404 }`;
  for (const bare of [
    '-',
    '',
    '000',
    '0.010, 0.020',
    'x',
    '{',
    '}',
    '[,',
    '"text"',
    '\\"status\\":\\"200\\"',
    '\\x22',
    'nul',
  ])
    assert.deepEqual(parseText(around(bare)), ROW_OF_7, bare);
  assert.deepEqual(parseText('{"time":1706295602,"remote_addr":"192.0.2.7","status":000}'), { ...ROW_OF_7, status: 0 });
  const half = '{"time":1706295602,"remote_addr":"192.0.2.7","st';
  for (const line of [
    half,
    `${half}}`,
    `${half}${around('1')}`,
    `${around('1')}x`,
    '{"time":1 "remote_addr":"192.0.2.7"}',
    '{-}',
  ])
    assert.equal(parseText(line), 'not_json', line);
});

test('every reason for refusing a line', () => {
  const good = '"remote_addr":"192.0.2.7"';
  const cases: [SkipReason, string, Partial<ParserOptions>?][] = [
    ['empty', ''],
    ['empty', '\r'],
    ['not_json', '{"time":1,', {}],
    ['not_json', 'hello', { format: 'json' }],
    ['not_json', '[1]', { format: 'json' }],
    ['not_json', '"text"', { format: 'json' }],
    ['not_combined', 'hello'],
    ['not_combined', `{"time":1,${good}}`, { format: 'combined' }],
    ['no_address', '{"time":1}'],
    ['no_address', '{"time":1,"remote_addr":"-"}'],
    ['bad_address', '{"time":1,"remote_addr":"192.0.2.300"}'],
    ['no_time', `{${good}}`],
    ['bad_time', `{${good},"time":"yesterday"}`],
    ['future', `{${good},"time":2000}`],
    ['too_long', `{${good},"time":1,"x":"${'y'.repeat(1024)}"}`, { lineBytesMax: 1024 }],
  ];
  assert.deepEqual(new Set(cases.map(([reason]) => reason)), new Set(SKIP_REASONS));
  for (const [reason, line, options] of cases) {
    assert.deepEqual(skippedOf(`${line}\n`, options, 1999), { [reason]: 1 }, JSON.stringify(line));
  }
});

test('a refused line harms no other; the last line needs no newline', () => {
  const line = '{"time":1,"remote_addr":"192.0.2.7"}';
  assert.deepEqual(skippedOf(`${line}\nrubbish\n\n${line}\r\n{\n${line}`), { empty: 1, not_json: 1, not_combined: 1 });
  assert.deepEqual(skippedOf(''), {});
  assert.deepEqual(skippedOf('\n\n'), { empty: 2 });
});

test('a line at the limit of length is read, one byte more is not', () => {
  const line = (length: number) => {
    const start = '{"time":1,"remote_addr":"192.0.2.7","x":"';
    return `${start}${'y'.repeat(length - start.length - 2)}"}`;
  };
  assert.equal(line(2048).length, 2048);
  assert.deepEqual(skippedOf(line(2048), { lineBytesMax: 2048 }), {});
  assert.deepEqual(skippedOf(line(2049), { lineBytesMax: 2048 }), { too_long: 1 });
});
