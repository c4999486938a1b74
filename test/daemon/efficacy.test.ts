import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Efficacy } from '../../src/daemon/watch/efficacy.ts';
import type { Connection } from '../../src/host/proc-net.ts';
import type { ActiveBan } from '../../src/model/audit.ts';
import { findClientKey } from '../../src/net/client-key.ts';
import { parsePrefix } from '../../src/net/prefix.ts';
import { SCHEME } from '../support/parse.ts';
import { T0 } from './fixtures.ts';

const CLIENT = '203.0.113.9';

function connection(address: string, local: number): Connection {
  const remote = parsePrefix(address);
  assert.ok(remote);
  return { remote, local, name: address };
}

function make(connections: readonly Connection[], { backend = 'ipset', confirmed = true } = {}) {
  const said: string[] = [];
  const ban = { client: CLIENT, enforced: true, confirmed, sinceMs: T0 } as ActiveBan;
  const efficacy = new Efficacy({
    backend,
    openPorts: [22],
    scheme: SCHEME,
    findActiveBan: (client) => (client === CLIENT ? ban : undefined),
    connections: async () => connections,
    troubles: {
      begin: (_key, what, fix) => void said.push(`${what} -> ${fix}`),
      end: (key) => void said.push(`end ${key}`),
    },
  });
  return { efficacy, said };
}

function unstopped(lastSeconds: number) {
  const prefix = parsePrefix(CLIENT);
  const key = prefix && findClientKey(prefix, SCHEME);
  assert.ok(key);
  return [{ ...key, requests: 600, first: T0 / 1000, last: T0 / 1000 + lastSeconds }];
}

test('says once that a ban does not hold, and that it is over', async () => {
  const { efficacy, said } = make([]);
  await efficacy.check([]);
  await efficacy.check(unstopped(20));
  await efficacy.check(unstopped(30));
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /^203.0.113.9 is banned and still reaches nginx: 600 requests in 20 s since; /);
  await efficacy.check([]);
  await efficacy.check([]);
  assert.deepEqual(said.slice(1), ['end efficacy']);
});

test('why, as the connections of the host show it', async () => {
  for (const [connections, options, pattern] of [
    [[connection(CLIENT, 443)], {}, /connected to port 443: its packets don't pass the rules -> .*zban doctor/],
    [[connection(CLIENT, 22)], {}, /connected to port 22, which bans leave open -> take 22 out of/],
    [
      [connection('10.0.0.5', 80), connection('10.0.0.5', 80), connection('10.0.0.6', 80), connection('10.0.0.7', 22)],
      {},
      /through a proxy \(most connections are from 10.0.0.5, 10.0.0.6\).* -> use firewall.backend: nginx/,
    ],
    [[], { backend: 'dry-run' }, /the backend dry-run drops nothing -> set firewall.backend: auto/],
  ] as const) {
    const { efficacy, said } = make(connections, options);
    await efficacy.check(unstopped(20));
    assert.match(said.join(), pattern);
  }
});

test('silent about a log that lags, and about a ban that the firewall has not confirmed', async () => {
  const lagging = make([]);
  await lagging.efficacy.check(unstopped(3));
  const unconfirmed = make([], { confirmed: false });
  await unconfirmed.efficacy.check(unstopped(20));
  assert.deepEqual([...lagging.said, ...unconfirmed.said], []);
});
