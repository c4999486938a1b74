/**
 * Proves the audit trail whole. Found are rows that were changed, removed (the newest ones too), inserted or reordered,
 * and a picture of bans that does not follow from the rows. Not found is what somebody did who may write the file and
 * recomputed every hash from there to the end: against that there is the text audit log (log-check.ts).
 */
import type BetterSqlite3 from 'better-sqlite3';
import type { PruneNumbers } from '../../model/audit.ts';
import type { RecordDatabase } from '../database/database.ts';
import { GENESIS_HASH } from '../database/migrations.ts';
import { recordError, toRecordError } from '../error.ts';
import type { Projection } from '../projection/projection.ts';
import { loadProjection } from '../projection/projection-table.ts';
import { COLUMNS, type Row } from '../row/columns.ts';
import { hashRow, readConsequences } from '../row/row.ts';

export type Verification =
  | {
      readonly ok: true;
      readonly rows: number;
      /** 0 when there are no rows. */
      readonly firstId: number;
      readonly lastId: number;
      readonly lastHash: string;
      /** Rows up to this id were pruned; 0 when none were. */
      readonly prunedBefore: number;
    }
  | {
      readonly ok: false;
      /** First row that does not fit. */
      readonly id: number;
      readonly problem: 'content_changed' | 'hash_changed' | 'row_missing' | 'row_added' | 'anchor' | 'projection';
      readonly detail: string;
    };

interface Chain {
  readonly headId: number;
  readonly headHash: string;
  readonly anchorId: number;
  readonly anchorHash: string;
}

type Broken = Extract<Verification, { ok: false }>;
const missing = (from: number, to: number) =>
  from === to ? `entry #${from} is missing` : `entries #${from} to #${to} are missing`;
const broken = (id: number, problem: Broken['problem'], detail: string): Broken => ({ ok: false, id, problem, detail });

/** Reads every row once, at one moment, while others may write. Throws RecordError when the database cannot be read. */
export function verifyAudit({ sql, path }: RecordDatabase): Verification {
  try {
    return sql.transaction(() => verify(sql, path))();
  } catch (error) {
    throw toRecordError(error, path);
  }
}

function verify(sql: BetterSqlite3.Database, path: string): Verification {
  const chain = sql
    .prepare<[], Chain>(
      'SELECT head_id AS headId, head_hash AS headHash, anchor_id AS anchorId, anchor_hash AS anchorHash FROM chain',
    )
    .get();
  if (chain === undefined) throw recordError('corrupt', path, 'has no head of its audit trail');
  const projection = loadProjection(sql, 'anchor');
  const walked = walk(sql, chain, projection);
  if ('ok' in walked) return walked;
  const { rows, lastId, lastHash, prune } = walked;
  if (lastId < chain.headId) return broken(lastId + 1, 'row_missing', missing(lastId + 1, chain.headId));
  if (lastId > chain.headId) return broken(chain.headId + 1, 'row_added', `row ${chain.headId} was the newest`);
  if (lastHash !== chain.headHash) return broken(lastId, 'hash_changed', 'its hash is not the one noted as the newest');
  if (prune.id !== chain.anchorId || prune.hash !== chain.anchorHash) {
    return broken(chain.anchorId, 'anchor', 'rows were deleted that no prune row speaks of');
  }
  const difference = findDifference(projection, loadProjection(sql, 'now'));
  if (difference) return broken(lastId, 'projection', difference);
  return {
    ok: true,
    rows,
    firstId: rows === 0 ? 0 : chain.anchorId + 1,
    lastId,
    lastHash,
    prunedBefore: chain.anchorId,
  };
}

interface Walked {
  readonly rows: number;
  readonly lastId: number;
  readonly lastHash: string;
  /** The anchor as the newest prune row that deleted something has it. */
  readonly prune: Anchor;
}

interface Anchor {
  readonly id: number;
  readonly hash: string;
}

function walk(sql: BetterSqlite3.Database, chain: Chain, projection: Projection): Broken | Walked {
  let [rows, lastId, lastHash] = [0, chain.anchorId, chain.anchorHash];
  let prune: Anchor = { id: 0, hash: GENESIS_HASH };
  let suspect: { readonly row: Row; readonly expected: string } | undefined;
  // The anchor's own row, were it still there, shows as an added one.
  for (const row of sql.prepare<[], Row>(`SELECT ${COLUMNS} FROM audit ORDER BY id`).raw().iterate()) {
    if (suspect) return judge(suspect, row);
    const [id, hash] = [row[0], row[12]];
    if (id <= lastId) return broken(id, 'row_added', `rows up to ${lastId} were pruned`);
    if (id > lastId + 1) return broken(lastId + 1, 'row_missing', missing(lastId + 1, id - 1));
    const expected = hashRow(lastHash, row);
    if (expected !== hash) {
      suspect = { row, expected };
      continue;
    }
    const entry = readConsequences(row);
    if (entry.action === 'prune') prune = anchorOf(entry.numbers) ?? prune;
    projection.apply(entry);
    rows += 1;
    lastId = id;
    lastHash = hash;
  }
  if (suspect) return judge(suspect, undefined);
  return { rows, lastId, lastHash, prune };
}

function anchorOf({ rows, anchor_id: id, anchor_hash: hash }: PruneNumbers): Anchor | undefined {
  return rows === 0 ? undefined : { id, hash };
}

/** A row whose hash does not fit its content: the row after it, bound to the original hash, tells which was changed. */
function judge({ row, expected }: { readonly row: Row; readonly expected: string }, next: Row | undefined): Broken {
  const id = row[0];
  if (next && hashRow(expected, next) === next[12])
    return broken(id, 'hash_changed', `its hash is ${row[12]}, not ${expected}`);
  return broken(id, 'content_changed', 'its content does not give its hash, or the row before it was exchanged');
}

function findDifference(expected: Projection, found: Projection): string | undefined {
  const parts = (
    projection: Projection,
  ): readonly (readonly [string, Pick<ReadonlyMap<string, unknown>, 'keys' | 'get'>])[] => [
    ['ban', projection.bans],
    ['offence', projection.offences.enforced],
    ["observe mode's offence", projection.offences.observed],
    ['allowed entry', projection.allowed],
  ];
  const others = parts(found).map(([, map]) => map);
  for (const [index, [name, wanted]] of parts(expected).entries()) {
    const there = others[index] ?? new Map<string, unknown>();
    for (const key of new Set([...wanted.keys(), ...there.keys()])) {
      if (canonical(wanted.get(key)) !== canonical(there.get(key)))
        return `the ${name} of ${key} is not what the rows say`;
    }
  }
  return undefined;
}

function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  return JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
