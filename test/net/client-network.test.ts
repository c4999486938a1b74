import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientPrefix, findClientKey } from '../../src/net/client-key.ts';
import { banPrefix, findBanKey, formatBanKey, isWithin, networksOf } from '../../src/net/client-network.ts';
import { parsePrefix, prefixContains } from '../../src/net/prefix.ts';
import fc from '../support/fast-check.ts';
import { SCHEME } from '../support/parse.ts';

function keyOf(text: string, scheme = SCHEME) {
  const prefix = parsePrefix(text);
  const key = prefix && findClientKey(prefix, scheme);
  assert.ok(key, text);
  return key;
}

const networks = (text: string, scheme = SCHEME) => {
  const { high, low } = keyOf(text, scheme);
  return networksOf(high, low, scheme).map((network) => formatBanKey(network, scheme));
};

test('the networks of a client are those that providers hand out, narrowest first', () => {
  assert.deepEqual(networks('198.51.100.7'), ['198.51.100.0/24']);
  assert.deepEqual(networks('2001:db8:1:203::4'), ['2001:db8:1:200::/56', '2001:db8:1::/48']);
  assert.deepEqual(
    networks('2001:db8:1:203::4', { ...SCHEME, ipv6_prefix: 56 }),
    ['2001:db8:1::/48'],
    'wider than a client',
  );
  assert.deepEqual(networks('2001:db8:1:203::4', { ...SCHEME, ipv6_prefix: 48 }), []);
});

test('an address that embeds one IPv4 address has no network', () => {
  assert.deepEqual(networks('64:ff9b::198.51.100.7'), [], 'NAT64');
  assert.deepEqual(networks('2002:c633:6407::1'), [], '6to4');
});

test('a prefix is the key of the client or network that it is, and of nothing else', () => {
  for (const text of [
    '198.51.100.7',
    '198.51.100.0/24',
    '2001:db8:1:203::/64',
    '2001:db8:1:200::/56',
    '2001:db8:1::/48',
  ]) {
    const prefix = parsePrefix(text);
    const key = prefix && findBanKey(prefix, SCHEME);
    assert.ok(key, text);
    assert.equal(formatBanKey(key, SCHEME), text);
  }
  for (const text of [
    '198.51.100.0/25',
    '198.51.0.0/16',
    '2001:db8::/32',
    '2001:db8:1:203::4',
    '2002:c633::/32',
    '::/0',
  ]) {
    const prefix = parsePrefix(text);
    assert.equal(prefix && findBanKey(prefix, SCHEME), undefined, text);
  }
});

test('a client is within a network when its prefix is', () => {
  const client = fc.oneof(
    fc.record({ high: fc.constant(1), low: fc.integer({ min: 0xc633_6300, max: 0xc633_65ff }) }),
    fc.record({ high: fc.constantFrom(0x2001_0db8, 0x2001_0db9), low: fc.integer({ min: 0x1fe00, max: 0x20200 }) }),
  );
  fc.assert(
    fc.property(client, client, (one, other) => {
      for (const network of networksOf(one.high, one.low, SCHEME)) {
        const contains = prefixContains(banPrefix(network, SCHEME), clientPrefix(other.high, other.low, SCHEME));
        assert.equal(isWithin(network, other.high, other.low), contains);
      }
    }),
  );
});
