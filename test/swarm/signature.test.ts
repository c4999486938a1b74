/** Which of several conjunctions is taken. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRAITS } from '../../src/swarm/look.ts';
import { findSignature, type Value } from '../../src/swarm/signature.ts';

/** A value of a trait, and the share of usual requests that has it. */
const value = (name: (typeof TRAITS)[number]['name'], share: number) => {
  const trait = TRAITS.findIndex((each) => each.name === name);
  return { value: { trait, hash: 1 } satisfies Value, share };
};

test('of conjunctions that cover as much and touch nobody, the one of the rarest values is taken, in whatever order they come', () => {
  const all = [value('keys', 0.8), value('referer', 0.3), value('method', 0.01), value('path', 0.0001)];
  for (const known of [all, [...all].reverse()]) {
    const values = known.map((each) => each.value);
    const words = new Map([[2 ** values.length - 1, 500]]);
    const mask = findSignature(
      values,
      words,
      known.map(({ share }) => share),
      50,
      0,
      () => 0.9,
    );
    const chosen = known.flatMap((each, bit) => ((mask ?? 0) & (1 << bit) ? [each.share] : []));
    assert.deepEqual(chosen.sort(), [0.0001, 0.01, 0.3]);
  }
});

test('what is worth clearly more is taken though something more specific is there', () => {
  const known = [value('agent', 0.0001), value('path', 0.0001)];
  const values = known.map((each) => each.value);
  const words = new Map([
    [0b01, 300],
    [0b11, 200],
  ]);
  const scoreOf = (_: number, lines: number) => lines / 500;
  assert.equal(findSignature(values, words, [0.0001, 0.0001], 50, 0, scoreOf), 0b01);
  assert.equal(
    findSignature(values, words, [0.0001, 0.0001], 50, 0, () => -1),
    undefined,
  );
});
