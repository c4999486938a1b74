/**
 * Fails when swarms get through more often than they did, or an honest crowd is touched: at least 90 % of a swarm's requests
 * after its first minute are stopped, at most 0.1 % of the honest ones, and none of an honest crowd's.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAMPAIGNS } from './campaigns.ts';
import { ENDPOINTS } from './endpoints.ts';
import { ARCHIVE_SWARMS, CROWDS, SWARMS } from './plays.ts';
import { CHANGING_SWARMS, PROGRAMS } from './programs.ts';
import { RELEASES } from './releases.ts';
import { type Outcome, type Play, SwarmSite } from './swarm-site.ts';

const SEED = 1;
const [STOPPED_MIN, HONEST_MAX] = [0.9, 0.001];

const all = (['blog', 'shop', 'api'] as const).map((name) => new SwarmSite(name, SEED));
const quiet = [new SwarmSite('shop', SEED, true)];

/** Every play on one site in turn that has what it needs. */
function* run(plays: readonly Play[], sites = all): Generator<{ readonly name: string; readonly outcome: Outcome }> {
  for (const [turn, play] of plays.entries()) {
    const fitting = sites.filter(({ site }) => !play.needsFiles || site.has.has('files'));
    const site = fitting[turn % fitting.length] as SwarmSite;
    yield { name: `${play.name} (${site.name})`, outcome: site.play(play, SEED) };
  }
}

test('swarms are stopped, and honest visitors beside them are not', (t) => {
  const missed: string[] = [];
  const outcomes = [...run([...SWARMS, ...CHANGING_SWARMS]), ...run(ARCHIVE_SWARMS, quiet)];
  for (const { name, outcome } of outcomes) {
    const { stopped, honestStopped, acts } = outcome;
    const what = `${name}: ${(100 * stopped).toFixed(1)} % stopped, honest ${(100 * honestStopped).toFixed(3)} %`;
    t.diagnostic(what);
    if (stopped < STOPPED_MIN || honestStopped > HONEST_MAX) missed.push(`${what}; ${acts.slice(0, 5).join('; ')}`);
  }
  assert.deepEqual(missed, []);
});

test('nothing at all is done about honest crowds', () => {
  const outcomes = [
    ...run([...CROWDS, ...PROGRAMS, ...CAMPAIGNS, ...ENDPOINTS, ...RELEASES]),
    ...run(RELEASES.slice(0, 3), quiet),
  ];
  const touched = outcomes.filter(({ outcome }) => outcome.acts.length > 0);
  assert.deepEqual(
    touched.map(({ name, outcome }) => `${name}: ${outcome.acts.slice(0, 5).join('; ')}`),
    [],
  );
});
