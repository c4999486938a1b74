import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Offender } from '../../src/decide/offender-table.ts';
import { Bench, type Overrides } from '../support/engine.ts';
import { logLine, START, writeLog } from '../support/traffic.ts';
import { ATTACKER, calm, flood, keyOf } from './story.ts';

const OVERRIDES: Overrides = { bans: { schedule: [60_000, 120_000, null] } };
const SECONDS = 2400;
/** When the first engine stops. */
const LEFT = START + 1500;
const REHEARSED_SECONDS = 300;

const LINES = writeLog({
  seed: 5,
  seconds: SECONDS,
  visitors: 60,
  attacks: [
    { ip: '203.0.113.250', from: 700, to: 800, rate: 8 },
    { ip: '203.0.113.251', from: 1460, to: 1700, rate: 4 },
    { ip: '203.0.113.252', from: 1900, to: 2000, rate: 9 },
  ],
});

const secondOf = (line: string) => Number(/"msec":"(\d+)/.exec(line)?.[1]);

function offendersOf(bench: Bench): Offender[] {
  return [...bench.engine.ledger.all()];
}

test('left and taken up again: the same decisions and the same baseline as without', () => {
  const whole = new Bench(OVERRIDES);
  whole.feed(...LINES);
  const before = new Bench(OVERRIDES);
  before.feed(...LINES.filter((line) => secondOf(line) <= LEFT));
  const after = new Bench(OVERRIDES);
  after.engine.restore(before.engine.snapshot());
  const offenders = offendersOf(before);
  for (const offender of offenders) after.engine.bans.set(offender);
  after.feed(...LINES.filter((line) => secondOf(line) > LEFT - REHEARSED_SECONDS && secondOf(line) <= LEFT));
  after.engine.goLive(offenders);
  const told = after.events.length;
  after.feed(...LINES.filter((line) => secondOf(line) > LEFT));

  const decisions = (bench: Bench, from = 0) =>
    bench.events
      .slice(from)
      .filter(({ event }) => event === 'ban' || event === 'unban')
      // A minute that was left in its middle teaches of clients a little otherwise; what it is taken as is the same.
      .map((event) => ({ ...event, samples: [], learned: undefined }));
  const expected = decisions(whole);
  assert.deepEqual([...decisions(before), ...decisions(after, told)], expected);
  assert.ok(expected.some(({ time }) => Date.parse(time) / 1000 > LEFT && Date.parse(time) / 1000 < LEFT + 60));
  const learned = ({ engine }: Bench) =>
    engine.snapshot().minutes.map(({ site, errors }) => [site.sum, site.count, errors]);
  assert.deepEqual(learned(after), learned(whole));
});

test('going live, bans of the rehearsal are void, and those there really are in force', () => {
  const bench = new Bench();
  const other = { ...keyOf('198.51.100.9'), tier: 2, until: START + 4000, lastEnd: START + 4000 };
  bench.feed(...calm(START, 300), ...flood(START + 300, 400));
  assert.equal(bench.of('ban').length, 1);
  bench.engine.goLive([other]);
  const now = START + 301;
  bench.feed(...flood(now, 100), ...flood(now, 400, '198.51.100.9'));
  assert.equal(
    bench.of('ban').length,
    1,
    'what the released one did before is forgotten, the banned one is not judged',
  );
  bench.feed(...flood(now, 100));
  assert.equal(bench.of('ban').length, 2);
  assert.equal(bench.of('ban')[1]?.tier, 1, 'a ban that never was is no offence');
  assert.equal(bench.engine.banned, 480);
});

test('going live, lines count that were not read yet, also those that are late', () => {
  const bench = new Bench();
  bench.feed(...calm(START, 300), ...flood(START + 290, 400));
  assert.equal(bench.of('ban').length, 1);
  bench.engine.goLive([]);
  bench.feed(...flood(START + 291, 400));
  assert.equal(bench.of('ban').length, 2);
});

test('going live, lines from before a release meanwhile do not count', () => {
  const bench = new Bench();
  bench.feed(...calm(START, 300), ...flood(START + 290, 400));
  bench.engine.goLive([{ ...keyOf(ATTACKER), tier: 0, until: 0, lastEnd: START + 295 }]);
  bench.feed(...flood(START + 291, 400));
  assert.equal(bench.of('ban').length, 1);
  bench.feed(...flood(START + 296, 400));
  assert.equal(bench.of('ban').length, 2);
});

test('requests from before a client was released do not count when they are read again', () => {
  const bench = new Bench();
  const lastEnd = START + 310;
  bench.engine.bans.set({ ...keyOf(ATTACKER), tier: 1, until: 0, lastEnd });
  bench.feed(...calm(START, 300), ...flood(START + 300, 400), ...flood(lastEnd + 1, 100));
  assert.deepEqual(bench.of('ban'), []);
  bench.feed(...flood(lastEnd + 2, 100));
  assert.equal(bench.of('ban').length, 1);
});

test('a clock that is set back takes the ends of bans back with it', () => {
  const bench = new Bench();
  bench.feed(...calm(START + 7200, 300));
  bench.engine.bans.set({ ...keyOf(ATTACKER), tier: 1, until: 0, lastEnd: START + 7400 });
  bench.feed(...Array.from({ length: 1100 }, (_, n) => logLine(START + Math.floor(n / 4), '192.0.2.1', `/${n % 7}`)));
  bench.feed(...flood(START + 280, 400));
  assert.equal(bench.of('ban').filter(({ ip }) => ip === ATTACKER).length, 1);
});
