import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientBit, clientHash } from '../../src/traffic/hash.ts';
import { Paths } from '../../src/traffic/paths.ts';

const DAY = 86_400;
const bits = (count: number): number[] =>
  Array.from({ length: count }, (_, n) => clientBit(clientHash(1, 0xc000_0200 + n)));

test('about as many clients are counted as were served, but never the one that asks', () => {
  for (const clients of [1, 3, 6, 12, 24]) {
    const paths = new Paths();
    const at = paths.find(7);
    for (const bit of bits(clients)) paths.teachServed(at, bit);
    const counted = paths.othersServed(at, 0);
    assert.ok(counted > clients * 0.6 && counted < clients * 1.5, `${counted} for ${clients}`);
    assert.equal(paths.othersRefused(at, 0), 0);
  }
  const paths = new Paths();
  const own = clientBit(clientHash(1, 5));
  paths.teachRefused(paths.find(7), own);
  assert.equal(paths.othersRefused(paths.find(7), own), 0);
});

test('yesterday counts, the day before does not; a clock set back forgets nothing', () => {
  const paths = new Paths();
  paths.advance(10 * DAY);
  paths.teachServed(paths.find(7), 1);
  for (const [second, known] of [
    [11 * DAY, true],
    [10 * DAY + 5, true],
    [11 * DAY, true],
    [12 * DAY, false],
  ] as const) {
    paths.advance(second);
    assert.equal(paths.othersServed(paths.find(7), 2) > 0, known, `${second / DAY}`);
  }
});

test('a million paths of one client each do not push out a path of many', () => {
  const paths = new Paths();
  for (const bit of bits(20)) paths.teachServed(paths.find(7), bit);
  const before = paths.othersServed(paths.find(7), 0);
  for (let hash = 100; hash < 1_000_000; hash++) paths.teachServed(paths.find(hash), 1);
  assert.equal(paths.othersServed(paths.find(7), 0), before);
  assert.ok(paths.evicted > 0);
});

test('what two and more clients asked for outlives a restart', () => {
  const paths = new Paths();
  paths.advance(10 * DAY);
  for (const [hash, clients] of [
    [7, 20],
    [8, 2],
    [9, 1],
  ] as const) {
    for (const bit of bits(clients)) paths.teachServed(paths.find(hash), bit);
  }
  for (const bit of bits(9)) paths.teachRefused(paths.find(11), bit);
  const again = new Paths();
  again.restore(JSON.parse(JSON.stringify(paths.snapshot())));
  for (const hash of [7, 8, 11]) {
    assert.equal(again.othersServed(again.find(hash), 0), paths.othersServed(paths.find(hash), 0));
    assert.equal(again.othersRefused(again.find(hash), 0), paths.othersRefused(paths.find(hash), 0));
  }
  assert.equal(again.othersServed(again.find(9), 0), 0);
  assert.deepEqual(again.snapshot(), paths.snapshot());
});

test('a client that is taken back was never there', () => {
  const paths = new Paths();
  const at = paths.find(7);
  for (const bit of bits(8)) {
    paths.teachServed(at, bit);
    paths.teachRefused(at, bit);
    paths.teachRepeated(at, bit);
    paths.takeBack(at, bit);
  }
  assert.deepEqual([paths.othersServed(at, 0), paths.othersRefused(at, 0), paths.othersRepeating(at, 0)], [0, 0, 0]);
});

test('who asks again and again is counted apart, and not by the one that asks', () => {
  const paths = new Paths();
  const at = paths.find(7);
  assert.equal(paths.othersRepeating(at, 0), 0);
  const [own = 0, ...others] = bits(8);
  paths.teachRepeated(at, own);
  assert.equal(paths.othersRepeating(at, own), 0);
  for (const bit of others) paths.teachRepeated(at, bit);
  assert.ok(paths.othersRepeating(at, own) > 4);
  assert.equal(paths.othersServed(at, own), 0);
});
