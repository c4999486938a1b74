import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePlain } from '../../../src/cli/ban-list/plain.ts';
import fc from '../../support/fast-check.ts';

test('one target a line, with how long and why if anything; comments, blank lines and carriage returns are nothing', () => {
  const text = [
    '# a list',
    '203.0.113.9',
    '',
    '  2001:DB8::/32 \t2h   hammers the login  # since May',
    '198.51.100.0/24 ; SBL12345',
    '192.0.2.1, permanent',
    '192.0.2.2 1 no time without a unit\r',
    '192.0.2.3 permanently annoying',
    'example.com',
    '203.0.113.300 1h',
    '198.51.100.7 - - [20/Nov/2026:10:11:12 +0000] "GET / HTTP/1.1" 200 5 "-" "curl"',
    '192.0.2.4',
  ].join('\r\n');
  const { bans, lines, problems } = parsePlain(text);
  const found = bans.map(({ target, forMs, reason }, index) => [lines[index], target, forMs, reason]);
  assert.deepEqual(found, [
    [2, '203.0.113.9', undefined, undefined],
    [4, '2001:db8::/32', 7_200_000, 'hammers the login'],
    [5, '198.51.100.0/24', undefined, undefined],
    [6, '192.0.2.1', null, undefined],
    [7, '192.0.2.2', undefined, '1 no time without a unit'],
    [8, '192.0.2.3', undefined, 'permanently annoying'],
    [12, '192.0.2.4', undefined, undefined],
  ]);
  assert.deepEqual(problems, [
    { line: 9, message: 'example.com is neither an address nor a network' },
    { line: 10, message: '203.0.113.300 is neither an address nor a network' },
    { line: 11, message: 'a line of an access log, not of a list' },
  ]);
});

test('whatever is in a line, it is a ban, a problem or nothing, and the lines around it count', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
      const junk = texts.map((text) => text.replaceAll('\n', ' '));
      const { bans, lines, problems } = parsePlain(['192.0.2.1', ...junk, '192.0.2.2'].join('\n'));
      assert.equal(bans.at(0)?.target, '192.0.2.1');
      assert.equal(bans.at(-1)?.target, '192.0.2.2');
      assert.equal(lines.at(-1), junk.length + 2);
      assert.ok(bans.length + problems.length <= junk.length + 2);
      for (const { message } of problems) assert.doesNotMatch(message, /[\p{Cc}\p{Cf}]/u);
    }),
  );
});
