/** Memory has a bound, whatever comes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROW, SKIP_REASONS, type Tally } from '../../src/parse/tally.ts';
import { Bench } from '../support/engine.ts';
import { START } from '../support/traffic.ts';

const EMPTY = new Uint8Array();

/** Rows of distinct IPv6 clients, one request each, without the text of a log. */
function distinct(first: number, count: number, second: number): Tally {
  const rows = new Uint32Array(count * ROW);
  for (let n = 0; n < count; n++) rows.set([second, 0x2001_0db8, first + n, 200, 0], n * ROW);
  return { rows, count, lines: count, skipped: new Uint32Array(SKIP_REASONS.length) };
}

test('a million and more distinct clients stay within clients_max, the newest are kept', () => {
  const bench = new Bench({ detection: { clients_max: 50_000 } });
  const { engine } = bench;
  const [perSecond, seconds] = [20_000, 60];
  for (let second = 0; second < seconds; second++) {
    const tally = distinct(second * perSecond, perSecond, START + second);
    engine.ingest(0, EMPTY, tally, 0, tally.count);
  }
  const total = perSecond * seconds;
  assert.equal(engine.clients.size, 50_000);
  assert.equal(engine.clients.active, 50_000);
  assert.equal(engine.clients.evicted, total - 50_000);
  assert.ok(engine.clients.capacity <= 50_000);
  assert.ok(engine.clients.find(0x2001_0db8, total - 50_000) >= 0);
  assert.equal(engine.clients.find(0x2001_0db8, total - 50_001), -1);
  assert.equal(engine.window.siteRequests[START % 60], perSecond, 'the site still counts the requests of the evicted');
});

test('a ban outlives the eviction of its client', () => {
  const bench = new Bench({ detection: { clients_max: 1000 } });
  const { engine } = bench;
  engine.bans.set({ high: 0x2001_0db8, low: 7, tier: 2, until: START + 900, lastEnd: START + 900 });
  const one = distinct(7, 1, START);
  engine.ingest(0, EMPTY, one, 0, 1);
  const many = distinct(1000, 5000, START + 1);
  engine.ingest(0, EMPTY, many, 0, many.count);
  assert.equal(engine.clients.find(0x2001_0db8, 7), -1);
  const again = distinct(7, 1, START + 2);
  engine.ingest(0, EMPTY, again, 0, 1);
  assert.equal(engine.banned, 2);
});

test('windows of evicted clients leave without a trace', () => {
  const bench = new Bench({ detection: { clients_max: 1000 } });
  const { engine } = bench;
  for (let second = 0; second < 300; second++) {
    const tally = distinct((second * 700) % 5000, 700, START + second);
    engine.ingest(0, EMPTY, tally, 0, tally.count);
  }
  engine.advanceTo(START + 300 + 60);
  assert.equal(engine.clients.active, 0);
  for (const slot of engine.clients.recent()) {
    const { clients } = engine;
    assert.deepEqual([clients.requests(slot), clients.weight(slot), clients.errors(slot)], [0, 0, 0]);
  }
});
