import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ClientScheme,
  clientPrefix,
  findClientKey,
  findIpv4,
  findWholeClient,
  formatClient,
  IPV4_HIGH,
  isIpv4Client,
} from '../../src/net/client-key.ts';
import { formatPrefix, type Prefix, parsePrefix } from '../../src/net/prefix.ts';
import fc from '../support/fast-check.ts';

const word = fc.nat(0xffff_ffff);
const ipv6Bits = fc.integer({ min: 32, max: 64 });
const scheme = (bits = 64, ...translation_prefixes: string[]): ClientScheme => ({
  ipv6_prefix: bits,
  translation_prefixes,
});
/** A network-specific prefix of each length. */
const PREFIXES = ['32', '40', '48', '56', '64', '96'].map((bits) => `2001:db8:1a2:3b4:0:c6:d7:0/${bits}`);

const prefixOf = (text: string): Prefix => {
  const prefix = parsePrefix(text);
  assert.ok(prefix, text);
  return prefix;
};

test('a key and its prefix convert into each other', () => {
  fc.assert(
    fc.property(word, word, ipv6Bits, (high, low, bits) => {
      fc.pre(high >>> 16 !== 0x2002 && high !== 0x64_ff9b && (high === IPV4_HIGH || !isIpv4Client(high)));
      const cut = high === IPV4_HIGH ? low : Number((BigInt(low) >> BigInt(64 - bits)) << BigInt(64 - bits));
      const prefix = clientPrefix(high, cut, scheme(bits));
      assert.deepEqual(findClientKey(prefix, scheme(bits)), { high, low: cut });
      assert.equal(formatClient(high, cut, scheme(bits)), formatPrefix(prefix));
    }),
  );
});

test('IPv4 clients never meet IPv6 clients', () => {
  assert.deepEqual(findClientKey(prefixOf('192.0.2.1'), scheme()), { high: IPV4_HIGH, low: 0xc000_0201 });
  assert.deepEqual(findClientKey(prefixOf('::ffff:192.0.2.1'), scheme()), { high: IPV4_HIGH, low: 0xc000_0201 });
  assert.equal(formatClient(IPV4_HIGH, 0xffff_ffff, scheme()), '255.255.255.255');
  assert.equal(formatClient(0x2001_0db8, 0, scheme()), '2001:db8::/64');
});

test('an IPv6 host falls into its network; a network wider than a client is none', () => {
  const host = findClientKey(prefixOf('2001:db8:1:2:3:4:5:6'), scheme(56));
  assert.deepEqual(host, findClientKey(prefixOf('2001:db8:1::/56'), scheme(56)));
  assert.deepEqual(host, { high: 0x2001_0db8, low: 0x0001_0000 });
  assert.equal(findClientKey(prefixOf('2001:db8::/48'), scheme()), undefined);
  assert.equal(findClientKey(prefixOf('192.0.2.0/24'), scheme()), undefined);
});

/** High word of clients behind the first configured translator: the well-known ones come before. */
const CONFIGURED = 4;
const ipv4 = fc.integer({ min: 1, max: 0xffff_ffff });
const toText = (value: number) => formatClient(IPV4_HIGH, value, scheme());

test('behind a translator every IPv4 address is a client, and the ban is of the host that arrives', () => {
  const table = [
    // RFC 6052 section 2.4.
    ['2001:db8:c000:221::', '2001:db8::/32'],
    ['2001:db8:1c0:2:21::', '2001:db8:100::/40'],
    ['2001:db8:122:c000:2:2100::', '2001:db8:122::/48'],
    ['2001:db8:122:3c0:0:221::', '2001:db8:122:300::/56'],
    ['2001:db8:122:344:c0:2:2100:0', '2001:db8:122:344::/64'],
    ['2001:db8:122:344::c000:221', '2001:db8:122:344::/96'],
    ['64:ff9b::c000:221', undefined],
    ['64:ff9b:1::c000:221', undefined],
    ['64:ff9b:1:fffe::c000:221', undefined],
    ['64:ff9b:1:c000:2:2100::', undefined],
  ] as const;
  for (const [text, prefix] of table) {
    const by = scheme(64, ...(prefix ? ['2001:db8:ffff::/96', prefix] : []));
    const key = findClientKey(prefixOf(text), by);
    assert.ok(key, text);
    assert.equal(key.low, 0xc000_0221, text);
    assert.equal(formatClient(key.high, key.low, by), text);
    assert.deepEqual(findWholeClient(prefixOf(text), by), key);
    assert.equal(formatPrefix(findIpv4(prefixOf(text), by) ?? prefixOf('::')), '192.0.2.33');
    const neighbour = findClientKey(clientPrefix(key.high, key.low + 1, by), by);
    assert.deepEqual(neighbour, { high: key.high, low: key.low + 1 });
  }
});

test('any address behind any translator is a client of its own, and is found again', () => {
  const translator = fc.constantFrom(
    ...PREFIXES,
    '64:ff9b::/96',
    '64:ff9b:1::/96',
    '64:ff9b:1:7::/96',
    '64:ff9b:1::/48',
  );
  fc.assert(
    fc.property(translator, ipv4, ipv4, (prefix, value, other) => {
      const by = scheme(64, prefix);
      const host = clientPrefix(CONFIGURED, value, by);
      assert.equal(host.bits, 128);
      assert.deepEqual(findClientKey(host, by), { high: CONFIGURED, low: value });
      assert.equal(formatPrefix(findIpv4(host, by) ?? host), toText(value));
      assert.deepEqual(findIpv4(clientPrefix(CONFIGURED, other, by), by)?.value, BigInt(other));
    }),
  );
});

test("a translator's network is not a client and maps to the IPv4 network behind it", () => {
  const by = scheme(64, '2001:db8:46::/96', '2001:db8:64::/64');
  const table = [
    ['64:ff9b::cb00:7100/120', '203.0.113.0/24'],
    ['64:ff9b::/96', '0.0.0.0/0'],
    ['64:ff9b::/64', '0.0.0.0/0'],
    ['64::/16', '0.0.0.0/0'],
    ['64:ff9b:1:5::/96', '0.0.0.0/0'],
    ['64:ff9b:1:5::/64', '0.0.0.0/0'],
    ['2001:db8:46::cb00:7100/120', '203.0.113.0/24'],
    ['2001:db8:46::/64', '0.0.0.0/0'],
    ['2001:db8:64:0:cb:71::/88', '203.0.0.0/16'],
    ['2002:cb00:7100::/40', '203.0.113.0/24'],
    ['2002::/16', '0.0.0.0/0'],
  ] as const;
  for (const [text, network] of table) {
    assert.equal(findClientKey(prefixOf(text), by), undefined, text);
    assert.equal(formatPrefix(findIpv4(prefixOf(text), by) ?? prefixOf('::')), network, text);
  }
  assert.equal(findIpv4(prefixOf('2001:db8::/64'), by), undefined);
  assert.equal(findIpv4(prefixOf('192.0.2.1'), by), undefined);
});

test('of 6to4 the /48 of one IPv4 address is a client, whatever the length for others', () => {
  for (const bits of [32, 48, 56, 64]) {
    const key = findClientKey(prefixOf('2002:cb00:7107:5::1'), scheme(bits));
    assert.ok(key);
    assert.equal(formatClient(key.high, key.low, scheme(bits)), '2002:cb00:7107::/48');
    assert.deepEqual(findWholeClient(prefixOf('2002:cb00:7107::/48'), scheme(bits)), key);
    assert.equal(
      formatPrefix(findIpv4(prefixOf('2002:cb00:7107::/48'), scheme(bits)) ?? prefixOf('::')),
      '203.0.113.7',
    );
  }
});

test('an address under the local-use prefix that embeds no IPv4 address is nobody, because its /64 may hide everybody', () => {
  assert.equal(findClientKey(prefixOf('64:ff9b:1:0:1:2:3:4'), scheme()), undefined);
  const named = scheme(64, '64:ff9b:1:0:1:2::/96');
  assert.equal(findClientKey(prefixOf('64:ff9b:1:0:1:2:cb00:7107'), named)?.low, 0xcb00_7107);
});
