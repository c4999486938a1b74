/** What a host of a fleet says is wrong: once, and over only when it is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetTroubles } from '../../src/daemon/fleet/fleet-troubles.ts';
import { Troubles } from '../../src/daemon/troubles.ts';
import { explainAway } from '../../src/doctor/fleet.ts';
import { causeOf } from '../../src/fleet/reply.ts';
import { T0 } from '../daemon/fixtures.ts';

/** `before`: keys of what stood before a reload. */
function make(before: readonly string[] = []) {
  const clock = { nowMs: 0 };
  const told: string[] = [];
  const stood = new Map(before.map((key) => [key, { key, what: key, fix: '' }]));
  const troubles = new Troubles({ log: () => {}, before: { troubles: stood, atMs: performance.now() } });
  troubles.tell({
    onBegin: ({ key }) => told.push(`begin ${key}`),
    onEnd: ({ key }) => told.push(`end ${key}`),
  });
  return { clock, told, troubles, fleet: new FleetTroubles(troubles, 'web-1', () => clock.nowMs) };
}
const FINE = { aheadMs: 0, hasTwin: false };

test('a server that comes and goes is one trouble, and what is said of it is true all the while', () => {
  const { clock, told, troubles, fleet } = make();
  for (let n = 0; n < 5; n++) {
    fleet.noteDown(T0, 'ECONNREFUSED');
    assert.match(
      troubles.list().join(),
      /^the fleet's server is away since 2026-11-20T10:11:12Z: this host judges alone, .* \(ECONNREFUSED\)/,
    );
    clock.nowMs += 2000;
    fleet.noteUp(T0, T0 + 2000);
    assert.match(troubles.list().join(), /server was away from .*:12Z to .*:14Z \(ECONNREFUSED\)$/);
    clock.nowMs += 9999;
    fleet.check(FINE);
  }
  assert.deepEqual(told, ['begin fleet']);
  clock.nowMs += 1;
  fleet.check(FINE);
  assert.deepEqual(told, ['begin fleet', 'end fleet']);
  assert.deepEqual(troubles.list(), []);
});

test('a server that lets nobody in without a password is told in a sentence, with the cure', () => {
  const essay =
    'DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. ' +
    'In this mode connections are only accepted from the loopback interface. If you want to connect from external computers …';
  const { level, message, fix } = explainAway(causeOf(new Error(essay)));
  assert.equal(level, 'fail');
  assert.match(message, /^its server turns this host away: DENIED .* no password is set for the default user$/);
  assert.match(fix ?? '', /^give the default user of the server a password: docs\/fleet\.md/);
  assert.match(explainAway('connect ECONNREFUSED 10.0.0.5:6379').message, /^its server does not answer: connect/);
});

test('a clock that is off and a second host of this name are told once each, and end; all of it ends for a host that leaves', () => {
  const { told, troubles, fleet } = make();
  for (let n = 0; n < 3; n++) fleet.check({ aheadMs: -2001, hasTwin: true });
  fleet.check({ aheadMs: -2000, hasTwin: false });
  assert.deepEqual(told, ['begin fleet clock', 'begin fleet host', 'end fleet clock', 'end fleet host']);
  fleet.noteDown(T0, 'gone');
  fleet.check({ aheadMs: 5000, hasTwin: true });
  fleet.end();
  assert.deepEqual(troubles.list(), []);
});

test('what was said before a reload is over when the server answers and goes on to', () => {
  const { clock, told, fleet } = make(['fleet', 'fleet clock', 'fleet host']);
  fleet.check(FINE);
  assert.deepEqual(told, ['end fleet clock', 'end fleet host']);
  clock.nowMs += 9999;
  fleet.check(FINE);
  assert.equal(told.length, 2);
  clock.nowMs += 1;
  fleet.check(FINE);
  assert.deepEqual(told.slice(2), ['end fleet']);
});
