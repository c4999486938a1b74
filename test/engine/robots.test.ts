import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VERIFIED } from '../../src/detect/robot-verdicts.ts';
import { Bench } from '../support/engine.ts';
import { START } from '../support/traffic.ts';
import { keyOf } from './story.ts';

const GOOGLEBOT = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';

const lines = (ip: string, count: number, agent = GOOGLEBOT): string[] =>
  Array.from({ length: count }, (_, n) =>
    JSON.stringify({
      ...{ timestamp: START + n, source_ip: ip, method: 'GET', path: `/page/${n}`, status: 200, user_agent: agent },
    }),
  );

test('clients that claim to be robots are handed out with the address and user agent of their line', () => {
  const bench = new Bench();
  bench.feed(...lines('192.0.2.1', 10));
  assert.deepEqual(bench.engine.robots.takeClaims(), [], 'not unless somebody asks');
  bench.engine.robots.asking = true;
  bench.feed(
    ...lines('2001:db8::5', 10),
    ...lines('192.0.2.3', 10, 'Mozilla/5.0 Firefox/130.0'),
    ...lines('192.0.2.4', 3),
  );
  const claim = { address: '2001:db8::5', userAgent: GOOGLEBOT };
  assert.deepEqual(bench.engine.robots.takeClaims(), [{ ...keyOf('2001:db8::/64'), ...claim }]);
});

test('a client of a published network is verified from its first request, and not asked about', () => {
  const bench = new Bench();
  const { engine } = bench;
  engine.robots.setNetworks([{ name: 'Googlebot', prefix: { family: 4, value: 0xc000_0200n, bits: 24 } }]);
  engine.robots.asking = true;
  bench.feed(...lines('192.0.2.1', 10));
  const { high, low } = keyOf('192.0.2.1');
  assert.equal(engine.robots.of(engine.clients.find(high, low)), VERIFIED);
  assert.deepEqual(engine.robots.takeClaims(), []);
});
