/** Somebody sets this host's clock while bans are in force: they end after their time all the same. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ClockWatch } from '../../src/daemon/watch/clock-watch.ts';
import { HostClock } from '../../src/daemon/watch/host-clock.ts';
import { TOLERANCE_MS } from '../../src/model/reconcile.ts';
import { verifyAudit } from '../../src/record/chain/verify.ts';
import { WriteGate } from '../../src/record/database/write-gate.ts';
import { createTrail } from '../support/direct-writer.ts';
import { banEvent, makeBans, T0 } from './fixtures.ts';

const SECOND = 1000;
const HOUR = 3_600_000;

/** A host that has been up for an hour. */
function makeHost() {
  const host = { wallMs: T0, bootMs: HOUR, elapsedMs: 0 };
  const sources = { wall: () => host.wallMs, boot: () => host.bootMs, elapsed: () => host.elapsedMs };
  const pass = (ms: number) => {
    host.wallMs += ms;
    host.bootMs += ms;
    host.elapsedMs += ms;
  };
  /** The boot clock counts it, the elapsed time of a process does not. */
  const sleep = (ms: number) => {
    host.wallMs += ms;
    host.bootMs += ms;
  };
  const set = (ms: number) => {
    host.wallMs += ms;
  };
  return { sources, pass, sleep, set, start: () => new HostClock(sources) };
}

test('a clock that is set is noticed once, and runs on steadily until then; sleep is time that has passed', () => {
  const { pass, sleep, set, start } = makeHost();
  const clock = start();
  pass(SECOND);
  assert.deepEqual([clock.now(), clock.look()], [T0 + SECOND, 0]);
  set(-HOUR);
  pass(SECOND);
  assert.equal(clock.now(), T0 + 2 * SECOND);
  assert.equal(clock.look(), -HOUR);
  assert.deepEqual([clock.now(), clock.look()], [T0 + 2 * SECOND - HOUR, 0]);
  sleep(8 * HOUR);
  assert.equal(clock.look(), 0);
  assert.equal(clock.now(), T0 + 2 * SECOND + 7 * HOUR);
});

test('a process that is stopped between two readings takes that for no clock that was set', () => {
  const { sources, sleep } = makeHost();
  let stops = 0;
  const wall = () => {
    if (stops-- > 0) sleep(HOUR);
    return sources.wall();
  };
  const clock = new HostClock({ ...sources, wall });
  // In the look, and again while the boot clock is asked.
  stops = 2;
  assert.deepEqual([clock.look(), clock.look()], [0, 0]);
});

test('the boot clock, which is a file, is read only once the wall clock went another way than the time elapsed', () => {
  const { sources, pass, sleep, set } = makeHost();
  let readings = 0;
  const boot = () => {
    readings++;
    return sources.boot();
  };
  const clock = new HostClock({ ...sources, boot });
  const readingsOf = (change: () => void) => {
    const before = readings;
    change();
    pass(SECOND);
    return [clock.look(), readings > before];
  };
  assert.deepEqual(
    readingsOf(() => {}),
    [0, false],
  );
  assert.deepEqual(
    readingsOf(() => sleep(HOUR)),
    [0, true],
  );
  assert.deepEqual(
    readingsOf(() => {}),
    [0, false],
  );
  assert.deepEqual(
    readingsOf(() => set(HOUR)),
    [HOUR, true],
  );
  assert.deepEqual(
    readingsOf(() => {}),
    [0, false],
  );
});

test('a clock that creeps away is noticed as soon as it is far enough', () => {
  const { pass, sleep, set, start } = makeHost();
  const clock = start();
  const step = TOLERANCE_MS * 0.75;
  set(step);
  sleep(HOUR);
  pass(SECOND);
  assert.equal(clock.look(), 0);
  set(step);
  pass(SECOND);
  assert.equal(clock.look(), 2 * step);
});

test('another start knows of it too, unless the host started in between', () => {
  const { set, start } = makeHost();
  const saved = start().save('one', 7);
  set(HOUR);
  assert.deepEqual(start().resume(saved, 'one'), { movedMs: HOUR, afterId: 7 });
  assert.equal(start().resume(saved, 'two'), undefined);
  assert.equal(start().resume(undefined, 'one'), undefined);
  assert.equal(start().resume(start().save('', 7), ''), undefined, 'where the kernel does not say');
});

function watch(t: TestContext) {
  const host = makeHost();
  const clock = host.start();
  const made = makeBans(t, true, async () => {}, clock.now);
  const moved: number[] = [];
  const options = { clock, trail: made.trail, bans: made.bans, log: () => {}, bootId: 'one' };
  const begin = () => new ClockWatch({ ...options, onMoved: async (seconds) => void moved.push(seconds) });
  const inForce = () => [...made.bans.desired.all()].map(({ target }) => target);
  return { ...made, host, clock, begin, moved, inForce };
}

for (const [way, ms] of [
  ['back', -HOUR],
  ['forward', HOUR],
] as const) {
  test(`set ${way} by an hour: a ban ends after its ten minutes, and what is stored says so too`, async (t) => {
    const { bans, trail, database, host, begin, moved, inForce } = watch(t);
    const watching = begin();
    bans.onEvents([banEvent('203.0.113.1'), banEvent('203.0.113.2', { duration_seconds: null, tier: 4 })], []);
    host.pass(60 * SECOND);
    host.set(ms);
    await bans.expireDue();
    assert.equal(inForce().length, 2);
    await watching.look();
    assert.deepEqual(moved, [ms / SECOND]);
    assert.equal(trail.findActiveBan('203.0.113.1', T0 + ms)?.untilMs, T0 + ms + 600 * SECOND);
    host.pass(539 * SECOND);
    await watching.look();
    await bans.expireDue();
    assert.equal(inForce().length, 2);
    const stored = createTrail({ database, gate: new WriteGate(database.path, () => 0), configVersion: 'x' });
    assert.deepEqual(
      stored.activeBans(0).map(({ untilMs }) => untilMs),
      [T0 + ms + 600 * SECOND, null],
    );
    host.pass(SECOND);
    await watching.look();
    await bans.expireDue();
    assert.deepEqual(inForce(), ['203.0.113.2']);
    assert.equal(verifyAudit(database).ok, true);
    await trail.prune({ nowMs: T0 + 9 * HOUR, beforeMs: T0 + 8 * HOUR, offencesBeforeMs: 0 });
    assert.equal(verifyAudit(database).ok, true);
  });
}

test('set while zban was stopped: the same; bans from before the start of the host end by the clock as it is', async (t) => {
  const { bans, trail, host, begin } = watch(t);
  bans.onEvents([banEvent('203.0.113.1')], []);
  begin();
  bans.onEvents([banEvent('203.0.113.2')], []);
  host.set(-HOUR);
  const clock = host.start();
  new ClockWatch({ clock, trail, bans, log: () => {}, bootId: 'one', onMoved: async () => {} });
  const ends = trail.activeBans(0).map(({ client, untilMs }) => [client, untilMs]);
  assert.deepEqual(ends, [
    ['203.0.113.1', T0 + 600 * SECOND],
    ['203.0.113.2', T0 + 600 * SECOND - HOUR],
  ]);
});
