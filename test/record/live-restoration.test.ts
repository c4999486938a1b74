/** A database lost while zban runs gets back what was in force a portion at a time, and life goes on meanwhile. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Batch } from '../../src/record/chain/trail-statements.ts';
import type { TrailWriter } from '../../src/record/chain/trail-writer.ts';
import { verifyAudit } from '../../src/record/chain/verify.ts';
import { openKept } from '../../src/record/database/kept-database.ts';
import { WriteGate } from '../../src/record/database/write-gate.ts';
import { findUnfinished } from '../../src/record/loss/lost-rows.ts';
import { PORTION_ROWS } from '../../src/record/row/row.ts';
import type { Call } from '../../src/record/thread/call.ts';
import { AuditTrail } from '../../src/record/trail/audit-trail.ts';
import { callDirectly, createWriter } from '../support/direct-writer.ts';
import { afterwards, ban, draft, folder, T0 } from './examples.ts';

const BANS = 1500;
const clientOf = (n: number) => `10.0.${n >> 8}.${n & 255}`;

/** A trail whose database is exchanged for an empty one; each call of `write` carries out one batch and gives its rows. */
function openLost(t: TestContext) {
  const path = join(folder(t), 'zban.db');
  const database = openKept(path, { busyTimeoutMs: 20 });
  afterwards(t, () => database.close());
  const target = createWriter(database);
  const asked: { readonly batch: Batch; readonly done: (outcome: never) => void }[] = [];
  const writer = ((_method: 'write', batch: Batch, done: (outcome: never) => void) =>
    void asked.push({ batch, done })) as unknown as Call<TrailWriter>;
  const options = { database, gate: new WriteGate(path, () => 0), configVersion: 'c0ffee123456', now: () => T0 };
  const trail = new AuditTrail({ ...options, writer });
  const write = () => {
    const next = asked.shift();
    next?.done({ ok: true, value: target.write(next.batch) } as never);
    return next && JSON.parse(next.batch.rows).length;
  };
  trail.append(
    Array.from({ length: BANS }, (_, n) => [
      ban(clientOf(n), { durationSeconds: n % 2 ? null : 600 }),
      draft('ban_result', clientOf(n), { detail: 'ok' }),
    ]).flat(),
  );
  while (write() !== undefined);
  database.replace();
  const reopen = () => new AuditTrail({ ...options, writer: callDirectly(target) });
  return { trail, database, write, reopen, held: () => [...trail.enforcedEnds(T0)].length };
}

/** What is in force, but for the rows that say it. */
function picture(trail: AuditTrail) {
  const bans = [...trail.eachActive(T0)].map(({ auditId: _, reason: __, ...rest }) => rest);
  const by = (a: { client: string }, b: { client: string }) => (a.client < b.client ? -1 : 1);
  return { bans: bans.sort(by), offences: [...trail.eachOffence(true)].sort(by) };
}

test('what is restored waits for its turn, the firewall loses no ban, and a start goes on where it was cut off', (t) => {
  const { trail, database, write, reopen, held } = openLost(t);
  const before = picture(trail);
  trail.append([draft('trouble', null)]);
  const batches: number[] = [];
  for (let rows = write(); rows !== undefined; rows = write()) {
    batches.push(rows);
    assert.equal(held(), BANS);
    if (batches.length === 3) assert.equal(findUnfinished(reopen())?.toId, 2 * BANS);
  }
  assert.ok(batches.length > 4 && Math.max(...batches) <= PORTION_ROWS + 2, `rows written at a time: ${batches}`);
  assert.equal(findUnfinished(trail), undefined);
  assert.deepEqual(picture(trail), before);
  assert.deepEqual(picture(reopen()), before);
  const { ok, detail } = verifyAudit(database) as { ok: boolean; detail?: string };
  assert.deepEqual([ok, detail], [false, `entries #1 to #${2 * BANS} are missing`]);
});

test('orders that come while bans are restored hold, whether theirs were restored already or not', (t) => {
  const { trail, write, reopen } = openLost(t);
  trail.append([draft('trouble', null)]);
  for (let batch = 0; batch < 3; batch++) write();
  const [restored, pending] = [clientOf(1), clientOf(BANS - 1)];
  trail.append([
    draft('unban', restored),
    draft('unban', pending),
    ban(clientOf(3), { tier: 2, durationSeconds: 1200 }),
    ban(clientOf(BANS - 3), { tier: 2, durationSeconds: 1200 }),
    // An order of a person is no offence: the client's own stays.
    draft('unban', clientOf(BANS - 2)),
    ban(clientOf(BANS - 2), { actor: 'operator:ann', tier: 0, numbers: null }),
    ban('203.0.113.1'),
  ]);
  while (write() !== undefined);
  assert.deepEqual([trail.findActiveBan(restored, T0), trail.findActiveBan(pending, T0)], [undefined, undefined]);
  for (const n of [3, BANS - 3]) assert.equal(trail.findActiveBan(clientOf(n), T0)?.tier, 2);
  assert.equal(trail.countActive(T0).enforced, BANS - 1);
  assert.equal([...trail.eachOffence(true)].find(({ client }) => client === clientOf(BANS - 2))?.tier, 1);
  assert.deepEqual(picture(reopen()), picture(trail));
});
