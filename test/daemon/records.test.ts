/** Database and text audit log of one instance, when one of them is gone or behind. */
import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import BetterSqlite3 from 'better-sqlite3';
import { AuditTrail } from '../../src/record/trail/audit-trail.ts';
import { T0 } from './fixtures.ts';
import { ban, draft, NOTHING_LEARNED, place, STORY } from './records-fixtures.ts';

test('a database that is gone at the start: bans and exceptions come from the audit log and the firewall', async (t) => {
  const { open, remove, verify } = place(t);
  const first = await open();
  await first.record(STORY);
  await first.records.close();
  assert.equal(verify(), 'whole');
  remove();
  const { records, bans, troubles, said } = await open();
  assert.match(records.loss ?? '', /entries #1 to #6 of the audit trail are missing/);
  assert.deepEqual(bans(), ['192.0.2.1', '192.0.2.2']);
  assert.deepEqual(
    records.trail.allowed().map(({ entry, actor }) => [entry, actor]),
    [['198.51.100.0/24', 'operator:ann']],
  );
  const tiers = new Map([...records.trail.eachOffence(true)].map(({ client, tier }) => [client, tier]));
  assert.deepEqual([tiers.get('192.0.2.1'), tiers.get('192.0.2.2'), tiers.get('192.0.2.3')], [1, 4, 1]);
  await records.adopt([
    { target: '192.0.2.1', untilMs: T0 + 1000 },
    { target: '203.0.113.9', untilMs: T0 + 60_000 },
  ]);
  assert.deepEqual(bans(), ['192.0.2.1', '192.0.2.2', '203.0.113.9']);
  records.start(troubles, NOTHING_LEARNED);
  assert.match(said[0] ?? '', /are missing.*bans are in force as far as the audit log and the firewall have them/);
  await records.close();
  assert.equal(verify(), 'entries #1 to #6 are missing');
  const again = await open();
  assert.equal(again.records.loss, undefined, 'found once');
  assert.deepEqual(again.bans(), ['192.0.2.1', '192.0.2.2', '203.0.113.9']);
});

test('a restoration that is broken off is ended by the next start, and is recorded a portion at a time', async (t) => {
  const { open, remove, verify } = place(t);
  const clients = Array.from({ length: 2500 }, (_, n) => `10.0.${n >>> 8}.${n & 255}`);
  const first = await open();
  await first.record(clients.map((client) => ban(client)));
  await first.records.close();
  remove();
  const recall = t.mock.method(AuditTrail.prototype, 'recall');
  const stopping = new AbortController();
  const settled = AuditTrail.prototype.settled;
  const stop = t.mock.method(AuditTrail.prototype, 'settled', function (this: AuditTrail) {
    if (recall.mock.callCount() === 2) stopping.abort();
    return settled.call(this);
  });
  await assert.rejects(open(stopping.signal), { name: 'AbortError' });
  stop.mock.restore();
  const { records, bans, progress } = await open();
  assert.match(progress.at(-1) ?? '', /^restoring what was in force, at entry #5001 /);
  assert.match(records.loss ?? '', /entries #1 to #2500 of the audit trail are missing/);
  assert.deepEqual(bans(), clients.toSorted());
  assert.ok(recall.mock.calls.every(({ arguments: [drafts] }) => [...drafts].length <= 1000));
  await records.close();
  assert.equal(verify(), 'entries #1 to #2500 are missing');
  assert.equal((await open()).records.loss, undefined, 'found once');
});

test('an older copy of the database: what the log has beyond it holds', async (t) => {
  const { open, database, remove, verify } = place(t);
  const first = await open();
  await first.record(STORY.slice(0, 3));
  await first.records.close();
  copyFileSync(database, `${database}.copy`);
  const second = await open();
  await second.record([draft('unban', '192.0.2.1', { actor: 'operator:ann' }), ban('192.0.2.9')]);
  await second.records.close();
  remove();
  copyFileSync(`${database}.copy`, database);
  assert.equal(verify(), 'entries #4 to #5 are missing from the database: the audit log has them');
  assert.deepEqual((await open()).bans(), ['192.0.2.2', '192.0.2.9']);
  assert.equal(verify(), 'entries #4 to #5 are missing');
});

test('a database exchanged for another one of the same length is found', async (t) => {
  const [a, b] = [place(t), place(t)];
  for (const [at, place] of [a, b].entries()) {
    const { record, records } = await place.open();
    await record([ban(`192.0.2.${at}`)]);
    await records.close();
  }
  a.remove();
  copyFileSync(b.database, a.database);
  assert.match(a.verify(), /the audit log has entry #1 with hash .* the trail is another one/);
  assert.match(
    (await a.open()).records.loss ?? '',
    /is not the one that .*audit\.log was written from: see zban audit verify/,
  );
});

test('killed between row and line: the log is brought up to the database, and nothing is in it twice', async (t) => {
  const { open, log } = place(t);
  const first = await open();
  await first.record(STORY.slice(0, 2));
  first.records.trail.append(STORY.slice(2));
  const whole = () =>
    readFileSync(log, 'utf8')
      .split('\n')
      .map((line) => line.replace(/^\S+ (.*?) .*(#\d+).*$/, '$1 $2'));
  assert.deepEqual(whole(), ['BAN #1', '']);
  await first.records.close();
  for (let start = 0; start < 2; start++) {
    await (await open()).records.close();
    assert.deepEqual(whole(), ['BAN #1', 'BAN #3', 'BAN #4', 'UNBAN #5', 'ALLOW #6', '']);
  }
});

test('killed while the database took nothing: orders that the log could take hold, and nothing counts as lost', async (t) => {
  const { open, log, verify } = place(t);
  const first = await open();
  await first.record(STORY.slice(0, 2));
  await first.records.close();
  const line = '[2026-11-20T10:11:12.000Z]';
  const pending = 'not yet durable';
  appendFileSync(
    log,
    `${line} UNBAN 192.0.2.1 | operator:ann | #3 ${pending}\n${line} BAN 192.0.2.7 | manual "x" | operator:ann | 10m | #4 ${pending}\n`,
  );
  const { records, bans } = await open();
  assert.deepEqual(bans(), ['192.0.2.7']);
  assert.equal(records.loss, undefined);
  assert.equal(verify(), 'whole');
  await records.close();
  assert.deepEqual((await open()).bans(), ['192.0.2.7']);
});

for (const [how, damage] of [
  ['deleted', ({ remove }: ReturnType<typeof place>) => remove()],
  ['cut short', ({ database }: ReturnType<typeof place>) => truncateSync(database, 0)],
  ['damaged', ({ database }: ReturnType<typeof place>) => writeFileSync(`${database}-wal`, 'x'.repeat(100_000))],
] as const) {
  test(`a database that is ${how} while zban runs is noticed and written anew`, async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const here = place(t);
    const { records, record, done, troubles, said, bans } = await here.open();
    await record(STORY);
    records.start(troubles, NOTHING_LEARNED);
    await done();
    const before = bans();
    damage(here);
    t.mock.timers.tick(1000);
    await done();
    assert.match(said[0] ?? '', /zban\.db\S* was (deleted|truncated|damaged).*while zban ran/);
    await record([ban('203.0.113.1')]);
    await records.close();
    const next = await here.open();
    assert.deepEqual(next.bans(), [...before, '203.0.113.1']);
    assert.equal(next.records.loss, undefined);
    if (how === 'deleted') assert.equal(here.verify(), 'whole');
    else assert.match(here.verify(), /whole|entries #1 to #\d+ are missing/);
  });
}

test('the trail is cut to what it may hold without waiting for an hour to pass', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
  const { open, verify } = place(t, { entries_max: 1000 });
  const { records, record, done, troubles } = await open();
  records.start(troubles, NOTHING_LEARNED);
  await record([
    ban('192.0.2.2', { durationSeconds: null }),
    ...Array.from({ length: 1500 }, () => draft('refused', '192.0.2.9')),
  ]);
  t.mock.timers.tick(1000);
  // The look, what there is to cut, the cut.
  for (let turn = 0; turn < 3; turn++) await done();
  assert.ok(records.trail.query({ limit: 10_000 }).length <= 1000);
  assert.ok(records.trail.findActiveBan('192.0.2.2', T0));
  await records.close();
  assert.equal(verify(), 'whole');
});

test('what finds no room while the database takes nothing is counted in the status', async (t) => {
  const { database, open } = place(t);
  const { records, done } = await open();
  assert.deepEqual(records.counts().discarded, {});
  const other = new BetterSqlite3(database);
  other.exec('BEGIN EXCLUSIVE');
  records.trail.append([draft('trouble', '192.0.2.1')]);
  await done();
  records.trail.append(Array.from({ length: 100_001 }, () => draft('trouble', '192.0.2.1')));
  assert.deepEqual(records.counts().discarded, { audit_rows: 2 });
  other.close();
});
