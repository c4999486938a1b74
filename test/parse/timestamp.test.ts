import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSecond } from '../../src/parse/timestamp.ts';
import fc from '../support/fast-check.ts';
import { bytesOf, parseText } from '../support/parse.ts';

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

const secondOf = (text: string): number => {
  // Surrounded by bytes that would continue a number, to see that nothing outside the range is read.
  const bytes = bytesOf(`5${text}5`);
  return parseSecond(bytes, 1, bytes.length - 1);
};

const two = (value: number): string => String(value).padStart(2, '0');
const zone = (minutes: number, colon: string): string =>
  `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}${colon}${two(Math.abs(minutes) % 60)}`;

const second = fc.integer({ min: 90_000, max: 0xffff_ffff - 90_000 });
const offset = fc.integer({ min: -1439, max: 1439 });
const fraction = fc.oneof(
  fc.constant(''),
  fc.array(fc.nat(9), { minLength: 1, maxLength: 9 }).map((digits) => `.${digits.join('')}`),
);

test('epoch seconds with or without fraction, as number and as string', () => {
  fc.assert(
    fc.property(second, fraction, (expected, rest) => {
      assert.equal(secondOf(`${expected}${rest}`), expected);
    }),
  );
  for (const value of ['1706295602', '"1706295602"', '1706295602.5', '"1706295602.123"', '1706295602.999999']) {
    const outcome = parseText(`{"msec":${value},"remote_addr":"192.0.2.1"}`);
    assert.equal(typeof outcome === 'object' && outcome.second, 1_706_295_602, value);
  }
});

test('RFC 3339 with any offset agrees with Date', () => {
  const letters = fc.constantFrom('T', 't', ' ');
  fc.assert(
    fc.property(second, offset, fraction, letters, fc.constantFrom(':', ''), (expected, minutes, rest, t, colon) => {
      const local = new Date((expected + minutes * 60) * 1000).toISOString();
      const text = `${local.slice(0, 10)}${t}${local.slice(11, 19)}${rest}${zone(minutes, colon)}`;
      assert.equal(secondOf(text), expected, text);
      const utc = new Date(expected * 1000).toISOString();
      assert.equal(secondOf(`${utc.slice(0, 19)}${rest}Z`), Math.floor(Date.parse(utc) / 1000));
    }),
    { numRuns: 1000 },
  );
});

test("nginx's time_local agrees with Date", () => {
  fc.assert(
    fc.property(second, offset, (expected, minutes) => {
      const date = new Date((expected + minutes * 60) * 1000);
      const text = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}:${date.toISOString().slice(11, 19)} ${zone(minutes, '')}`;
      assert.equal(secondOf(text), expected, text);
    }),
    { numRuns: 1000 },
  );
});

test('a day that is not in the calendar is no time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1970, max: 2105 }), fc.nat(14), fc.nat(33), (year, month, day) => {
      const date = new Date(Date.UTC(year, month - 1, day));
      const real = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
      const expected = real ? date.getTime() / 1000 : -1;
      assert.equal(secondOf(`${year}-${two(month)}-${two(day)}T00:00:00Z`), expected);
      const name = MONTHS[month - 1];
      if (name) assert.equal(secondOf(`${two(day)}/${name}/${year}:00:00:00 +0000`), expected);
    }),
    { numRuns: 3000 },
  );
  assert.equal(secondOf('2023-02-29T00:00:00Z'), -1);
  assert.equal(secondOf('2100-02-29T00:00:00Z'), -1);
  assert.equal(secondOf('2000-02-29T00:00:00Z'), 951_782_400);
});

test('a leap second is the second after', () => {
  assert.equal(secondOf('2016-12-31T23:59:60Z'), 1_483_228_800);
});

test('what is no time stamp is refused', () => {
  for (const text of [
    '',
    '-',
    '-1',
    'now',
    '1.',
    '.5',
    '1.5.5',
    '1e9',
    '17062956021234',
    '4294967296',
    '1706295602,5',
    '0x10',
    '2024-01-26',
    '2024-01-26T19:00:02',
    '2024-01-26T19:00:02.',
    '2024-01-26T19:00:02.5',
    '2024-01-26T19:00Z',
    '2024-01-26T24:00:00Z',
    '2024-01-26T19:60:00Z',
    '2024-01-26T19:00:61Z',
    '2024-01-26T19:00:02+25:00',
    '2024-01-26T19:00:02+01:60',
    '2024-01-26T19:00:02+1:00',
    '2024-01-26T19:00:02 UTC',
    '2024-01-26T19:00:02ZZ',
    '2024-1-26T19:00:02Z',
    '2024/01/26T19:00:02Z',
    '1969-12-31T23:59:59Z',
    '2106-02-07T06:28:16Z',
    '26/Foo/2024:19:00:02 +0100',
    '26/jan/2024:19:00:02 +0100',
    '26/Jan/2024:19:00:02 0100',
    '26/Jan/2024:19:00:02',
    '26-Jan-2024:19:00:02 +0100',
    '26/Jan/2024 19:00:02 +0100',
    '6/Jan/2024:19:00:02 +01000',
  ]) {
    assert.equal(secondOf(text), -1, text);
  }
});

test('any bytes give a second or -1', () => {
  const piece = fc.constantFrom('2024', '-', '01', '26', 'T', ':', '19', '.', 'Z', '+', '/', 'Jan', ' ', '9', '\u00e9');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const result = secondOf(pieces.join(''));
      assert.ok(result === -1 || (Number.isInteger(result) && result >= 0 && result <= 0xffff_ffff));
    }),
    { numRuns: 3000 },
  );
});
