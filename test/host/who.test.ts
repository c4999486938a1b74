import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeWho } from '../../src/english/who.ts';
import { loadRobots, SHIPPED_ROBOTS } from '../../src/host/robots.ts';
import { WhoFinder } from '../../src/host/who.ts';
import { parsePrefix } from '../../src/net/prefix.ts';

const zone: Readonly<Record<string, readonly string[]>> = {
  '1.2.0.192.in-addr.arpa': ['crawl-1.googlebot.com.'],
  'crawl-1.googlebot.com': ['192.0.2.1'],
  '2.2.0.192.in-addr.arpa': ['crawl-2.googlebot.com'],
  'crawl-2.googlebot.com': ['198.51.100.1'],
  '3.2.0.192.in-addr.arpa': ['NS1.example.net'],
  'ns1.example.net': ['192.0.2.3'],
};
const ask = async (name: string) => [...(zone[name] ?? assert.fail('ENOTFOUND'))];
const resolver = { resolvePtr: ask, resolve4: ask, resolve6: ask };

test('a host name counts only if it resolves back to the address', async () => {
  const finder = new WhoFinder({ table: '/nonexistent', robots: loadRobots(SHIPPED_ROBOTS), resolver });
  const texts = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4', '34.64.82.64', '192.0.2.0/30'];
  const found = await finder.find(texts.map((text) => parsePrefix(text) ?? assert.fail(text)));
  assert.deepEqual(found.map(describeWho), [
    'rDNS crawl-1.googlebot.com · verified Googlebot',
    'rDNS crawl-2.googlebot.com (unconfirmed)',
    'rDNS ns1.example.net',
    '',
    'verified Googlebot',
    '',
  ]);
});

test('a resolver that never answers is waited for no longer than two seconds', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const silent = () => new Promise<string[]>(() => {});
  const finder = new WhoFinder({
    table: '/nonexistent',
    robots: loadRobots(SHIPPED_ROBOTS),
    resolver: { resolvePtr: silent, resolve4: silent, resolve6: silent },
  });
  const found = finder.find([{ family: 4, value: 0xc0000201n, bits: 32 }]);
  t.mock.timers.tick(2000);
  assert.deepEqual((await found).map(describeWho), ['']);
});

test('an owner without a number, a name or a country is shown by what is known', () => {
  const tell = (asn: number, name: string, country: string) => describeWho({ owner: { asn, name, country } });
  assert.equal(tell(16276, 'OVH', 'FR'), 'AS16276 OVH, FR');
  assert.equal(tell(16276, '', ''), 'AS16276');
  assert.equal(tell(0, '', 'FR'), 'FR');
  assert.equal(
    describeWho({
      owner: { asn: 16276, name: 'OVH', country: 'FR' },
      hostName: 'ns1.example.net',
      hostNameConfirmed: true,
      robot: 'Googlebot',
    }),
    'AS16276 OVH, FR · rDNS ns1.example.net · verified Googlebot',
  );
});
