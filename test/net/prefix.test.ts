import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { test } from 'node:test';
import {
  commonText,
  coveringTexts,
  formatPrefix,
  hasHostBits,
  type Prefix,
  parsePrefix,
  prefixContains,
  prefixesOverlap,
} from '../../src/net/prefix.ts';
import { nearlyAddress } from '../support/address-pieces.ts';
import fc from '../support/fast-check.ts';

const canonical = (text: string): string | undefined => {
  const prefix = parsePrefix(text);
  return prefix && formatPrefix(prefix);
};

const anyPrefix = fc
  .oneof(
    fc.record({ family: fc.constant(4 as const), value: fc.bigInt(0n, (1n << 32n) - 1n), bits: fc.nat(32) }),
    fc.record({ family: fc.constant(6 as const), value: fc.bigInt(0n, (1n << 128n) - 1n), bits: fc.nat(128) }),
  )
  .map(({ family, value, bits }): Prefix => {
    const host = BigInt((family === 4 ? 32 : 128) - bits);
    return { family, value: (value >> host) << host, bits };
  })
  .filter(({ family, value, bits }) => family === 4 || bits < 96 || value >> 32n !== 0xffffn);

test('canonical text follows RFC 5952', () => {
  const cases = [
    ['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:DB8::ABCD', '2001:db8::abcd'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['2001:db8::/32', '2001:db8::/32'],
    ['2001:db8:ffff::1/32', '2001:db8::/32'],
    ['192.0.2.77/24', '192.0.2.0/24'],
    ['192.0.2.77', '192.0.2.77'],
    ['192.0.2.77/32', '192.0.2.77'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
    ['2001:db8::198.51.100.1', '2001:db8::c633:6401'],
  ] as const;
  for (const [text, expected] of cases) assert.equal(canonical(text), expected, text);
});

test('an IPv4-mapped address is IPv4, with its length', () => {
  assert.equal(canonical('::ffff:192.0.2.1'), '192.0.2.1');
  assert.equal(canonical('::FFFF:c000:0201'), '192.0.2.1');
  assert.equal(canonical('::ffff:192.0.2.0/120'), '192.0.2.0/24');
  assert.equal(canonical('::ffff:0:0/96'), '0.0.0.0/0');
  assert.equal(canonical('::fffe:192.0.2.1'), '::fffe:c000:201');
  assert.equal(canonical('::/80'), '::/80');
});

test('what is no address or prefix is refused', () => {
  for (const text of [
    '',
    ' ',
    'localhost',
    '192.0.2',
    '192.0.2.1.1',
    '192.0.2.256',
    '192.0.02.1',
    '192.0.2.1/33',
    '192.0.2.1/',
    '192.0.2.1/-1',
    '192.0.2.1/8/8',
    ' 192.0.2.1',
    '192.0.2.1 ',
    '2001:db8::1/129',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
    'g::',
    '::192.0.2.1:1',
    '1:2:3:4:5:6:7:192.0.2.1',
    'fe80::1%eth0',
    '[::1]',
  ]) {
    assert.equal(parsePrefix(text), undefined, JSON.stringify(text));
  }
});

test('every prefix survives formatting and reading', () => {
  fc.assert(fc.property(anyPrefix, (prefix) => assert.deepEqual(parsePrefix(formatPrefix(prefix)), prefix)));
});

test('reading agrees with the operating system library on what an address is', () => {
  fc.assert(
    fc.property(nearlyAddress(), (text) => {
      assert.equal(parsePrefix(text) !== undefined, isIPv4(text) || isIPv6(text), text);
    }),
    { numRuns: 2000 },
  );
});

test('contains and overlaps agree with the first and last address', () => {
  const range = ({ family, value, bits }: Prefix): [bigint, bigint] => [
    value,
    value + (1n << BigInt((family === 4 ? 32 : 128) - bits)) - 1n,
  ];
  const near = fc
    .tuple(anyPrefix, anyPrefix, fc.nat(128), fc.boolean())
    .map(([a, b, bits, related]): [Prefix, Prefix] => {
      if (!related) return [a, b];
      const length = Math.min(bits, a.family === 4 ? 32 : 128);
      const host = BigInt((a.family === 4 ? 32 : 128) - length);
      return [a, { family: a.family, value: (a.value >> host) << host, bits: length }];
    });
  fc.assert(
    fc.property(near, ([a, b]) => {
      const [[aFirst, aLast], [bFirst, bLast]] = [range(a), range(b)];
      const same = a.family === b.family;
      assert.equal(prefixContains(a, b), same && aFirst <= bFirst && bLast <= aLast);
      assert.equal(prefixesOverlap(a, b), same && aFirst <= bLast && bFirst <= aLast);
      assert.equal(prefixesOverlap(a, b), prefixesOverlap(b, a));
    }),
    { numRuns: 500 },
  );
});

/** Networks whose addresses have runs of zeros, and networks within them. */
const nested = fc
  .tuple(anyPrefix, fc.bigInt(0n, (1n << 128n) - 1n), fc.bigInt(0n, (1n << 128n) - 1n), fc.nat(128))
  .map(([prefix, zeros, within, more]) => {
    const width = prefix.family === 4 ? 32 : 128;
    const outer = parsePrefix(formatPrefix({ ...prefix, value: prefix.value & ~zeros }));
    assert.ok(outer);
    const host = (1n << BigInt(width - outer.bits)) - 1n;
    const bits = Math.min(width, outer.bits + more);
    const inner = parsePrefix(
      `${formatPrefix({ ...outer, value: outer.value | (within & ~zeros & host), bits: width })}/${bits}`,
    );
    assert.ok(inner);
    return { outer, inner };
  });

test('texts inside a network share a prefix, and a network covers itself', () => {
  fc.assert(
    fc.property(nested, ({ outer, inner }) => {
      if (inner.family !== outer.family || !prefixContains(outer, inner)) return;
      assert.ok(formatPrefix(inner).startsWith(commonText(outer)), `${formatPrefix(inner)} in ${formatPrefix(outer)}`);
      const covering = coveringTexts(inner);
      assert.equal(covering[0], formatPrefix(inner));
      assert.equal(covering.length, inner.bits + 1);
      assert.ok(covering.includes(formatPrefix(outer)));
    }),
    { numRuns: 2000 },
  );
  const text = (network: string) => commonText(parsePrefix(network) as Prefix);
  assert.equal(text('203.0.113.0/24'), '203.0.113.');
  assert.equal(text('203.0.113.128/25'), '203.0.113.');
  assert.equal(text('203.0.113.9'), '203.0.113.9');
  assert.equal(text('2001:db8:1::/64'), '2001:db8:1:');
  assert.equal(text('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2:3:4:5:6');
  assert.equal(text('0.0.0.0/0'), '');
});

test('a network that was written with an address in it is told from one that was not', () => {
  const written = ['203.0.113.77/24', '2001:db8::1/64', '::ffff:203.0.113.77/120'];
  const plain = [
    '203.0.113.0/24',
    '203.0.113.77',
    '203.0.113.77/32',
    '2001:db8::/64',
    '0.0.0.0/0',
    'example.com/1',
    '',
  ];
  assert.deepEqual([...written, ...plain].filter(hasHostBits), written);
});
