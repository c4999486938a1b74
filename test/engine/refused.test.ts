/** Clients that should have been banned and were not: allowlist, fuse, limit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSecond } from '../../src/model/time.ts';
import { clientPrefix } from '../../src/net/client-key.ts';
import { SCHEME } from '../support/parse.ts';
import { ATTACKER, flood, keyOf, ready } from './story.ts';

const KEY = keyOf(ATTACKER);

test('an allowlisted flood is refused once while it lasts, and banned when the entry goes', () => {
  const { bench, now } = ready();
  const prefix = clientPrefix(KEY.high, KEY.low, SCHEME);
  bench.engine.ledger.setNeverBanned([{ prefix, kind: 'allowlist', because: 'monitoring' }]);
  for (let second = 0; second < 120; second++) bench.feed(...flood(now + second, 50));
  assert.deepEqual(bench.of('ban'), []);
  assert.deepEqual(
    bench.of('refused').map(({ ip, reason, detail, condition }) => [ip, reason, detail, condition]),
    [[ATTACKER, 'allowlist', 'monitoring', 'z_score']],
  );
  bench.engine.ledger.setNeverBanned([]);
  bench.engine.bans.judgeRefusedAgain();
  bench.feed(...flood(now + 120, 1));
  assert.equal(bench.of('ban').length, 1);
});

test('the fuse stops bans, says so once, and bans what still floods when it is whole again', () => {
  const { bench, now } = ready({ bans: { max_per_minute: 3, schedule: [3_600_000] } });
  const attackers = Array.from({ length: 6 }, (_, n) => `198.51.100.${210 + n}`);
  for (const second of [0, 1, 599, 600, 601]) {
    bench.feed(...attackers.flatMap((ip) => flood(now + second, 130, ip)));
  }
  const phases = bench.events.flatMap((event) => (event.event === 'fuse' ? [[event.phase, event.time]] : []));
  assert.deepEqual(phases.slice(0, 2), [
    ['tripped', formatSecond(now)],
    ['reset', formatSecond(now + 600)],
  ]);
  assert.deepEqual(
    bench
      .of('refused')
      .filter(({ time }) => time === formatSecond(now))
      .map(({ ip }) => ip),
    attackers.slice(3),
  );
  assert.equal(bench.of('ban').filter(({ time }) => time === formatSecond(now)).length, 3);
  assert.equal(bench.of('ban').length, 6, 'the rest once it is whole again');
});

test('a client refused for want of room is banned when there is room', () => {
  const { bench, now } = ready({ bans: { max_active: 1, schedule: [5000] } });
  for (let second = 0; second < 7; second++) {
    bench.feed(...flood(now + second, second === 0 ? 120 : 0, '198.51.100.250'), ...flood(now + second, 130));
  }
  assert.deepEqual(
    bench.of('ban').map(({ ip, time }) => [ip, time]),
    [
      ['198.51.100.250', formatSecond(now)],
      [ATTACKER, formatSecond(now + 5)],
    ],
  );
  assert.equal(bench.of('refused')[0]?.reason, 'limit');
});
