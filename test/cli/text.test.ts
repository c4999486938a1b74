import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operatorName } from '../../src/cli/context.ts';
import { readBanDuration, readCount, readPositive, readTargets, whatIsMeant } from '../../src/cli/options.ts';
import { formatPairs, formatTable } from '../../src/cli/table.ts';
import {
  cutText,
  fit,
  foldLine,
  formatBytes,
  formatRelative,
  formatTime,
  safeJson,
  width,
  wrapText,
} from '../../src/cli/text.ts';
import { formatSpan } from '../../src/english/duration.ts';
import { printable } from '../../src/model/text.ts';
import fc from '../support/fast-check.ts';
import { timeZone } from '../support/time-zone.ts';

/** A table of columns with these headings. */
function formatRows(
  headings: readonly string[],
  rows: readonly string[][],
  columns: number,
  spare?: readonly string[],
) {
  const table = headings.map((heading, at) => ({ heading, cell: (row: string[]) => row[at] ?? '' }));
  return formatTable(table, rows, columns, spare);
}

const terminalObeys = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

test('text from elsewhere never reaches the terminal as anything but text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(printable(text), terminalObeys);
      assert.doesNotMatch(formatRows(['A'], [[text]], 80).replaceAll('\n', ''), terminalObeys);
      assert.deepEqual(JSON.parse(safeJson({ text })), { text });
      assert.doesNotMatch(safeJson(text), /[\u007f-\u009f\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
  );
  assert.equal(printable('\u001b[31mred\u009b1m\u202e'), '\ufffd[31mred\ufffd1m\ufffd');
});

test('time spans read as people say them', () => {
  assert.equal(formatSpan(0), '0s');
  assert.equal(formatSpan(552_000), '9m 12s');
  assert.equal(formatSpan(3_600_000), '1h');
  assert.equal(formatSpan(93_780_000), '1d 2h');
  assert.equal(formatRelative(10_000, 0), 'in 10s');
  assert.equal(formatRelative(0, 182_000), '3m 2s ago');
});

test('bytes are cut to a readable unit', () => {
  assert.equal(formatBytes(0), '0 B');
  assert.equal(formatBytes(1023), '1023 B');
  assert.equal(formatBytes(1_572_864), '1.5 MiB');
});

test('columns align, whatever their cells', () => {
  const table = formatRows(
    ['CLIENT', 'N'],
    [
      ['192.0.2.1', '1'],
      ['2001:db8::/64', '22'],
    ],
    80,
  );
  assert.deepEqual(table.split('\n'), ['CLIENT         N', '192.0.2.1      1', '2001:db8::/64  22']);
  assert.equal(
    formatPairs(
      [
        ['a', '1'],
        ['long', '2 or 3'],
      ],
      10,
    ),
    'a     1\nlong  2 or\n      3',
  );
});

test('targets become canonical, each once; the wrong ones are all named', () => {
  assert.deepEqual(readTargets(['192.0.2.1', ' 192.0.2.1 ', '::ffff:198.51.100.7', '2001:DB8::5', '203.0.113.77/24']), [
    '192.0.2.1',
    '198.51.100.7',
    '2001:db8::5',
    '203.0.113.0/24',
  ]);
  assert.deepEqual(readTargets(['Office.example.com', '192.0.2.1'], { names: true }), [
    'office.example.com',
    '192.0.2.1',
  ]);
  assert.deepEqual([whatIsMeant('all', 'all'), whatIsMeant('all')], [' (did you mean --all?)', '']);
  assert.throws(() => readTargets(['192.0.2.300', '192.0.2.1', 'example.com']), {
    exitCode: 2,
    message: /192\.0\.2\.300 is neither.*\nexample\.com is neither/,
  });
});

test('lengths of bans and counts are read strictly', () => {
  assert.equal(readBanDuration('1h30m'), 5_400_000);
  assert.equal(readBanDuration('permanent'), null);
  assert.equal(readBanDuration(undefined), undefined);
  for (const bad of ['soon', '0', '-1h', '500ms', '', '1e400'])
    assert.throws(() => readBanDuration(bad), { exitCode: 2 });
  assert.equal(readCount('threads', '4', 1, 8), 4);
  for (const bad of ['0', '9', '1.5', 'x', '', ' 1', '1e1'])
    assert.throws(() => readCount('threads', bad, 1, 8), { exitCode: 2 });
  assert.equal(readPositive('rate', '.5'), 0.5);
  for (const bad of ['0', '-1', 'x', '']) assert.throws(() => readPositive('rate', bad), { exitCode: 2 });
});

test('the operator is the person behind sudo, as a harmless name', () => {
  const root = { uid: 0, name: 'root' };
  assert.equal(operatorName({ SUDO_USER: 'ann', USER: 'root' }, root), 'ann');
  assert.equal(operatorName({ USER: 'bob' }, root), 'bob');
  assert.equal(operatorName({ USER: 'a b\n<!channel>' }, root), 'a?b???channel?');
  assert.equal(operatorName({}, root), 'root');
  assert.equal(operatorName({ SUDO_USER: 'ann', USER: 'ann' }, { uid: 1000, name: 'bob' }), 'bob');
  assert.equal(operatorName({ USER: 'ann' }, { uid: 1000, name: undefined }), 'uid-1000');
  assert.match(operatorName({}), /^[\w.@?-]+$/);
});

test('widths are columns of a terminal: two for wide characters, none for marks, one for what is made printable', () => {
  assert.deepEqual([width('日本'), width('e\u0301'), width('\u001b[2J'), width('plain')], [4, 1, 4, 5]);
  assert.equal(cutText('日本語', 5), '日本…');
  assert.equal(fit('日本', 6), '日本  ');
  assert.equal(fit('abcdef', 3), 'ab…');
  assert.equal(cutText('abc', 0), '');
});

test('wrapped lines hold whole words, and parts of words that are longer than a line', () => {
  assert.equal(wrapText('to be or not', 5), 'to be\nor\nnot');
  assert.equal(wrapText('abcdefghij kl', 4), 'abcd\nefgh\nij\nkl');
});

test('a table fits a narrow terminal: spare columns go in their order, others beneath their row', () => {
  const header = ['CLIENT', 'CONDITION', 'SINCE', 'REASON'];
  const rows = [
    ['2001:db8:1:2::/64', 'brute_force', '2026-11-20 10:11:12', 'asks for the log-in page of every customer'],
  ];
  const spare = ['SINCE'];
  const at = (columns: number) => formatRows(header, rows, columns, spare).split('\n').slice(1);
  assert.deepEqual(at(200), [`2001:db8:1:2::/64  brute_force  2026-11-20 10:11:12  ${rows[0]?.[3]}`]);
  assert.deepEqual(at(90), [
    '2001:db8:1:2::/64  brute_force  2026-11-20 10:11:12  asks for the log-in page of every cu…',
  ]);
  assert.deepEqual(at(80), [`2001:db8:1:2::/64  brute_force  ${rows[0]?.[3]}`]);
  assert.deepEqual(at(62), ['2001:db8:1:2::/64  brute_force  asks for the log-in page of e…']);
  assert.deepEqual(at(34), [
    '2001:db8:1:2::/64  brute_force',
    '    reason asks for the log-in',
    '    page of every customer',
  ]);
});

test('a last column without a value is left out of a table', () => {
  const header = ['CLIENT', 'CONDITION', 'REASON'];
  const without = ['192.0.2.1', 'scan', ''];
  assert.equal(formatRows(header, [without, without], 80).split('\n')[0], 'CLIENT     CONDITION');
  const [first, second] = formatRows(header, [without, ['192.0.2.2', 'manual', 'spam']], 80).split('\n');
  assert.deepEqual([first, second], ['CLIENT     CONDITION  REASON', '192.0.2.1  scan']);
});

test('a long entry goes on below, indented', () => {
  assert.equal(foldLine('one two three four five six', 24), 'one two three four\n    five six');
  assert.equal(foldLine('one two', 24), 'one two');
  assert.equal(foldLine('  one two three four five six', 26), '  one two three four\n      five six');
});

test('a local time that comes twice says which of the two it is', (t) => {
  const moveTo = timeZone(t);
  const at = (zone: string, time: string) => {
    moveTo(zone);
    return formatTime(Date.parse(time));
  };
  assert.equal(at('Europe/Berlin', '2026-10-25T00:30:00Z'), '2026-10-25 02:30:00 +02:00');
  assert.equal(at('Europe/Berlin', '2026-10-25T01:30:00Z'), '2026-10-25 02:30:00 +01:00');
  assert.equal(at('Europe/Berlin', '2026-10-24T23:59:59Z'), '2026-10-25 01:59:59');
  assert.equal(at('Europe/Berlin', '2026-10-25T02:00:00Z'), '2026-10-25 03:00:00');
  assert.equal(at('Europe/Berlin', '2026-03-29T01:00:00Z'), '2026-03-29 03:00:00');
  assert.equal(at('America/New_York', '2026-11-01T06:15:00Z'), '2026-11-01 01:15:00 -05:00');
  assert.equal(at('Asia/Kathmandu', '2026-11-20T10:11:12Z'), '2026-11-20 15:56:12');
});
