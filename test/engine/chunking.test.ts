/** Where chunks end never changes an event. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineEvent } from '../../src/model/told-event.ts';
import { Bench, chunked, ENGINE, type Overrides } from '../support/engine.ts';
import { ATTACKED_LOG, type TrafficOptions, writeLog } from '../support/traffic.ts';

/** The attacks among fewer visitors: each line is parsed by itself as well, which takes the longest. */
const LOG: Omit<TrafficOptions, 'seed'> = { ...ATTACKED_LOG, visitors: 40 };

function eventsOf(lines: readonly string[], chunkBytes: number, overrides: Overrides): readonly EngineEvent[] {
  const bench = new Bench(overrides);
  for (const bytes of chunked(lines, chunkBytes)) bench.feedBytes(bytes);
  return bench.events;
}

for (const profile of ['balanced', 'classic'] as const) {
  for (const seed of [1, 2, 3]) {
    test(`profile ${profile}, seed ${seed}: the same events from line by line to all at once`, () => {
      const lines = writeLog({ ...LOG, seed, lateShare: seed * 0.1 });
      const bans = { max_per_minute: 20, max_share: 1 };
      const whole = eventsOf(lines, Number.POSITIVE_INFINITY, { profile, bans });
      const kinds = new Set(whole.map(({ event }) => event));
      for (const kind of ['ban', 'unban', 'baseline', 'global_anomaly'] as const) assert.ok(kinds.has(kind), kind);
      for (const chunkBytes of [1, 1000, 65_536]) {
        assert.deepEqual(eventsOf(lines, chunkBytes, { profile, bans }), whole, `chunks of ${chunkBytes} bytes`);
      }
    });
  }
}

test('points too: the same events from line by line to all at once', () => {
  // One that asks for one page only, more slowly than the window's cap: nothing but the flood rule catches it.
  const flooder = { ip: '198.51.100.253', from: 500, to: 900, rate: 10, path: '/' };
  const scraper = { ip: '198.51.100.254', from: 500, to: 700, rate: 2, path: '/rare/*' };
  const attacks = [...(LOG.attacks ?? []), flooder, scraper];
  const lines = writeLog({ ...LOG, attacks, seed: 4, lateShare: 0.2 });
  const overrides = { detection: ENGINE.detection, bans: { max_share: 1 } };
  const whole = eventsOf(lines, Number.POSITIVE_INFINITY, overrides);
  const conditions = whole.flatMap((event) => (event.event === 'ban' ? [event.condition] : []));
  for (const rule of ['scrape', 'flood'] as const) assert.ok(conditions.includes(rule), `${conditions}`);
  for (const chunkBytes of [1, 4096, 65_536]) {
    assert.deepEqual(eventsOf(lines, chunkBytes, overrides), whole, `chunks of ${chunkBytes} bytes`);
  }
});

test('the same log gives the same events every time', () => {
  const lines = writeLog({ ...LOG, seed: 9 });
  assert.deepEqual(eventsOf(lines, 5000, {}), eventsOf(lines, 5000, {}));
});
