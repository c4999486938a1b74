/** What is remembered of a client: habits, refusals, buckets, and the rest of its state. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Buckets } from '../../src/detect/buckets.ts';
import { ClientState, COUNT } from '../../src/detect/client-state.ts';
import { habitOf } from '../../src/detect/habits.ts';
import { Refusals } from '../../src/detect/refusals.ts';
import { RULES } from '../../src/detect/rules.ts';
import { mixBits } from '../../src/traffic/hash.ts';
import { RECORD_WORDS, Records } from '../../src/traffic/records.ts';
import fc from '../support/fast-check.ts';

const hash = (n: number): number => mixBits(n + 1);
const hash16 = (n: number): number => hash(n) & 0xffff;

test('the last sixteen paths are habits, by the URL last asked for, each client its own', () => {
  const state = new ClientState(new Records(RECORD_WORDS));
  const { habits } = state;
  const note = (slot: number, path: number, url: number, served = true) => {
    const habit = habitOf(hash(path), hash(url));
    habits.note(slot, habit, habits.find(slot, habit), served);
  };
  const find = (slot: number, path: number) => habits.find(slot, habitOf(hash(path), 0));
  for (let path = 0; path < 16; path++) note(1, path, path, path % 2 === 0);
  for (let path = 0; path < 16; path++) {
    assert.equal(habits.wasServed(find(1, path)), path % 2 === 0, `${path}`);
    assert.equal(habits.isSameUrl(find(1, path), habitOf(hash(path), hash(path))), true);
    assert.equal(habits.isSameUrl(find(1, path), habitOf(hash(path), hash(path + 50))), false);
    assert.equal(find(0, path), -1, 'another client');
  }
  note(1, 1, 99);
  assert.equal(habits.wasServed(find(1, 1)), true, 'once served, always served');
  note(1, 1, 99, false);
  assert.equal(habits.wasServed(find(1, 1)), true);
  note(1, 20, 20);
  assert.equal(find(1, 0), -1, 'the oldest made room');
  assert.ok(find(1, 20) >= 0 && find(1, 15) >= 0);
  state.reset(1);
  assert.equal(find(1, 15), -1);
  assert.deepEqual([habits.wasServed(-1), habits.isSameUrl(-1, 0)], [false, false]);
});

test('a path is refused once until it is forgotten', () => {
  const state = new ClientState(new Records(RECORD_WORDS));
  const { refusals } = state;
  assert.equal(refusals.note(3, 77), 1);
  assert.equal(refusals.note(3, 77), 0);
  assert.equal(refusals.note(2, 77), 1, 'another client');
  refusals.forget(3);
  assert.equal(refusals.note(3, 77), 1);
  state.reset(3);
  assert.equal(refusals.note(3, 77), 1);
});

test('paths that fall together are made up for: the sum is about the number of paths', () => {
  for (const paths of [5, 20, 50, 90]) {
    const sums = Array.from({ length: 40 }, (_, slot) => {
      const refusals = new Refusals(new Records(RECORD_WORDS));
      let sum = 0;
      for (let n = 0; n < paths; n++) sum += refusals.note(slot, hash16(slot * 1000 + n));
      return sum;
    });
    const mean = sums.reduce((sum, one) => sum + one, 0) / sums.length;
    assert.ok(mean > 0.85 * paths && mean < 1.15 * paths, `${mean} for ${paths}`);
    const deviation = Math.sqrt(sums.reduce((sum, one) => sum + (one - mean) ** 2, 0) / sums.length);
    assert.ok(deviation < 0.08 * paths, `${deviation} for ${paths}`);
  }
});

test('what is served after all is given back, once, of the eight newest', () => {
  const refusals = new Refusals(new Records(RECORD_WORDS));
  const refuse = (n: number, points = 1) => {
    refusals.note(0, hash16(n));
    refusals.noteTry(0, hash16(n), points);
  };
  refuse(1);
  assert.equal(refusals.takeBack(0, hash16(1)), 1);
  assert.equal(refusals.takeBack(0, hash16(1)), 0);
  assert.equal(refusals.note(0, hash16(1)), 1, 'and counts again');
  for (const points of [0.05, 0.25, 0.6, 1.37]) {
    refuse(2, points);
    const back = refusals.takeBack(0, hash16(2));
    assert.ok(back <= points + 1e-9 && back > points - 0.021, `${back} of ${points}: no more than it cost`);
  }
  refuse(3);
  for (let n = 10; n < 18; n++) refuse(n);
  assert.equal(refusals.takeBack(0, hash16(3)), 0, 'too long ago');
  assert.equal(refusals.takeBack(0, hash16(999)), 0);
});

const OPTIONS = RULES.map(({ limit, leak }) => ({ limit, leak }));

test('a bucket drains by its leak and is never below empty; buckets are apart', () => {
  const amount = fc.double({ min: 0, max: 1000, noNaN: true });
  fc.assert(
    fc.property(amount, amount, fc.nat(100_000), (level, back, seconds) => {
      const buckets = new Buckets(OPTIONS, new Records(RECORD_WORDS));
      buckets.drain(5, 1000, 1, 0);
      buckets.add(5, 1, level, Number.POSITIVE_INFINITY);
      buckets.drain(5, 1000 + seconds, 1, 0);
      const expected = Math.max(0, Math.fround(level) - ((RULES[1]?.leak ?? 0) * seconds) / 60);
      assert.ok(Math.abs(buckets.level(5, 1) - expected) < 1e-2, `${buckets.level(5, 1)} ${expected}`);
      assert.deepEqual([buckets.level(5, 0), buckets.level(5, 2), buckets.level(4, 3)], [0, 0, 0]);
      buckets.add(5, 1, -back, Number.POSITIVE_INFINITY);
      assert.ok(buckets.level(5, 1) >= 0 && buckets.level(5, 1) <= expected + 1e-2);
    }),
  );
});

test('limits grow with the youth of the site, leaks with what the client has earned; room for more slots keeps what is there', () => {
  const records = new Records(RECORD_WORDS);
  const buckets = new Buckets(OPTIONS, records);
  for (const [at, rule] of RULES.entries()) {
    buckets.warm(1);
    assert.equal(buckets.limits[at], rule.limit);
    assert.ok(Math.abs(buckets.leak(at, 1, 0) - rule.leak / 60) < 1e-9);
    buckets.warm(2);
    assert.equal(buckets.limits[at], 2 * rule.limit);
    const expected = (rule.leak * (rule.eases ? 2 : 1) + (rule.servedLeak ?? 0)) / 60;
    assert.ok(Math.abs(buckets.leak(at, 2, 1) - expected) < 1e-9);
  }
  buckets.add(1000, 2, 7, 10);
  records.reserve(50_000);
  assert.equal(buckets.level(1000, 2), 7);
  buckets.add(49_999, 3, 9, 10);
  buckets.reset(1000);
  assert.deepEqual([buckets.level(1000, 2), buckets.level(49_999, 3)], [0, 9]);
});

test('no rule lets more than one request in twenty seconds go for ever unseen', () => {
  for (const { name, leak } of RULES.filter(({ name: rule }) => rule === 'scan' || rule === 'brute_force'))
    assert.ok(leak < 3, `${name}: ${leak} a minute`);
});

test('the allowance grows with files up to a bound, and fades', () => {
  const clients = new ClientState(new Records(RECORD_WORDS));
  assert.equal(clients.allowance(0), 1);
  clients.add(0, COUNT.FILES, 4);
  const some = clients.allowance(0);
  clients.add(0, COUNT.FILES, 996);
  const most = clients.allowance(0);
  assert.ok(some > 1 && most > some && most <= 3, `${some} ${most}: at most a factor of three`);
  clients.fade(0, 1200);
  assert.ok(Math.abs(clients.count(0, COUNT.FILES) - 500) < 1, 'half after twenty minutes');
  clients.fade(0, 1_000_000);
  assert.equal(clients.allowance(0), 1, 'nothing of long ago');
});

test('a page load excuses one POST, and two do where a log-in is sent on from its form', () => {
  const clients = new ClientState(new Records(RECORD_WORDS));
  const [form, other] = [111, 222];
  assert.equal(clients.takeLoad(0, form), 0);
  clients.noteLoad(0, other);
  assert.equal(clients.takeLoad(0, form), 1);
  assert.equal(clients.takeLoad(0, form), 0, 'taken');
  clients.noteLoad(0, form);
  assert.equal(clients.takeLoad(0, form), 1);
  assert.equal(clients.takeLoad(0, form), 0);
  for (let n = 0; n < 100; n++) clients.noteLoad(0, form);
  let taken = 0;
  while (clients.takeLoad(0, form) > 0) taken++;
  assert.equal(taken, 12, 'no more are saved up');
  for (const page of [form, other]) clients.noteLoad(2, page);
  clients.takeLoad(2, form);
  for (const page of [other, form]) clients.noteLoad(2, page);
  assert.equal(clients.takeLoad(2, form, true), 2, 'sent on to another page, which it takes as well');
  assert.equal(clients.takeLoad(2, form, true), 1, 'that page is gone');
});

test('numbers that follow one another on one path; sizes that are the same; answers that vary', () => {
  const clients = new ClientState(new Records(RECORD_WORDS));
  clients.noteNumber(0, 5, 41);
  assert.equal(clients.noteNumber(0, 5, 42), true);
  assert.equal(clients.noteNumber(0, 5, 44), false);
  assert.equal(clients.noteNumber(0, 6, 45), false, 'another path');
  clients.noteNumber(0, 6, 1_767_225_600);
  assert.equal(clients.noteNumber(0, 6, 1_767_225_601), false, 'a time counts by itself');
  clients.noteNumber(0, 6, 0xffff_ffff);
  assert.equal(clients.noteNumber(0, 6, 0), false, 'nothing follows the last one');
  assert.deepEqual(
    [20, 19, 21, 18, 19, 20, 21, 22].map((number) => clients.noteNumber(0, 7, number)),
    [false, true, true, true, false, false, false, true],
    'upwards or downwards; those of a poller come again',
  );
  assert.deepEqual(
    [4000, 4010, 4300, 4310].map((size) => clients.noteRecord(0, size)),
    [true, false, true, false],
  );
  assert.deepEqual(
    [700, 700, 800, 700, 900, 901].map((size) => clients.noteSize(0, size)),
    [false, true, false, true, false, false],
    'as one of the two before',
  );
  assert.deepEqual(
    [4000, 4010, 4300, 10, 30, 700].map((size) => clients.notePost(0, size)),
    [0, 0, 1, 1, 2, 2],
  );
  assert.deepEqual(
    [900, 40, 900, 40, 900].map((size) => clients.notePost(1, size)),
    [0, 1, 1, 1, 1],
    'two kinds of answers in turn',
  );
  clients.reset(0);
  assert.deepEqual([clients.noteSize(0, 901), clients.notePost(0, 30), clients.noteNumber(0, 6, 1)], [false, 0, false]);
});

test('room for more slots keeps what is known', () => {
  const records = new Records(RECORD_WORDS);
  const clients = new ClientState(records);
  clients.add(1000, COUNT.FILES, 8);
  clients.noteLoad(1000, 5);
  const habit = habitOf(hash(1), hash(1));
  clients.habits.note(1000, habit, -1, true);
  clients.refusals.note(1000, 77);
  records.reserve(40_000);
  assert.ok(clients.allowance(1000) > 2);
  assert.equal(clients.habits.wasServed(clients.habits.find(1000, habit)), true);
  assert.equal(clients.refusals.note(1000, 77), 0);
  assert.equal(clients.takeLoad(1000, 6), 1);
  assert.equal(clients.allowance(39_999), 1);
});
