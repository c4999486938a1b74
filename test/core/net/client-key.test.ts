import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clientPrefix, findClientKey, formatClient, IPV4_HIGH } from '../../../src/core/net/client-key.ts';
import { formatPrefix, type Prefix, parsePrefix } from '../../../src/core/net/prefix.ts';

const word = fc.nat(0xffff_ffff);
const ipv6Bits = fc.integer({ min: 32, max: 64 });

const prefixOf = (text: string): Prefix => {
  const prefix = parsePrefix(text);
  assert.ok(prefix, text);
  return prefix;
};

test('a key and the prefix it stands for are two forms of the same client', () => {
  fc.assert(
    fc.property(word, word, ipv6Bits, (high, low, bits) => {
      const cut = high === IPV4_HIGH ? low : Number((BigInt(low) >> BigInt(64 - bits)) << BigInt(64 - bits));
      const prefix = clientPrefix(high, cut, bits);
      assert.deepEqual(findClientKey(prefix, bits), { high, low: cut });
      assert.equal(formatClient(high, cut, bits), formatPrefix(prefix));
    }),
  );
});

test('IPv4 clients never meet IPv6 clients', () => {
  assert.deepEqual(findClientKey(prefixOf('192.0.2.1'), 64), { high: IPV4_HIGH, low: 0xc000_0201 });
  assert.deepEqual(findClientKey(prefixOf('::ffff:192.0.2.1'), 64), { high: IPV4_HIGH, low: 0xc000_0201 });
  assert.equal(formatClient(IPV4_HIGH, 0xffff_ffff, 64), '255.255.255.255');
  assert.equal(formatClient(0x2001_0db8, 0, 64), '2001:db8::/64');
});

test('an IPv6 host falls into its network; a network wider than a client is none', () => {
  const host = findClientKey(prefixOf('2001:db8:1:2:3:4:5:6'), 56);
  assert.deepEqual(host, findClientKey(prefixOf('2001:db8:1::/56'), 56));
  assert.deepEqual(host, { high: 0x2001_0db8, low: 0x0001_0000 });
  assert.equal(findClientKey(prefixOf('2001:db8::/48'), 64), undefined);
  assert.equal(findClientKey(prefixOf('192.0.2.0/24'), 64), undefined);
});
