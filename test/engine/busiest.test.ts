/** What `zban top` gets from the engine. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENGINE } from '../support/engine.ts';
import { logLine } from '../support/traffic.ts';
import { ATTACKER, flood, ready } from './story.ts';

test('clients come with the limit they are nearest to, their path and their answers; banned ones do not', () => {
  const { bench, now } = ready();
  bench.feed(...flood(now, 130, '198.51.100.250'), ...flood(now, 60));
  bench.feed(
    logLine(now, '192.0.2.77', '/shop?page=1'),
    logLine(now, '192.0.2.77', '/shop?page=2'),
    logLine(now, '192.0.2.77', '/cart', 404),
  );
  const found = bench.engine.findBusiest(50);
  assert.ok(found.every(({ name }) => name !== '198.51.100.250'));
  const [first] = found;
  assert.equal(first?.name, ATTACKER);
  assert.equal(first?.requests, 60);
  assert.deepEqual([first?.nearest?.limit, first?.nearest?.share], ['rate', 60 / (first?.nearest?.tolerated ?? 0)]);
  assert.deepEqual(first?.statuses, [60, 0, 0, 0]);
  const visitor = found.find(({ name }) => name === '192.0.2.77');
  assert.equal(visitor?.topPath, '/shop', 'queries are left out');
  assert.deepEqual(visitor?.statuses, [2, 0, 1, 0]);
  assert.ok(bench.engine.findBusiest(1).length <= 2, 'one by each order');
});

test('points have drained by the time somebody looks, and looking takes nothing away', () => {
  const { bench, now } = ready({ detection: ENGINE.detection });
  const shareOf = () => {
    const client = bench.engine.findBusiest(50).find(({ name }) => name === ATTACKER);
    return client?.nearest?.limit === 'scan' ? client.nearest.share : 0;
  };
  const probes = ['/.env', '/phpinfo.php', '/wp-login.php', '/.git/config'];
  bench.feed(...probes.map((path) => logLine(now, ATTACKER, path, 404)));
  const fresh = shareOf();
  assert.ok(fresh > 0.1 && fresh < 1, String(fresh));
  assert.equal(shareOf(), fresh);
  bench.engine.advanceTo(now + 30);
  assert.ok(shareOf() < fresh);
});
