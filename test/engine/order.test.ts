/** Lines out of order, gaps, and a clock that cannot be trusted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSecond } from '../../src/model/time.ts';
import { Bench } from '../support/engine.ts';
import fc from '../support/fast-check.ts';
import { logLine, START, visitorIp } from '../support/traffic.ts';
import { ATTACKER, calm, flood, ready } from './story.ts';

const sumsOf = (bench: Bench) => {
  const { clients } = bench.engine;
  return [...clients.recent()]
    .map((slot) => [clients.low(slot), clients.requests(slot), clients.weight(slot), clients.errors(slot)].join(':'))
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
  const between = () => logLine(now, visitorIp(1));
  bench.feed(between(), ...flood(now - 60, 500).flatMap((line, n) => (n % 10 === 0 ? [between(), line] : [line])));
  assert.deepEqual(bench.of('ban'), []);
  assert.equal(bench.engine.order.late, 500);
  assert.equal(bench.engine.window.newest, now);
  const strict = ready({ detection: { out_of_order: 5000 } });
  strict.bench.feed(logLine(strict.now, visitorIp(1)), ...flood(strict.now - 6, 7));
  assert.equal(strict.bench.engine.order.late, 7);
});

test('a clock that is set back costs twenty lines, and its time goes on where it was', () => {
  const { bench, now } = ready();
  const before = now - 7200;
  bench.feed(...flood(before, 250));
  assert.equal(bench.engine.order.late, 19);
  assert.deepEqual(
    bench.of('ban').map(({ ip, time, samples }) => [ip, time, samples.at(-1)?.time]),
    [[ATTACKER, formatSecond(before), formatSecond(before)]],
    'told in the time of the log',
  );
  bench.feed(...calm(before + 1, 601));
  assert.deepEqual(
    bench.of('unban').map(({ time }) => time),
    [formatSecond(before + 600)],
  );
  assert.equal(bench.engine.order.late, 19);
  assert.equal(bench.engine.snapshot().second, before + 601, 'the next start reads the log with its own clock');
});

test('what a client had done when the clock was set back still counts, and a ban lasts no longer for it', () => {
  const { bench, now } = ready();
  bench.feed(...flood(now, 70), ...flood(now, 120, '198.51.100.9'));
  assert.deepEqual(
    bench.of('ban').map(({ ip }) => ip),
    ['198.51.100.9'],
  );
  const before = now - 7200;
  bench.feed(...calm(before, 10), ...flood(before + 10, 60));
  assert.deepEqual(bench.of('ban').at(-1)?.ip, ATTACKER, 'none of both floods is enough');
  bench.feed(...calm(before + 11, 600));
  assert.equal(bench.of('unban').length, 2);
});

test('a clock that is put right again, or set back and forth, costs nothing more', () => {
  const { bench, now } = ready();
  bench.feed(...calm(now - 7200, 60));
  assert.equal(bench.engine.order.late, 19);
  bench.feed(...calm(now + 60, 60), ...calm(now - 7200 + 120, 60), ...calm(now + 180, 60));
  assert.equal(bench.engine.order.late, 19);
  assert.ok(Math.abs(bench.engine.window.newest - (now + 239)) <= 10);
});

test('only the log whose clock was set back is moved', () => {
  const { bench, now } = ready();
  const feed = (source: number, ...lines: string[]) => bench.feedFrom(source, ...lines);
  feed(1, ...calm(now, 1));
  for (let second = 0; second < 60; second++) {
    feed(0, ...calm(now - 3600 + second, 1));
    feed(1, ...calm(now + second, 1));
  }
  assert.equal(bench.engine.order.late, 19);
  assert.ok(Math.abs(bench.engine.window.newest - (now + 59)) <= 10);
  assert.equal(bench.engine.order.findBehind(now + 59), 0);
});

test('a log that was always behind the others is left out, which is counted and told', () => {
  const { bench, now } = ready();
  for (let second = 0; second < 300; second++) {
    bench.feedFrom(0, ...calm(now + second, 1));
    bench.feedFrom(1, ...flood(now - 3600 + second, 4));
  }
  assert.deepEqual(bench.of('ban'), []);
  assert.equal(bench.engine.order.late, 1200);
  assert.equal(bench.engine.order.findBehind(now + 299), 3600);
});

test('the first lines after a start decide what the clock is', () => {
  const { bench, now } = ready();
  bench.engine.goLive([]);
  bench.feedFrom(1, ...flood(now - 7200, 200));
  assert.equal(bench.engine.order.late, 19);
  assert.equal(bench.of('ban').length, 1);
});

test('one line now and then from the past does not set the clock back', () => {
  const { bench, now } = ready();
  for (let n = 0; n < 3000; n++) bench.feed(logLine(now - 7200, visitorIp(1)), logLine(now + (n >> 6), visitorIp(2)));
  assert.equal(bench.engine.window.newest, now + (2999 >> 6));
  assert.equal(bench.engine.order.late, 3000);
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
