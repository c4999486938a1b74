import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LANES_KEY } from '../../src/daemon/lanes/lanes.ts';
import { areLanes } from '../../src/daemon/lanes/live-lane.ts';
import { INCIDENT_KEY, Incidents } from '../../src/daemon/reports/incidents.ts';
import { readState, stateOf } from '../../src/daemon/saved-state.ts';

test('what is saved is read back, and what cannot be understood counts as nothing', () => {
  const [since, until] = ['2026-11-19T10:20:12Z', '2026-11-20T10:20:12Z'];
  const lane = { id: 'a', action: 'hold', match: { path: '/' }, enforced: true, actor: 'operator:ann', since, until };
  const lanes = [{ ...lane, kept: false, usual_rate: 0.2, state: 'open', message: '' }];
  assert.deepEqual(readState(stateOf(LANES_KEY, lanes)[LANES_KEY], areLanes), lanes);
  for (const damaged of [null, 'x', {}, [{ ...lanes[0], until: 7 }]])
    assert.equal(readState(stateOf(LANES_KEY, damaged)[LANES_KEY], areLanes), undefined);
  assert.equal(readState(Buffer.from('{"start":'), areLanes), undefined);
  assert.equal(
    new Incidents(stateOf(INCIDENT_KEY, { start: { time: 1 }, isTold: true })[INCIDENT_KEY]).known,
    undefined,
  );
});
