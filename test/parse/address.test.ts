import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import { formatClient, IPV4_HIGH, Ipv6Clients, isIpv4Client } from '../../src/net/client-key.ts';
import { parsePrefix } from '../../src/net/prefix.ts';
import { parseAddress } from '../../src/parse/address.ts';
import { nearlyAddress } from '../support/address-pieces.ts';
import fc from '../support/fast-check.ts';
import { bytesOf, parseText, SCHEME } from '../support/parse.ts';

interface Client {
  readonly high: number;
  readonly low: number;
}

const clientOf = (text: string, ipv6Bits = 64): Client | undefined => {
  const bytes = bytesOf(`1${text}1`);
  const client = { high: 0, low: 0 };
  const clients = new Ipv6Clients({ ...SCHEME, ipv6_prefix: ipv6Bits });
  return parseAddress(bytes, 1, bytes.length - 1, clients, client) ? client : undefined;
};

/** The same by BigInt and the operating system library. */
const reference = (text: string, ipv6Bits: number): Client | undefined => {
  const prefix = isIP(text) === 0 ? undefined : parsePrefix(text);
  if (!prefix) return undefined;
  if (prefix.family === 4) return { high: IPV4_HIGH, low: Number(prefix.value) };
  const host = BigInt(128 - ipv6Bits);
  const network = ((prefix.value >> host) << host) >> 64n;
  const high = Number(network >> 32n);
  return isIpv4Client(high) ? undefined : { high, low: Number(network & 0xffff_ffffn) };
};

const group = fc.oneof(fc.constant(0), fc.constant(0xffff), fc.nat(0xffff));
const groupText = group.map((value) => value.toString(16));
const dotted = fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }).map((parts) => parts.join('.'));

/** IPv6 in every legal spelling: padded, upper case, compressed anywhere, with an IPv4 tail. */
const spelling = fc
  .record({
    groups: fc.array(groupText, { minLength: 8, maxLength: 8 }),
    pad: fc.boolean(),
    upper: fc.boolean(),
    gap: fc.option(fc.tuple(fc.nat(8), fc.nat(8))),
    tail: fc.option(dotted),
  })
  .map(({ groups, pad, upper, gap, tail }) => {
    const parts = [
      ...groups.slice(0, tail === null ? 8 : 6).map((text) => (pad ? text.padStart(4, '0') : text)),
      ...(tail === null ? [] : [tail]),
    ];
    const cased = parts.map((text) => (upper ? text.toUpperCase() : text));
    if (gap === null) return cased.join(':');
    const [from, to] = [Math.min(...gap), Math.max(...gap)];
    return `${cased.slice(0, from).join(':')}::${cased.slice(to).join(':')}`;
  });
const mapped = fc
  .tuple(fc.constantFrom('::ffff:', '::FFFF:', '0:0:0:0:0:ffff:', '::fffe:', '::1:'), dotted)
  .map((pair) => pair.join(''));
const nonsense = nearlyAddress('g', '%eth0', ' ');

test('addresses agree with the operating system library, IPv6 cut to its network', () => {
  const text = fc.oneof(dotted, spelling, mapped, nonsense);
  fc.assert(
    fc.property(text, fc.integer({ min: 32, max: 64 }), (address, ipv6Bits) => {
      if (address.includes('%')) return assert.equal(clientOf(address, ipv6Bits), undefined);
      assert.deepEqual(clientOf(address, ipv6Bits), reference(address, ipv6Bits), `${address}/${ipv6Bits}`);
    }),
    { numRuns: 5000 },
  );
});

test('IPv4, mapped IPv4 and IPv6 give the expected clients', () => {
  const text = (address: string, bits = 64): string => {
    const client = clientOf(address, bits);
    return client ? formatClient(client.high, client.low, { ...SCHEME, ipv6_prefix: bits }) : 'none';
  };
  assert.equal(text('192.0.2.1'), '192.0.2.1');
  assert.equal(text('255.255.255.255'), '255.255.255.255');
  assert.equal(text('::ffff:192.0.2.1'), '192.0.2.1');
  assert.equal(text('::ffff:c000:201'), '192.0.2.1');
  assert.equal(text('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  assert.equal(text('2001:db8:1:2ff::', 56), '2001:db8:1:200::/56');
  assert.equal(text('2001:db8:ffff:ffff::', 33), '2001:db8:8000::/33');
  assert.equal(text('2001:db8:ffff:ffff::', 32), '2001:db8::/32');
  assert.equal(text('::1'), '::/64');
  for (const address of ['0:1::', '0:2::7', '1:ffff::1'])
    assert.equal(text(address), 'none', 'where IPv4 clients live');
  assert.equal(text('2::1'), '2::/64');
  assert.equal(text('unix:'), 'none');
});

test('a line without a usable address is refused for that reason', () => {
  assert.equal(parseText('{"time":1,"status":200}'), 'no_address');
  assert.equal(parseText('{"time":1,"remote_addr":"unix:"}'), 'bad_address');
  assert.equal(parseText('{"time":1,"remote_addr":"192.0.2.1, 192.0.2.2"}'), 'bad_address');
});
