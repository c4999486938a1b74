import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RunTotals } from '../../src/daemon/run-totals.ts';

test('counts of the instances of a process add up', () => {
  const totals = new RunTotals();
  const one = { lines_total: 10, bans_total: 2, unbans_total: 1, refused_total: 3 };
  const none = { troubles: new Map(), atMs: 0 };
  totals.end({ ...one, skipped: { not_json: 1 }, discarded: {} }, undefined, none);
  totals.end(
    { ...one, skipped: { too_long: 5 }, discarded: { late_lines: 4 } },
    { until: 9, reason: 'max_share' },
    none,
  );
  assert.deepEqual(totals.plus({ ...one, skipped: { not_json: 2 }, discarded: { late_lines: 1 } }), {
    lines_total: 30,
    bans_total: 6,
    unbans_total: 3,
    refused_total: 9,
    skipped: { not_json: 3, too_long: 5 },
    discarded: { late_lines: 5 },
  });
  assert.deepEqual(totals.fuse, { until: 9, reason: 'max_share' });
});
