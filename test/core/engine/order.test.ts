/** Lines out of order, gaps, and a clock that cannot be trusted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatSecond } from '../../../src/core/time.ts';
import { Bench } from '../../support/engine.ts';
import { logLine, START, visitorIp } from '../../support/traffic.ts';
import { ATTACKER, calm, flood, ready } from './story.ts';

const sumsOf = (bench: Bench) => {
  const { clients } = bench.engine;
  return [...clients.recent()]
    .map((slot) => [clients.low(slot), clients.requests[slot], clients.weight[slot], clients.errors[slot]].join(':'))
    .sort();
};

test('lines up to 60 seconds out of order are counted as if in order', () => {
  const line = fc.record({ second: fc.nat(58), client: fc.nat(5), status: fc.constantFrom(200, 404, 500) });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 100 }), (lines) => {
      const text = ({ second, client, status }: (typeof lines)[number]) =>
        logLine(START + second, visitorIp(client), '/', status);
      const [last, shuffled, sorted] = [logLine(START + 59, visitorIp(9)), new Bench(), new Bench()];
      shuffled.feed(last, ...lines.map(text));
      sorted.feed(...[...lines].sort((a, b) => a.second - b.second).map(text), last);
      assert.deepEqual(sumsOf(shuffled), sumsOf(sorted));
      assert.equal(shuffled.engine.order.late, 0);
    }),
  );
});

test('a flood whose lines arrive late is banned all the same', () => {
  const { bench, now } = ready();
  bench.feed(logLine(now, visitorIp(1)), ...flood(now - 59, 120));
  assert.deepEqual(
    bench.of('ban').map(({ time }) => time),
    [formatSecond(now)],
  );
});

test('older lines are left out and counted', () => {
  const { bench, now } = ready();
  bench.feed(logLine(now, visitorIp(1)), ...flood(now - 60, 500));
  assert.deepEqual(bench.of('ban'), []);
  assert.equal(bench.engine.order.late, 500);
  assert.equal(bench.engine.window.newest, now);
  const strict = ready({ detection: { out_of_order: 5000 } });
  strict.bench.feed(logLine(strict.now, visitorIp(1)), ...flood(strict.now - 6, 7));
  assert.equal(strict.bench.engine.order.late, 7);
});

test('after a thousand late lines in a row the clock was set back, and detection goes on', () => {
  const { bench, now } = ready();
  const before = now - 7200;
  bench.feed(...calm(before, 999).map((line) => line.replace(/"msec":"\d+/, `"msec":"${before}`)));
  assert.equal(bench.engine.window.newest, now - 1);
  bench.feed(logLine(before, visitorIp(1)));
  assert.equal(bench.engine.window.newest, before);
  bench.feed(...flood(before + 1, 120));
  assert.deepEqual(
    bench.of('ban').map(({ time }) => time),
    [formatSecond(before + 1)],
  );
  bench.feed(...calm(before + 2, 600));
  assert.deepEqual(
    bench.of('unban').map(({ time }) => time),
    [formatSecond(before + 601)],
  );
});

test('one line now and then from the past does not set the clock back', () => {
  const { bench, now } = ready();
  for (let n = 0; n < 3000; n++) bench.feed(logLine(now - 7200, visitorIp(1)), logLine(now + (n >> 6), visitorIp(2)));
  assert.equal(bench.engine.window.newest, now + (2999 >> 6));
  assert.equal(bench.engine.order.late, 3000);
});

test('a clock set back while a client was flagged or the fuse was blown leaves nothing behind', () => {
  const { bench, now } = ready({ bans: { max_per_minute: 1, fuse_hold: 600_000 } });
  bench.feed(...flood(now, 120), ...flood(now, 120).map((line) => line.replace(ATTACKER, '203.0.113.251')));
  assert.equal(bench.of('refused').length, 1);
  const before = now - 7200;
  bench.feed(...Array.from({ length: 1000 }, () => logLine(before, visitorIp(1))));
  bench.feed(...calm(before + 1, 600));
  bench.feed(...flood(before + 601, 120).map((line) => line.replace(ATTACKER, '203.0.113.251')));
  assert.equal(bench.of('ban').at(-1)?.ip, '203.0.113.251');
});

test('one corrupt time stamp from the future ends no ban and makes no line late', () => {
  const { bench, now } = ready();
  bench.feed(...flood(now, 120), logLine(now + 18_000, visitorIp(3)), ...calm(now, 60));
  assert.equal(bench.engine.window.newest, now + 59);
  assert.deepEqual(bench.of('unban'), []);
  assert.equal(bench.engine.order.late, 1);
  bench.feed(logLine(now + 18_000, visitorIp(3)), ...calm(now + 60, 60));
  assert.equal(bench.engine.window.newest, now + 119, 'nor does a second one, later');
});

test('after a long gap the second line moves the clock; what was before is over', () => {
  const { bench, now } = ready();
  bench.feed(...flood(now, 120));
  const later = now + 86_400;
  bench.feed(...calm(later, 2));
  assert.equal(bench.engine.window.newest, later + 1);
  assert.deepEqual(
    bench.of('unban').map(({ ip }) => ip),
    [ATTACKER],
  );
  bench.feed(...flood(later + 2, 120));
  assert.equal(bench.of('ban')[1]?.tier, 2);
});

test('hours without a request between all lines of a log still move its clock, a line behind', () => {
  const bench = new Bench();
  for (let n = 0; n < 10; n++) bench.feed(logLine(START + n * 7200, visitorIp(n)));
  assert.equal(bench.engine.window.newest, START + 8 * 7200);
});
