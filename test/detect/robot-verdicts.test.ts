import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REFUTED, type RobotNetwork, RobotVerdicts, UNKNOWN, VERIFIED } from '../../src/detect/robot-verdicts.ts';
import { clientPrefix, findClientKey, IPV4_HIGH } from '../../src/net/client-key.ts';
import { maskPrefix, type Prefix, parsePrefix, prefixContains } from '../../src/net/prefix.ts';
import { Clients } from '../../src/traffic/clients.ts';
import fc from '../support/fast-check.ts';

const SCHEME = { ipv6_prefix: 64, translation_prefixes: [] };

const prefixOf = (text: string): Prefix => {
  const prefix = parsePrefix(text);
  assert.ok(prefix, text);
  return prefix;
};
const keyOf = (text: string): { high: number; low: number } => {
  const key = findClientKey(prefixOf(text), SCHEME);
  assert.ok(key);
  return key;
};
const networksOf = (...texts: string[]): RobotNetwork[] =>
  texts.map((text) => ({ name: 'Bot', prefix: prefixOf(text) }));

/** Verdicts over a table of clients that holds `clientsMax`. */
function begin(clientsMax = 1000) {
  const clients = new Clients(clientsMax);
  const robots = new RobotVerdicts(clients);
  const see = (text: string): number => {
    const { high, low } = keyOf(text);
    const slot = clients.add(high, low, 1000);
    robots.begin(slot, high, low);
    return slot;
  };
  return { clients, robots, see };
}

test('a client in a published network is verified when it gets its slot, and when the list comes later', () => {
  const { robots, see } = begin();
  const before = see('192.0.2.7');
  robots.setNetworks(networksOf('192.0.2.0/28', '2001:db8:1::/48', '2001:db8:2::5', '198.51.100.9'));
  assert.equal(robots.of(before), VERIFIED);
  for (const [text, verdict] of [
    ['192.0.2.15', VERIFIED],
    ['192.0.2.16', UNKNOWN],
    ['198.51.100.9', VERIFIED],
    ['198.51.100.8', UNKNOWN],
    ['64:ff9b::192.0.2.7', VERIFIED],
    ['64:ff9b::198.51.100.8', UNKNOWN],
    ['2001:db8:1:ffff::/64', VERIFIED],
    ['2001:db8:2::/64', VERIFIED],
    ['2001:db8:0:ffff::/64', UNKNOWN],
    ['0.0.0.1', UNKNOWN],
    ['255.255.255.255', UNKNOWN],
  ] as const) {
    assert.equal(robots.of(see(text)), verdict, text);
  }
  robots.setNetworks([]);
  assert.equal(robots.of(before), UNKNOWN);
});

const ipv4 = fc
  .tuple(fc.nat(0xffff_ffff), fc.integer({ min: 8, max: 32 }))
  .map(([value, bits]): Prefix => maskPrefix({ family: 4, value: BigInt(value), bits: 32 }, bits));
const ipv6 = fc
  .tuple(fc.bigInt(1n << 120n, (1n << 128n) - 1n), fc.integer({ min: 16, max: 64 }))
  .map(([value, bits]): Prefix => maskPrefix({ family: 6, value, bits: 128 }, bits));

test('networks that lie in one another or meet are searched as if one looked at all of them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(ipv4, ipv6), { maxLength: 30 }),
      fc.infiniteStream(fc.nat(0xffff_ffff)),
      (prefixes, random) => {
        const { robots, clients } = begin();
        robots.setNetworks(prefixes.map((prefix) => ({ name: 'Bot', prefix })));
        const inside = prefixes.map((prefix) => {
          const key = findClientKey(maskPrefix(prefix, Math.min(prefix.bits, prefix.family === 4 ? 32 : 64)), SCHEME);
          return key ?? { high: IPV4_HIGH, low: Number(prefix.family === 4 ? prefix.value : 0n) };
        });
        const drawn = Array.from({ length: 20 }, (_, n) => ({
          // Below lie clients that are no IPv6 networks.
          high: n % 2 ? IPV4_HIGH : (random.next().value | 0x4000_0000) >>> 0,
          low: random.next().value,
        }));
        for (const { high, low } of [...inside, ...drawn]) {
          const slot = clients.add(high, low, 1);
          robots.begin(slot, high, low);
          const client = clientPrefix(high, low, SCHEME);
          const expected = prefixes.some((prefix) => prefixContains(prefix, client)) ? VERIFIED : UNKNOWN;
          assert.equal(robots.of(slot), expected, JSON.stringify({ high, low }));
        }
      },
    ),
  );
});

test('no IPv6 network, however wide, verifies IPv4 clients', () => {
  const { robots, see } = begin();
  robots.setNetworks(networksOf('::/16', '64:ff9b::/96'));
  assert.equal(robots.of(see('192.0.2.1')), UNKNOWN);
});

test('what DNS says holds for the slot, outlasts it, and gives way to published networks', () => {
  const { clients, robots, see } = begin(2);
  const [liar, crawler] = [see('192.0.2.1'), see('192.0.2.2')];
  robots.answer([
    { ...keyOf('192.0.2.1'), verdict: REFUTED },
    { ...keyOf('192.0.2.2'), verdict: VERIFIED },
  ]);
  assert.deepEqual([robots.of(liar), robots.of(crawler)], [REFUTED, VERIFIED]);
  const other = see('192.0.2.3');
  assert.equal(other, liar, 'takes the place of the coldest');
  assert.equal(robots.of(other), UNKNOWN);
  see('192.0.2.4');
  assert.equal(clients.find(keyOf('192.0.2.2').high, keyOf('192.0.2.2').low), -1);
  assert.equal(robots.of(see('192.0.2.2')), VERIFIED);
  assert.equal(robots.of(see('192.0.2.1')), REFUTED);
  robots.setNetworks(networksOf('192.0.2.1'));
  robots.answer([{ ...keyOf('192.0.2.1'), verdict: REFUTED }]);
  const { high, low } = keyOf('192.0.2.1');
  assert.equal(robots.of(clients.find(high, low)), VERIFIED);
});

test('a claim is asked about from its fourth request in a window, once in ten minutes, never of who is verified', () => {
  const { clients, robots, see } = begin();
  const slot = see('192.0.2.1');
  clients.count(slot, 4 - clients.requests(slot), 0, 0);
  assert.equal(robots.shouldAsk(slot, 1000), false, 'nobody answers');
  robots.asking = true;
  clients.count(slot, 3 - clients.requests(slot), 0, 0);
  assert.equal(robots.shouldAsk(slot, 1000), false);
  clients.count(slot, 4 - clients.requests(slot), 0, 0);
  assert.equal(robots.shouldAsk(slot, 1000), true);
  robots.noteClaim(slot, 1000, '192.0.2.1', 'Bot/1.0');
  assert.equal(robots.shouldAsk(slot, 1599), false);
  assert.equal(robots.shouldAsk(slot, 1600), true);
  assert.deepEqual(robots.takeClaims(), [{ ...keyOf('192.0.2.1'), address: '192.0.2.1', userAgent: 'Bot/1.0' }]);
  assert.deepEqual(robots.takeClaims(), []);
  robots.answer([{ ...keyOf('192.0.2.1'), verdict: VERIFIED }]);
  assert.equal(robots.shouldAsk(slot, 9999), false);
});

test('claims that nobody takes are bounded', () => {
  const { clients, robots, see } = begin();
  robots.asking = true;
  for (let n = 0; n < 200; n++) {
    const slot = see(`192.0.2.${n}`);
    clients.count(slot, 4 - clients.requests(slot), 0, 0);
    if (robots.shouldAsk(slot, 1000)) robots.noteClaim(slot, 1000, `192.0.2.${n}`, 'Bot/1.0');
  }
  assert.equal(robots.takeClaims().length, 64);
  assert.equal(robots.shouldAsk(clients.find(IPV4_HIGH, keyOf('192.0.2.199').low), 1000), true, 'comes again');
});
