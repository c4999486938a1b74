import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogClock } from '../../src/daemon/plane/log-clock.ts';

const T0 = 1_767_225_600;

test('before the first line there is nothing to move and no lag', () => {
  const clock = new LogClock(60_000);
  assert.equal(clock.findTick(T0 * 1000), undefined);
  assert.equal(clock.lagSeconds(), null);
  assert.equal(clock.silentMs(T0 * 1000), 0);
  clock.arrived(0, T0 * 1000);
  assert.equal(clock.findTick(T0 * 1000), undefined);
});

test('a silent log is followed at the distance that late lines may have', () => {
  const clock = new LogClock(60_000);
  clock.arrived(T0, (T0 + 1) * 1000);
  assert.equal(clock.lagSeconds(), 1);
  assert.equal(clock.findTick((T0 + 1) * 1000), T0 - 60);
  assert.equal(clock.findTick((T0 + 61) * 1000), T0);
  assert.equal(clock.findTick((T0 + 71) * 1000), T0 + 10);
  clock.arrived(T0, (T0 + 65) * 1000);
  assert.equal(clock.findTick((T0 + 71) * 1000), T0 + 10, 'a late line moves nothing');
  assert.equal(clock.silentMs((T0 + 71) * 1000), 6000, 'but it breaks the silence');
});

test("the log's clock was set back: it is followed from there", () => {
  const clock = new LogClock(60_000);
  clock.arrived(T0, T0 * 1000);
  clock.arrived(T0 - 3600, (T0 + 10) * 1000);
  assert.equal(clock.findTick((T0 + 80) * 1000), T0 - 3600 + 10);
});

test("a log whose clock is wrong is followed by elapsed time, not by the wall clock's reading", () => {
  for (const wrongSeconds of [-86_400, 7200]) {
    const clock = new LogClock(60_000);
    clock.arrived(T0 + wrongSeconds, T0 * 1000);
    assert.equal(clock.findTick((T0 + 90) * 1000), T0 + wrongSeconds + 30);
    assert.equal(clock.lagSeconds(), Math.max(0, -wrongSeconds));
  }
});
