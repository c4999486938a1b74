import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import BetterSqlite3 from 'better-sqlite3';
import { verifyAudit } from '../../src/record/chain/verify.ts';
import { openDatabase } from '../../src/record/database/database.ts';
import { afterwards, ban, draft, openTrail } from './examples.ts';

/** Six rows, then what somebody with the right to write the file does to them. */
function verifyAfter(t: TestContext, tampering: string) {
  const { trail, database, path } = openTrail(t);
  trail.append([
    ban('192.0.2.1'),
    draft('ban_result', '192.0.2.1', { detail: 'ok' }),
    ban('192.0.2.2'),
    draft('allow', '192.0.2.99'),
    ban('192.0.2.3'),
    draft('unban', '192.0.2.1'),
  ]);
  database.close();
  const other = new BetterSqlite3(path);
  for (const name of ['audit_no_update', 'audit_no_delete', 'audit_no_replace']) other.exec(`DROP TRIGGER ${name}`);
  other.exec(tampering);
  other.close();
  const reader = openDatabase(path, { readonly: true, busyTimeoutMs: 100 });
  afterwards(t, () => reader.close());
  return verifyAudit(reader);
}

test('an untouched trail is whole', (t) => {
  const result = verifyAfter(t, 'SELECT 1');
  assert.ok(result.ok);
  const { rows, firstId, lastId, prunedBefore } = result;
  assert.deepEqual({ rows, firstId, lastId, prunedBefore }, { rows: 6, firstId: 1, lastId: 6, prunedBefore: 0 });
  assert.match(result.lastHash, /^[0-9a-f]{64}$/);
});

test('an empty trail is whole', (t) => {
  const { database } = openTrail(t);
  const result = verifyAudit(database);
  assert.deepEqual(result, { ok: true, rows: 0, firstId: 0, lastId: 0, lastHash: '0'.repeat(64), prunedBefore: 0 });
});

const COLUMN_CHANGES = [
  'time_ms = time_ms + 1',
  "actor = 'operator:eve'",
  "action = 'refused'",
  "client = '203.0.113.1'",
  'client = NULL',
  "condition = 'z_score'",
  `numbers = replace(numbers, '5.2', '9.2')`,
  "numbers = 'no json'",
  'tier = 2',
  'duration_seconds = 601',
  'enforced = 0',
  "detail = 'x'",
  "config_version = 'x'",
];

for (const change of COLUMN_CHANGES) {
  test(`a changed row is found: ${change}`, (t) => {
    const result = verifyAfter(t, `UPDATE audit SET ${change} WHERE id = 3`);
    assert.ok(!result.ok);
    assert.deepEqual([result.id, result.problem], [3, 'content_changed']);
  });
}

const TAMPERINGS: readonly (readonly [what: string, sql: string, id: number, problem: string])[] = [
  ['a changed hash', "UPDATE audit SET hash = substr(hash, 1, 63) || '-' WHERE id = 3", 3, 'hash_changed'],
  ['a changed newest row', "UPDATE audit SET detail = 'x' WHERE id = 6", 6, 'content_changed'],
  ['a missing row', 'DELETE FROM audit WHERE id = 4', 4, 'row_missing'],
  ['a missing first row', 'DELETE FROM audit WHERE id = 1', 1, 'row_missing'],
  ['missing newest rows', 'DELETE FROM audit WHERE id >= 5', 5, 'row_missing'],
  ['no rows left', 'DELETE FROM audit', 1, 'row_missing'],
  [
    'rows exchanged',
    'UPDATE audit SET id = 99 WHERE id = 2; UPDATE audit SET id = 2 WHERE id = 3; UPDATE audit SET id = 3 WHERE id = 99',
    2,
    'content_changed',
  ],
  [
    'a row added',
    "INSERT INTO audit SELECT 7, time_ms, actor, action, client, condition, numbers, tier, duration_seconds, enforced, detail, config_version, 'x' FROM audit WHERE id = 3",
    7,
    'content_changed',
  ],
  [
    'rows pruned without a word',
    'UPDATE chain SET anchor_id = 2, anchor_hash = (SELECT hash FROM audit WHERE id = 2); DELETE FROM audit WHERE id <= 2',
    2,
    'anchor',
  ],
  ['a newest row recomputed', "UPDATE chain SET head_hash = 'another'", 6, 'hash_changed'],
  ['a ban taken out of force', "DELETE FROM bans WHERE client = '192.0.2.2'", 6, 'projection'],
  ['a ban made permanent', "UPDATE bans SET until_ms = NULL WHERE client = '192.0.2.2'", 6, 'projection'],
  [
    'an entry allowed in secret',
    "INSERT INTO allowed VALUES ('now', '203.0.113.1', 0, 'system', '', 1)",
    6,
    'projection',
  ],
  ['an offence forgotten', 'DELETE FROM offences', 6, 'projection'],
];

for (const [what, sql, id, problem] of TAMPERINGS) {
  test(`${what} is found`, (t) => {
    const result = verifyAfter(t, sql);
    assert.ok(!result.ok);
    assert.deepEqual([result.id, result.problem], [id, problem], result.detail);
  });
}
