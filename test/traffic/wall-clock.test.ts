import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WallClock } from '../../src/traffic/wall-clock.ts';

const T0 = 1_767_225_600;

/** Notes lines, `[second of the line, second when it was written]`, and gives what is known after each. */
function learn(clock: WallClock, ...lines: readonly (readonly [number, number])[]): number[] {
  return lines.map(([line, written]) => {
    clock.note(T0 + line, (T0 + written) * 1000, false);
    return clock.aheadSeconds;
  });
}

test('clocks that agree to a few seconds are one', () => {
  assert.deepEqual(learn(new WallClock(undefined), [0, 0], [0, 15], [40, 26], [30, 31]), [0, 0, 0, 0]);
});

test('a clock that differs is known by the first line', () => {
  for (const wrong of [-86_400, -3600, 3600])
    assert.deepEqual(learn(new WallClock(undefined), [wrong, 0], [wrong + 1, 1]), [-wrong, -wrong]);
});

test('what an earlier run learned holds until lines say otherwise', () => {
  assert.deepEqual(learn(new WallClock(3600), [-3600, 0], [-3598, 1]), [3600, 3600]);
  assert.deepEqual(learn(new WallClock(3600), [0, 0], [1, 1]), [3600, 0], 'it was put right meanwhile');
});

test('lines that are written late say nothing as long as others are written at once', () => {
  const late: readonly [number, number][] = [
    [0, 0],
    [1, 50],
    [55, 55],
    [56, 100],
    [103, 104],
  ];
  assert.deepEqual(learn(new WallClock(undefined), ...late), [0, 0, 0, 0, 0]);
  assert.deepEqual(
    learn(new WallClock(undefined), [0, 0], [-100, 10], [-95, 15], [-80, 20], [-79, 25]),
    [0, 0, 0, 100, 100],
    'the least of them counts',
  );
});

test('one corrupt time from the future changes nothing', () => {
  assert.deepEqual(learn(new WallClock(undefined), [0, 0], [80_000, 1], [2, 2], [80_003, 3]), [0, 0, 0, 0]);
});

test('lines that waited to be read show only that the clock is no further behind', () => {
  const clock = new WallClock(0);
  for (let waited = 0; waited < 60; waited++) clock.note(T0 - 600, (T0 + waited) * 1000, true);
  assert.equal(clock.aheadSeconds, 0);
  const wrong = new WallClock(3600);
  for (const second of [0, 1]) wrong.note(T0 + second, (T0 + 60) * 1000, true);
  assert.equal(wrong.aheadSeconds, 59);
});

test('what a line said before somebody set the clock confirms nothing of what comes after', () => {
  const clock = new WallClock(0);
  clock.step(3600);
  assert.deepEqual(learn(clock, [3600, 3600]), [3600], 'a single line that would have been written early');
  clock.step(-3600);
  assert.deepEqual(learn(clock, [3610, 10]), [0], 'the first such line since');
  assert.deepEqual(learn(clock, [3611, 11]), [-3600], 'the second');
});
