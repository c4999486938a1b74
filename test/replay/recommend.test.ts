import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recommend } from '../../src/replay/recommend.ts';
import { type Sweep, sweepSteps } from '../../src/replay/sweep.ts';
import { sensitivityFactor } from '../../src/settings/sensitivity.ts';

interface Row {
  readonly clients: number;
  readonly known?: number;
  readonly median?: number;
}

/** A sweep whose steps from 0.5 to 2 (0.5, low, 0.8, normal, 1.25, high, 2) did what `rows` say. */
function sweepOf(rows: readonly Row[], change: Partial<Sweep> = {}): Sweep {
  const steps = sweepSteps('normal').map((sensitivity, index) => {
    const { clients = 0, known = 0, median = 10 } = rows[index] ?? {};
    return {
      sensitivity,
      factor: sensitivityFactor(sensitivity),
      bans: clients,
      clients,
      knownClients: known,
      fastestSeconds: clients > 0 ? 1 : null,
      medianSeconds: clients > 0 ? median : null,
      fuses: 0,
    };
  });
  const first = '2026-01-01T00:00:00Z';
  const last = '2026-01-29T00:00:00Z';
  return { steps, first, last, lines: 1e6, skipped: 0, clients: 5000, knownClients: 400, ...change };
}

const rising: Row[] = [60, 80, 95, 100, 130, 160, 200].map((clients) => ({ clients }));
const flat: Row[] = [20, 16, 13, 10, 8, 6, 4].map((median) => ({ clients: 50, median }));
const DAY = { last: '2026-01-01T12:00:00Z' };

test('many more bans of clients that nobody knows: normal stays', () => {
  const advice = recommend(sweepOf(rising), 'normal');
  assert.equal(advice?.sensitivity, 'normal');
  assert.match(
    advice?.reason ?? '',
    /bans 100 clients, none of them known; high would ban 60 clients more, and nothing shows/,
  );
  assert.deepEqual(advice?.doubts, []);
});

test('the same clients sooner: high', () => {
  const advice = recommend(sweepOf(flat), 'normal');
  assert.equal(advice?.sensitivity, 'high');
  assert.match(advice?.reason ?? '', /within 6 s instead of 10 s/);
});

test('nobody is advised beyond high, nor to ban more known clients, nor for a second', () => {
  const oneSecond = flat.map((row, index) => ({ ...row, median: index > 3 ? 1 : 2 }));
  assert.equal(recommend(sweepOf(oneSecond), 'normal')?.sensitivity, 'normal');
  const touched = flat.map((row, index) => ({ ...row, known: index > 3 ? 1 : 0 }));
  assert.equal(recommend(sweepOf(touched), 'normal')?.sensitivity, 'normal');
});

test('known clients are banned: the most sensitive step that spares them', () => {
  const rows = rising.map((row, index) => ({ ...row, known: [0, 0, 1, 9, 12, 15, 20][index] ?? 0 }));
  const advice = recommend(sweepOf(rows), 'high');
  assert.equal(advice?.sensitivity, 0.8, 'one in two weeks may be');
  assert.match(advice?.reason ?? '', /9 clients .* may be customers.* This bans 1 of them/s);
});

test('every step bans the same known clients: normal, and the allowlist', () => {
  const advice = recommend(sweepOf(rising.map((row) => ({ ...row, known: 7 }))), 'normal');
  assert.equal(advice?.sensitivity, 'normal');
  assert.match(advice?.reason ?? '', /allowlist/);
});

test('a short log, or one without known clients, speaks for no more bans than now', () => {
  for (const change of [DAY, { knownClients: 0 }, { knownClients: 5 }, { last: '2026-01-04T00:00:00Z' }]) {
    assert.equal(recommend(sweepOf(flat, change), 'normal')?.sensitivity, 'normal');
    const advice = recommend(sweepOf(rising, change), 'low');
    assert.equal(advice?.sensitivity, 'low');
    assert.match(advice?.reason ?? '', /too little/);
    assert.equal(advice?.doubts.length, 1);
  }
});

test('what a log cannot tell is said', () => {
  const doubts = (change: Partial<Sweep>) => recommend(sweepOf(rising, change), 'normal')?.doubts.join(' ') ?? '';
  assert.match(doubts(DAY), /less than a day/);
  assert.match(doubts({ last: '2026-01-05T00:00:00Z' }), /less than a week/);
  assert.match(doubts({ knownClients: 0 }), /cannot be told from an attacker/);
  assert.match(doubts({ knownClients: 1 }), /Only 1 client/);
  const blown = sweepOf(rising).steps.map((step) => ({ ...step, fuses: 1 }));
  assert.match(doubts({ steps: blown }), /fuse/);
});

test('nothing to ban, and nothing at all', () => {
  assert.match(recommend(sweepOf([]), 'normal')?.reason ?? '', /No sensitivity would have banned anybody/);
  assert.equal(recommend(sweepOf([], { first: null, last: null }), 'normal'), undefined);
});

test('the sensitivity in force is a step of its own unless it is one already', () => {
  const all = [0.5, 'low', 0.8, 'normal', 1.25, 'high', 2];
  assert.deepEqual(sweepSteps('low'), all);
  assert.deepEqual(sweepSteps(1), all);
  assert.deepEqual(sweepSteps(0.9), [0.5, 'low', 0.8, 0.9, 'normal', 1.25, 'high', 2]);
});
