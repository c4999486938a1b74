/**
 * Proves the audit trail whole. Found are rows that were changed, removed (the newest ones too), inserted or reordered,
 * and a picture of bans that does not follow from the rows. Not found is what somebody did who may write the file and
 * recomputed every hash from there to the end: against that there is the text audit log (log-check.ts).
 */
import type BetterSqlite3 from 'better-sqlite3';
import type { RecordDatabase } from '../database/database.ts';
import { GENESIS_HASH } from '../database/migrations.ts';
import { toRecordError } from '../error.ts';
import type { Projection } from '../projection/projection.ts';
import { loadProjection } from '../projection/projection-table.ts';
import { COLUMNS, type Row } from '../row/columns.ts';
import { hashRow, readConsequences } from '../row/row.ts';
import { type ChainEnd, prepareEnds } from './chain-ends.ts';

export interface Verified {
  readonly ok: true;
  readonly rows: number;
  /** 0 when there are no rows. */
  readonly firstId: number;
  readonly lastId: number;
  readonly lastHash: string;
  /** Rows up to this id were pruned; 0 when none were. */
  readonly prunedBefore: number;
}

export type Verification =
  | Verified
  | {
      readonly ok: false;
      /** First row that does not fit. */
      readonly id: number;
      readonly problem: 'content_changed' | 'hash_changed' | 'row_missing' | 'row_added' | 'anchor' | 'projection';
      readonly detail: string;
    };

type Broken = Extract<Verification, { ok: false }>;
const missing = (from: number, to: number) =>
  from === to ? `entry #${from} is missing` : `entries #${from} to #${to} are missing`;
const broken = (id: number, problem: Broken['problem'], detail: string): Broken => ({ ok: false, id, problem, detail });

/** Reads every row once, at one moment, while others may write. Throws RecordError when the database cannot be read. */
export function verifyAudit({ sql, path }: RecordDatabase): Verification {
  try {
    return sql.transaction(() => verify(sql))();
  } catch (error) {
    throw toRecordError(error, path);
  }
}

function verify(sql: BetterSqlite3.Database): Verification {
  const { head, anchor } = prepareEnds(sql)();
  const projection = loadProjection(sql, 'anchor');
  const walked = walk(sql, anchor, projection);
  if ('ok' in walked) return walked;
  const { rows, last, prune } = walked;
  const { id: lastId, hash: lastHash } = last;
  if (lastId < head.id) return broken(lastId + 1, 'row_missing', missing(lastId + 1, head.id));
  if (lastId > head.id) return broken(head.id + 1, 'row_added', `row ${head.id} was the newest`);
  if (lastHash !== head.hash) return broken(lastId, 'hash_changed', 'its hash is not the one noted as the newest');
  if (prune.id !== anchor.id || prune.hash !== anchor.hash) {
    return broken(anchor.id, 'anchor', 'rows were deleted that no prune row speaks of');
  }
  const difference = findDifference(projection, loadProjection(sql, 'now'));
  if (difference) return broken(lastId, 'projection', difference);
  return { ok: true, rows, firstId: rows === 0 ? 0 : anchor.id + 1, lastId, lastHash, prunedBefore: anchor.id };
}

interface Walked {
  readonly rows: number;
  readonly last: ChainEnd;
  /** The anchor as the newest prune row that deleted something has it. */
  readonly prune: ChainEnd;
}

function walk(sql: BetterSqlite3.Database, anchor: ChainEnd, projection: Projection): Broken | Walked {
  let [rows, last] = [0, anchor];
  let prune: ChainEnd = { id: 0, hash: GENESIS_HASH };
  let suspect: { readonly row: Row; readonly expected: string } | undefined;
  // The anchor's own row, were it still there, shows as an added one.
  for (const row of sql.prepare<[], Row>(`SELECT ${COLUMNS} FROM audit ORDER BY id`).raw().iterate()) {
    if (suspect) return judge(suspect, row);
    const [id, hash] = [row[0], row[12]];
    if (id <= last.id) return broken(id, 'row_added', `rows up to ${last.id} were pruned`);
    if (id > last.id + 1) return broken(last.id + 1, 'row_missing', missing(last.id + 1, id - 1));
    const expected = hashRow(last.hash, row);
    if (expected !== hash) {
      suspect = { row, expected };
      continue;
    }
    const entry = readConsequences(row);
    if (entry.action === 'prune' && entry.numbers.rows > 0)
      prune = { id: entry.numbers.anchor_id, hash: entry.numbers.anchor_hash };
    projection.apply(entry);
    rows += 1;
    last = { id, hash };
  }
  if (suspect) return judge(suspect, undefined);
  return { rows, last, prune };
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
