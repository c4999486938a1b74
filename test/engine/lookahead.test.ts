/** Clients are looked up ahead of their turn: what happened to them since must count. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lookahead } from '../../src/engine/lookahead.ts';
import { IPV4_HIGH } from '../../src/net/client-key.ts';
import { HIGH, ROW } from '../../src/parse/tally.ts';
import { Clients } from '../../src/traffic/clients.ts';

test('rows are of the clients they name, whoever came, went or took their place since the look ahead', () => {
  const clients = new Clients(3);
  const ahead = new Lookahead(clients, undefined);
  const lows = Array.from({ length: 200 }, (_, row) => (row * row) % 7);
  const rows = new Uint32Array(lows.length * ROW);
  for (const [row, low] of lows.entries()) rows.set([IPV4_HIGH, low], row * ROW + HIGH);
  for (const [from, to] of [
    [0, 1],
    [1, 150],
    [150, 200],
  ] as const) {
    ahead.open(from);
    for (let row = from; row < to; row++) {
      // A line that is left out is not asked about.
      if (row % 17 === 3) continue;
      const low = lows[row] as number;
      const slot = ahead.find(rows, row, to);
      assert.equal(slot, clients.find(IPV4_HIGH, low), `row ${row}`);
      if (slot < 0) clients.add(IPV4_HIGH, low, row);
      else clients.touch(slot, row);
    }
  }
  assert.ok(clients.evicted > 20, `${clients.evicted} evicted`);
});

test('clients that fall together in the table are told apart', () => {
  const known = 1000;
  const clients = new Clients(known);
  for (let low = 0; low < known; low++) clients.add(IPV4_HIGH, low, 1);
  const rows = new Uint32Array(2 * known * ROW);
  for (let row = 0; row < 2 * known; row++) rows.set([IPV4_HIGH, row], row * ROW + HIGH);
  const ahead = new Lookahead(clients, undefined);
  ahead.open(0);
  let together = 0;
  for (let row = 0; row < 2 * known; row++) {
    const slot = row < known ? row : -1;
    if (clients.guess(IPV4_HIGH, row) !== slot) together++;
    assert.equal(ahead.find(rows, row, 2 * known), slot, `row ${row}`);
  }
  assert.ok(together > 100, `${together} fall together`);
});
