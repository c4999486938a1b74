import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientBit, clientHash } from '../../src/traffic/hash.ts';
import { OwnHosts } from '../../src/traffic/own-hosts.ts';

const bit = (client: number): number => clientBit(clientHash(1, 0xc000_0200 + client));
const [SITE, ELSEWHERE] = [101, 202];

/** The n-th of `count` clients loads a file for a page of `host`. */
function load(hosts: OwnHosts, host: number, count: number, clients = count): void {
  for (let n = 0; n < count; n++) hosts.note(host, bit(n % clients));
}

test('the host for whose pages clients load files is the own one; no host is none', () => {
  const hosts = new OwnHosts();
  assert.equal(hosts.has(SITE), false);
  load(hosts, SITE, 40);
  assert.equal(hosts.has(SITE), true);
  assert.equal(hosts.has(ELSEWHERE), false);
  assert.equal(hosts.has(0), false);
});

test('a page elsewhere with many readers does not become one of the site, nor does one client with many requests', () => {
  const hosts = new OwnHosts();
  load(hosts, SITE, 2000, 40);
  load(hosts, ELSEWHERE, 300, 40);
  load(hosts, SITE, 2000, 40);
  assert.deepEqual([hosts.has(SITE), hosts.has(ELSEWHERE)], [true, false]);
  const third = 303;
  load(hosts, third, 3000, 1);
  assert.equal(hosts.has(third), false, 'one client');
});

test('a site of several names has all of them', () => {
  const hosts = new OwnHosts();
  for (let n = 0; n < 10; n++) {
    load(hosts, SITE, 100, 30);
    load(hosts, ELSEWHERE, 60, 30);
  }
  assert.deepEqual([hosts.has(SITE), hosts.has(ELSEWHERE)], [true, true]);
});

test('a thousand invented hosts do not push out the own one', () => {
  const hosts = new OwnHosts();
  load(hosts, SITE, 1000, 40);
  for (let host = 1000; host < 2000; host++) hosts.note(host, bit(host));
  assert.equal(hosts.has(SITE), true);
});

test('it outlives a restart', () => {
  const hosts = new OwnHosts();
  load(hosts, SITE, 400, 40);
  const again = new OwnHosts();
  again.restore(JSON.parse(JSON.stringify(hosts.snapshot())));
  assert.equal(again.has(SITE), true);
  assert.deepEqual(again.snapshot(), hosts.snapshot());
});
