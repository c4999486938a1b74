/** The sliding window against a naive recount of every request ever made. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Clients } from '../../src/traffic/clients.ts';
import { Window } from '../../src/traffic/window.ts';
import fc from '../support/fast-check.ts';
import { Harness, SECONDS, START, type Step } from './recount.ts';

const client = fc.oneof(fc.nat(2), fc.nat(11));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('request' as const),
      client,
      late: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(SECONDS - 1)),
      weight: fc.nat(1),
      error: fc.nat(1),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), seconds: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), client }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('restart' as const), shift: fc.integer({ min: -4, max: 4 }) }),
  },
);

for (const clientsMax of [100, 4]) {
  test(`sums equal a recount at every step, with room for ${clientsMax} clients`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const harness = new Harness(clientsMax);
        for (const one of steps) {
          harness.run(one);
          harness.check();
        }
      }),
      { numRuns: 400 },
    );
  });
}

test('the site counts every request of a second, anyone who made it', () => {
  const { clients, window } = new Harness(2);
  for (let client = 0; client < 5; client++) window.add(clients.add(1, client, START), START, client % 2, 0);
  assert.equal(window.siteRequests[START % SECONDS], 5);
  assert.equal(window.siteWeight[START % SECONDS], 2);
  for (let i = 0; i < SECONDS; i++) window.advance();
  assert.equal(window.siteRequests[START % SECONDS], 0);
});

test('what the window has no room for is counted, and room is made again by time', () => {
  const clients = new Clients(100);
  const window = new Window(SECONDS, clients, 3, () => {});
  window.newest = START;
  for (let client = 0; client < 5; client++) window.add(clients.add(1, client, START), START, 1, 0);
  assert.equal(window.overflowed, 2);
  assert.equal(clients.active, 3);
  assert.equal(window.siteRequests[START % SECONDS], 3);
  window.add(clients.find(1, 0), START, 1, 0);
  assert.equal(clients.requests(clients.find(1, 0)), 2, 'a client with an entry is still counted');
  for (let i = 0; i < SECONDS; i++) window.advance();
  assert.equal(clients.active, 0);
  window.add(clients.find(1, 4), window.newest, 1, 0);
  assert.equal(clients.requests(clients.find(1, 4)), 1);
  assert.equal(window.overflowed, 2);
});

test('after a step back in time a second seen before starts empty', () => {
  const harness = new Harness(100);
  const request = { kind: 'request', client: 1, late: 0, weight: 1, error: 0 } as const;
  for (const one of [
    request,
    { kind: 'advance', seconds: 3 },
    { kind: 'restart', shift: -3 },
    request,
    { ...request, client: 2 },
    { kind: 'advance', seconds: SECONDS },
  ] as const) {
    harness.run(one);
    harness.check();
  }
});
