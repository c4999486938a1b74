/** A database that is gone, with or without zban running: what followed from its rows is recorded again. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { AuditDraft } from '../../src/model/audit.ts';
import { verifyAudit } from '../../src/record/chain/verify.ts';
import { openKept } from '../../src/record/database/kept-database.ts';
import { WriteGate } from '../../src/record/database/write-gate.ts';
import { restorationDrafts } from '../../src/record/loss/lost-rows.ts';
import { Projection } from '../../src/record/projection/projection.ts';
import { formatAuditLine } from '../../src/record/text-log/audit-line.ts';
import { readDraft } from '../../src/record/text-log/draft-line.ts';
import { fitsHash, numberLine, readNumber } from '../../src/record/text-log/line-number.ts';
import { AuditTrail } from '../../src/record/trail/audit-trail.ts';
import { callDirectly, createWriter } from '../support/direct-writer.ts';
import fc from '../support/fast-check.ts';
import {
  afterwards,
  ban,
  draft,
  failsWith,
  fill,
  folder,
  MINUTE,
  notRoot,
  openTrail,
  position,
  savedPositions,
  smallDisk,
  T0,
} from './examples.ts';

function openKeptTrail(t: TestContext, path = join(folder(t), 'zban.db')) {
  const database = openKept(path, { busyTimeoutMs: 20 });
  afterwards(t, () => database.close());
  const gate = new WriteGate(path, () => 0);
  const writer = createWriter(database);
  const options = { database, gate, configVersion: 'c0ffee123456', now: () => T0 };
  return { path, database, writer, trail: new AuditTrail({ ...options, writer: callDirectly(writer) }) };
}

const STORY = [
  ban('192.0.2.1', { durationSeconds: null, tier: 4 }),
  draft('ban_result', '192.0.2.1', { detail: 'ok' }),
  ban('192.0.2.2'),
  draft('unban', '192.0.2.2', { timeMs: T0 + MINUTE }),
  draft('allow', '198.51.100.0/24', { actor: 'operator:ann' }),
  ban('192.0.2.3', { enforced: false }),
];

/** All that bans depend on. */
function pictureOf(projection: Projection) {
  const bans = [...projection.bans.values()].map(({ auditId: _, reason: __, ...ban }) => ban);
  const offences = [...projection.offences.enforced.values(), ...projection.offences.observed.values()];
  const by = (a: { client: string }, b: { client: string }) => (a.client < b.client ? -1 : 1);
  return { bans: bans.sort(by), offences: offences.sort(by), allowed: [...projection.allowed.keys()].sort() };
}

function apply(projection: Projection, drafts: Iterable<AuditDraft>): Projection {
  for (const one of drafts) projection.apply({ ...one, id: 1, configVersion: '', hash: '' });
  return projection;
}

test('whatever the rows were, the picture is the same after a restoration, from nothing or from older rows', () => {
  const client = fc.constantFrom('192.0.2.1', '192.0.2.2');
  const row = fc.tuple(
    fc.constantFrom('ban', 'unban', 'ban_result', 'allow', 'disallow'),
    client,
    fc.nat(3),
    fc.boolean(),
  );
  const rows = fc.array(row, { maxLength: 12 }).map((all) =>
    all.map(([action, name, tier, enforced], at): AuditDraft => {
      const timeMs = T0 + at * MINUTE;
      const detail = action === 'ban_result' ? 'ok' : '';
      if (action === 'ban')
        return ban(name, { timeMs, tier, enforced, durationSeconds: [null, 90, 400, 270][(at + tier) % 4] ?? null });
      return draft(action as AuditDraft['action'], name, { timeMs, enforced, detail });
    }),
  );
  const property = fc.property(rows, fc.nat(12), (drafts, kept) => {
    const whole = apply(new Projection(), drafts);
    const older = apply(new Projection(), drafts.slice(0, kept));
    const restored = apply(older.copy(), [...restorationDrafts(older, whole, T0)].flat());
    assert.deepEqual(pictureOf(restored), pictureOf(whole));
  });
  fc.assert(property, { numRuns: 5000 });
});

for (const [how, damage] of [
  ['deleted', (path: string) => ['', '-wal', '-shm'].map((end) => rmSync(`${path}${end}`))],
  ['replaced by another file', (path: string) => [rmSync(path), writeFileSync(path, 'other')]],
] as const) {
  test(`a database ${how} under the trail: nothing is lost`, (t) => {
    const { trail, database, path, writer } = openKeptTrail(t);
    trail.append(STORY, { positions: [position('/a.log', 1)] });
    assert.equal(database.findLoss(), undefined);
    damage(path);
    assert.match(database.findLoss()?.what ?? '', /zban\.db was (deleted|replaced)/);
    assert.equal(
      database.replace((copy) => writer.isHeldBy(copy)),
      true,
    );
    assert.equal(database.findLoss(), undefined);
    trail.append([ban('192.0.2.9')]);
    const result = verifyAudit(database);
    assert.equal(result.ok && result.rows, 7, JSON.stringify(result));
    assert.deepEqual(savedPositions(database), [position('/a.log', 1)]);
    assert.equal((statSync(path).mode & 0o777).toString(8), '640');
  });
}

for (const [how, damage] of [
  ['cut short', (path: string) => truncateSync(path, 4096)],
  ['emptied', (path: string) => truncateSync(path, 0)],
  ['overwritten', (path: string) => writeFileSync(path, Buffer.alloc(statSync(path).size, 'x'))],
  ['whose -wal file was emptied', (path: string) => truncateSync(`${path}-wal`, 0)],
  [
    'whose -wal file was overwritten',
    (path: string) => writeFileSync(`${path}-wal`, Buffer.alloc(statSync(`${path}-wal`).size, 'x')),
  ],
] as const) {
  test(`a database ${how} under the trail: bans stand, and verification says what is missing`, (t) => {
    const { trail, database, path, writer } = openKeptTrail(t);
    trail.append(STORY.slice(0, 3));
    database.sql.pragma('wal_checkpoint(TRUNCATE)');
    trail.append(STORY.slice(3));
    const before = pictureOf(trail.projectionCopy);
    damage(path);
    assert.ok(database.findLoss());
    database.replace((copy) => writer.isHeldBy(copy) && verifyAudit(copy).ok);
    trail.append([draft('trouble', null)]);
    assert.deepEqual(pictureOf(trail.projectionCopy), before);
    assert.ok(existsSync(`${path}.damaged`));
    const reopened = new AuditTrail({
      database,
      writer: callDirectly(writer),
      gate: new WriteGate(path, () => 0),
      configVersion: '',
    });
    assert.deepEqual(pictureOf(reopened.projectionCopy), before);
    const result = verifyAudit(database);
    // What was in memory may have been enough for a whole copy.
    if (!result.ok)
      assert.deepEqual([result.id, result.problem, result.detail], [1, 'row_missing', 'entries #1 to #6 are missing']);
    const rows = trail.query({ limit: 100 });
    if (!result.ok) assert.match(rows[0]?.detail ?? '', /entries #1 to #6 of the audit trail are missing/);
    assert.ok((rows[0]?.id ?? 0) === (result.ok ? 1 : 7));
  });
}

test('a file that was only touched is no loss', (t) => {
  const { trail, database, path } = openKeptTrail(t);
  trail.append(STORY);
  writeFileSync(path, readFileSync(path));
  assert.equal(database.findLoss(), undefined);
  trail.append([ban('192.0.2.9')]);
  assert.equal(database.findLoss(), undefined);
  assert.equal(verifyAudit(database).ok, true);
});

test('a damaged database at the start is set aside', (t) => {
  const path = join(folder(t), 'zban.db');
  writeFileSync(path, 'this is no database at all\n'.repeat(100));
  const { trail, database } = openKeptTrail(t, path);
  assert.match(database.damage ?? '', /not a database/);
  trail.append(STORY);
  assert.equal(verifyAudit(database).ok, true);
  assert.match(readFileSync(`${path}.damaged`, 'utf8'), /^this is no/);
});

test('a line says which row it is, and what followed from it', (t) => {
  const { trail } = openTrail(t);
  const schedule = [600_000, 1_800_000, null];
  const drafts = [
    ban('192.0.2.1', { tier: 1, numbers: null, condition: 'scan' }),
    ban('192.0.2.2', { tier: 3, durationSeconds: null, enforced: false }),
    ban('2001:db8::/64', {
      actor: 'operator:ann',
      condition: 'manual',
      numbers: null,
      tier: 0,
      detail: 'a | 10m | #7 0123456789abcdef',
    }),
    draft('unban', '192.0.2.1', { actor: 'operator:ann', detail: 'sorry' }),
    draft('allow', 'office.example.com', { actor: 'operator:bob', detail: 'the office' }),
    draft('disallow', 'office.example.com', { actor: 'operator:bob' }),
  ];
  for (const [at, entry] of trail.append(drafts).entries()) {
    const line = numberLine(formatAuditLine(entry) ?? '', entry.id, entry.hash);
    const end = readNumber(line);
    assert.deepEqual(
      [end?.id, end && fitsHash(entry.hash, { id: end.id, hash: end.hash ?? '' })],
      [at + 1, true],
      line,
    );
    const { detail: _, numbers: __, ...wanted } = drafts[at] as AuditDraft;
    const { detail: ___, numbers: ____, ...found } = readDraft(line, schedule) as AuditDraft;
    assert.deepEqual(found, wanted, line);
    assert.equal(readNumber(numberLine(formatAuditLine(entry) ?? '', entry.id, undefined))?.hash, undefined);
  }
  assert.equal(readDraft('[2026-11-20T10:11:12.123Z] BASELINE | site 1', schedule), undefined);
  assert.equal(readDraft('not a line', schedule), undefined);
  const former = '[2026-11-20T10:11:12.123Z] BAN 192.0.2.1 | surprise 8.4 points of 8 | 10m';
  assert.equal(readDraft(former, schedule)?.condition, 'scan');
});

test('an older copy of the database: the rows between are named, and what followed from them is recorded again', (t) => {
  const first = openKeptTrail(t);
  first.trail.append(STORY.slice(0, 2));
  first.database.close();
  const older = join(folder(t), 'zban.db');
  copyFileSync(first.path, older);
  const whole = openKeptTrail(t, first.path);
  whole.trail.append(STORY.slice(2));
  const { trail, database } = openKeptTrail(t, older);
  const picture = whole.trail.projectionCopy;
  trail.recall(
    [...trail.findMissing(picture)].flat(),
    { id: 6, hash: whole.trail.head.hash.slice(0, 16) },
    'an older copy',
  );
  assert.deepEqual(pictureOf(trail.projectionCopy), pictureOf(picture));
  const result = verifyAudit(database);
  assert.ok(!result.ok);
  assert.deepEqual([result.id, result.detail], [3, 'entries #3 to #6 are missing']);
  // Once the gap is older than what is kept, nothing is missing any more.
  void trail.prune({ nowMs: T0 + 60 * MINUTE, beforeMs: T0 + 59 * MINUTE, offencesBeforeMs: 0 });
  assert.equal(verifyAudit(database).ok, true);
  assert.deepEqual(pictureOf(trail.projectionCopy), pictureOf(picture));
});

test('writes that a full disk refused are no damage by others, and a full disk takes no copy', {
  skip: notRoot,
}, (t) => {
  const disk = smallDisk(t);
  const { trail, database, path, writer } = openKeptTrail(t, join(disk, 'zban.db'));
  trail.append(STORY);
  const makeRoom = fill(disk);
  for (let n = 0; n < 50; n++) trail.append([ban(`198.51.100.${n}`, { detail: 'x'.repeat(1000) })]);
  assert.equal(trail.status.trouble?.code, 'full');
  assert.equal(database.findLoss(), undefined);
  // Deleting frees no block while the connection has it open.
  for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`);
  assert.equal(database.findLoss()?.isDamage, false);
  assert.throws(() => database.replace((copy) => writer.isHeldBy(copy)), failsWith('full'));
  makeRoom();
  assert.equal(trail.retry(), true);
  assert.equal(
    database.replace((copy) => writer.isHeldBy(copy)),
    true,
  );
  trail.append([ban('192.0.2.9')]);
  const result = verifyAudit(database);
  assert.equal(result.ok && result.rows, 57);
});
