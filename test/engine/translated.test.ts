/** Visitors from IPv4 behind a translator: each is judged for itself, and banned as it arrives. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePrefix } from '../../src/net/prefix.ts';
import { Bench, ENGINE } from '../support/engine.ts';
import { logLine, START } from '../support/traffic.ts';
import { flood } from './story.ts';

/** 203.0.113.N behind each kind of translator, and in 6to4. */
const KINDS = [
  {
    kind: 'NAT64',
    hostOf: (n: number) => `64:ff9b::cb00:71${n.toString(16).padStart(2, '0')}`,
    client: /^64:ff9b::cb00:71fa$/,
  },
  { kind: 'local use', hostOf: (n: number) => `64:ff9b:1:fffe::203.0.113.${n}`, client: /^64:ff9b:1:fffe::cb00:71fa$/ },
  { kind: 'SIIT-DC', hostOf: (n: number) => `2001:db8:46::203.0.113.${n}`, client: /^2001:db8:46::cb00:71fa$/ },
  {
    kind: '6to4',
    hostOf: (n: number) => `2002:cb00:71${n.toString(16).padStart(2, '0')}:${n}::1`,
    client: /^2002:cb00:71fa::\/48$/,
  },
];
const detection = { ...ENGINE.detection, translation_prefixes: ['2001:db8:46::/96'] };

for (const { kind, hostOf, client } of KINDS) {
  const ready = () => {
    const bench = new Bench(
      { detection: { translation_prefixes: detection.translation_prefixes } },
      { clients: detection },
    );
    bench.feed(...Array.from({ length: 300 }, (_, n) => logLine(START + n, hostOf(n % 40), `/page/${n}`)));
    return bench;
  };

  test(`${kind}: a flood bans one IPv4 address and nobody beside it`, () => {
    const bench = ready();
    // Many who do little: together far above any limit.
    bench.feed(...Array.from({ length: 2000 }, (_, n) => logLine(START + 300, hostOf(n % 200), `/page/${n}`)));
    assert.deepEqual(bench.of('ban'), []);
    for (let second = 0; second < 60; second++) bench.feed(...flood(START + 301 + second, 50, hostOf(250)));
    const [ban, ...more] = bench.of('ban');
    assert.match(ban?.ip ?? '', client);
    assert.deepEqual(more, []);
    assert.equal(ban?.ipv4, '203.0.113.250');
    assert.equal(ban?.samples.length, 5, 'its requests are found');
  });

  test(`${kind}: what is allowed by its IPv4 address is not banned`, () => {
    const bench = ready();
    const prefix = parsePrefix('203.0.113.250');
    assert.ok(prefix);
    bench.engine.ledger.setNeverBanned([{ prefix, kind: 'allowlist', because: 'monitoring' }]);
    for (let second = 0; second < 60; second++)
      bench.feed(...flood(START + 300 + second, 50, hostOf(250)), ...flood(START + 300 + second, 50, hostOf(251)));
    assert.equal(bench.of('ban').length, 1);
    const [refused] = bench.of('refused');
    assert.match(refused?.ip ?? '', client);
    assert.equal(refused?.reason, 'allowlist');
  });
}
