import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientCounter } from '../../src/traffic/client-counter.ts';
import { clientHash } from '../../src/traffic/hash.ts';
import { Outage } from '../../src/traffic/outage.ts';

const NOW = 1_767_268_800;
const hash = (client: number): number => clientHash(1, 0xc000_0200 + client);

/** `failing` of `clients` fail at `second`; whether that is an outage a second later. */
function isOn(outage: Outage, second: number, clients: number, failing: number): boolean {
  outage.advance(second);
  for (let n = 0; n < clients; n++) outage.note(hash(n), n < failing ? 502 : 0);
  outage.advance(second + 1);
  return outage.isOn;
}

test('it is one while half of the clients and three at least fail, however many there are', () => {
  for (const [clients, failing, expected] of [
    [2, 2, false],
    [3, 3, true],
    [10, 3, false],
    [10, 8, true],
    [5000, 110, false],
    [5000, 1000, false],
    [5000, 3500, true],
  ] as const) {
    assert.equal(isOn(new Outage(), NOW, clients, failing), expected, `${failing} of ${clients}`);
  }
});

test('one client that fails often is one client', () => {
  const outage = new Outage();
  outage.advance(NOW);
  for (let n = 0; n < 1000; n++) outage.note(hash(1), 502);
  outage.advance(NOW + 1);
  assert.equal(outage.isOn, false);
});

test('it ends a minute after the last failure at the latest, and when the clock is set', () => {
  const outage = new Outage();
  assert.equal(isOn(outage, NOW, 10, 10), true);
  outage.advance(NOW + 31);
  assert.equal(outage.isOn, true, 'of the half minute before');
  outage.advance(NOW + 62);
  assert.equal(outage.isOn, false);
  assert.equal(isOn(outage, NOW + 100, 10, 10), true);
  outage.advance(NOW - 5000);
  assert.equal(outage.isOn, false);
});

test('it goes on while most of those who come fail, whoever they are, and is over when most are served', () => {
  const outage = new Outage();
  assert.equal(isOn(outage, NOW, 10, 10), true);
  for (let second = 20; second < 7200; second += 20) assert.equal(isOn(outage, NOW + second, 1, 1), true);
  assert.equal(isOn(outage, NOW + 7300, 10, 1), false);
});

test('distinct clients are counted within a few percent', () => {
  for (const clients of [0, 1, 3, 100, 1000, 10_000]) {
    const counter = new ClientCounter();
    for (let again = 0; again < 3; again++) for (let n = 0; n < clients; n++) counter.note(hash(n));
    assert.ok(Math.abs(counter.count - clients) <= 1 + 0.08 * clients, `${counter.count} for ${clients}`);
  }
  const [one, other] = [new ClientCounter(), new ClientCounter()];
  for (let n = 0; n < 100; n++) {
    one.note(hash(n));
    other.note(hash(n + 50));
  }
  assert.ok(Math.abs(one.countWith(other) - 150) < 12, `${one.countWith(other)}`);
  one.clear();
  assert.equal(one.count, 0);
});

test('it excuses failures, and beside them what most of those who fail are answered', () => {
  const outage = new Outage();
  outage.advance(NOW);
  const statuses = [404, 500, 403, 403, 403, 503];
  for (const [client, status] of statuses.entries()) outage.note(hash(client), status);
  // One who is refused again and again has no more votes than others.
  for (let n = 0; n < 100; n++) outage.note(hash(9), 401);
  assert.equal(outage.excuses(403), false, 'it is not on yet');
  outage.advance(NOW + 1);
  assert.deepEqual(
    [403, 500, 504, 401, 404, 302].filter((status) => outage.excuses(status)),
    [403, 500, 504],
  );
});
