import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DaemonProbes } from '../../src/daemon/answers/probes.ts';

function make() {
  const world = { nowMs: 0, isLive: true, state: 'following' };
  const probes = new DaemonProbes({
    now: () => world.nowMs,
    isLive: () => world.isLive,
    logs: () => [
      { path: '/a.log', state: world.state, behind_bytes: 0 },
      { path: '/b.log', state: 'missing', behind_bytes: 0 },
    ],
  });
  return { probes, world };
}

test('zban is alive while the data plane moves, and while it starts however long that takes', () => {
  const { probes, world } = make();
  world.nowMs = 600_000;
  assert.equal(probes.findStall(), undefined, 'a million bans take their time');
  probes.noteProgress();
  world.nowMs += 30_000;
  assert.equal(probes.findStall(), undefined);
  world.nowMs += 1000;
  assert.equal(probes.findStall(), 'the data plane has not moved for 31 s');
  probes.noteProgress();
  assert.equal(probes.findStall(), undefined);
});

test('zban is ready once everything has started and a log is followed', () => {
  const { probes, world } = make();
  assert.equal(probes.findUnready(), undefined, 'one of two is enough: the other is a trouble');
  world.state = 'missing';
  assert.equal(probes.findUnready(), 'no log is followed\n/a.log: missing\n/b.log: missing');
  world.isLive = false;
  assert.match(probes.findUnready() ?? '', /^starting or stopping/);
});
