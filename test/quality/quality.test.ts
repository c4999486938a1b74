/**
 * Fails when the default profile tells attackers from honest clients worse than it did. Simulated scenes are a function of
 * their seed, so the numbers in scenes.ts, those of each scene's first seed, are exact; delays have room for changes of the rules that are
 * none for the worse. Anyone who makes detection better commits the better numbers (`npm run quality -- --first`).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SITUATION_KINDS } from '../../src/simulate/access-event.ts';
import { attacksOf, measure } from './measure.ts';
import { SCENES } from './scenes.ts';
import { delayAt } from './score.ts';

/** Delays may grow by a quarter and two seconds: one attacker more or less moves a quantile by as much. */
const delayMax = (measured: number): number => measured * 1.25 + 2;

test('the scenes have every attack in them, on IPv4, IPv6 and behind a carrier, and everything else that can be asked for', () => {
  const plans = SCENES.flatMap(attacksOf);
  assert.deepEqual([...new Set(plans.map(({ kind }) => kind))].sort(), [...SITUATION_KINDS].sort());
  assert.deepEqual([...new Set(plans.map(({ origin }) => origin))].sort(), ['carrier', 'ipv4', 'ipv6']);
});

for (const scene of SCENES) {
  test(scene.name, () => {
    const { measured } = scene;
    const { fuses, score } = measure(scene, scene.seeds.slice(0, 1));
    assert.deepEqual(fuses, [], 'the fuse holds');
    assert.ok(score.busy > 0, 'somebody honest is busy');
    const explain = [...score.missed.map((line) => `missed ${line}`), ...score.falseBans].join('\n');
    assert.ok(score.loud.found >= measured.loud, `loud attackers: ${score.loud.found}\n${explain}`);
    const moderate = score.moderate.found;
    assert.ok(moderate >= measured.moderate, `moderate attackers: ${moderate}\n${explain}`);
    assert.ok(score.falseBans.length <= measured.falseBans, `false bans: ${score.falseBans.length}\n${explain}`);
    for (const [share, limit] of [
      [0.5, measured.delayMedian],
      [0.9, measured.delay90],
    ] as const) {
      const delay = delayAt(score, share);
      assert.ok(delay <= delayMax(limit), `${share * 100} % of delays: ${delay} s, measured ${limit} s`);
    }
  });
}
