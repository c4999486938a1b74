/** Which rows of a host are decisions that its fleet hears of, and what a ban of another host is in its trail. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { orderOf, orderOfBan, ordersToRepeat } from '../../src/daemon/fleet/fleet-orders.ts';
import { BLANK } from '../../src/record/row/row.ts';
import { formatAuditLine } from '../../src/record/text-log/audit-line.ts';
import { readDraft } from '../../src/record/text-log/draft-line.ts';
import { T0 } from '../daemon/fixtures.ts';
import { AHEAD_MS, make, order } from './proposing.ts';

test('rows of this host become decisions; those of others, would-be bans and expiries do not', async (t) => {
  const { apply, bans, trail } = make(t);
  const context = { host: 'web-9', aheadMs: AHEAD_MS, others: new Set(['web-1']) };
  await apply(order());
  const [adopted] = trail.query({ limit: 1 });
  assert.equal(adopted && orderOf(adopted, context), undefined);
  const about = { actor: 'operator:anna', client: '192.0.2.1', condition: 'manual', numbers: null, tier: 0 } as const;
  const [own, wouldBe] = bans.record(
    [true, false].map((enforced) => ({
      ...about,
      action: 'ban' as const,
      timeMs: T0,
      durationSeconds: 60,
      enforced,
      detail: 'why',
    })),
  );
  const said = own && orderOf(own, context);
  assert.deepEqual([said?.atMs, said?.untilMs, said?.host], [T0 + AHEAD_MS, T0 + 60_000 + AHEAD_MS, 'web-9']);
  assert.equal(wouldBe && orderOf(wouldBe, context), undefined);
  const held = trail.findActiveBan('203.0.113.9', T0);
  assert.deepEqual(
    held && orderOfBan(held, 'web-9', AHEAD_MS),
    order(),
    'said again for another host, it is what that host said',
  );
});

test('a host whose database was restored hears its own decisions again, and says none of them as a new one', async (t) => {
  const { apply, bans, trail, clock } = make(t);
  const context = { host: 'web-9', aheadMs: AHEAD_MS, others: new Set<string>() };
  const own = { host: 'web-9', actor: 'operator:anna' };
  await apply(order(own), order({ ...own, kind: 'unban', atMs: T0 + AHEAD_MS + 1000 }), order({ host: 'web-9' }));
  const panic = { timeMs: T0, actor: 'operator:anna@web-9', action: 'panic', enforced: true, detail: '' } as const;
  bans.record([{ ...BLANK, ...panic }]);
  const rows = trail.query({ limit: 100 });
  assert.deepEqual(new Set(rows.map(({ action }) => action)), new Set(['ban', 'unban', 'panic']));
  assert.deepEqual(
    rows.flatMap((row) => orderOf(row, context) ?? []),
    [],
  );
  // An emptied server is told what stands, as it was decided.
  const later = order({ ...own, atMs: T0 + AHEAD_MS + 2000 });
  await apply(later);
  const allowed = { entry: '192.0.2.0/24', sinceMs: T0, actor: 'operator:anna@web-9' as const, reason: '', auditId: 1 };
  t.mock.method(trail, 'allowed', () => [allowed]);
  const emptied = { panic: { since: new Date(T0).toISOString(), by: 'anna@web-9', reason: '' } };
  const said = ordersToRepeat(trail, context, clock.nowMs, emptied);
  assert.deepEqual(
    said.map(({ kind, host, actor }) => [kind, host, actor]),
    ['panic', 'ban', 'allow'].map((kind) => [kind, 'web-9', 'operator:anna']),
  );
});

test('the text audit log gives a ban of another host back with its tier', async (t) => {
  const { apply, trail } = make(t);
  await apply(order());
  const [row] = trail.query({ limit: 1 });
  const line = row && formatAuditLine(row);
  assert.match(line ?? '', /BAN 203\.0\.113\.9 \| scan "scan 12\.4 points of 12" \| policy@web-1 \| 10m/);
  const draft = readDraft(line ?? '', [600_000, null]);
  assert.deepEqual([draft?.actor, draft?.tier, draft?.client], ['policy@web-1', 1, '203.0.113.9']);
});
