/**
 * Fails when attackers get through more often than they did, or more innocents are banned, in any family of trials. Anyone who
 * makes detection better commits the better numbers: `npm run trials -- --update`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count, loadFloor, SEEDS } from './floor.ts';
import { FAMILIES, runTrials } from './trials.ts';

const floor = loadFloor();
const judged = [...runTrials({ seed: SEEDS[0] })];

for (const { name } of FAMILIES) {
  test(name, () => {
    const results = judged.filter(({ family }) => family.name === name);
    const [counts, least] = [count(results), floor[name]];
    assert.ok(least, 'a new family: commit its numbers with npm run trials -- --update');
    const missed = results.filter(({ ok }) => !ok).map(({ trial, site }) => `${trial.level} ${trial.name} (${site})`);
    for (const level of ['attack', 'must', 'should'] as const) {
      const { ok, of } = counts[level];
      assert.equal(of, least[level].of, 'trials were added or removed: npm run trials -- --update');
      assert.ok(ok >= least[level].ok, `${level}: ${ok} of ${of}, were ${least[level].ok}\n${missed.join('\n')}`);
    }
  });
}
