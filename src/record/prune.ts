/** Retention: takes rows off the start of the trail and keeps what the rest needs to be proved. */
import type BetterSqlite3 from 'better-sqlite3';
import type { DraftOf } from '../model/audit.ts';
import { COLUMNS, type Row } from './columns.ts';
import { prepareProjection } from './projection-statements.ts';
import { loadProjection } from './projection-table.ts';
import { readConsequences } from './row.ts';
import type { ChainEnd } from './trail-statements.ts';

/** Rows deleted in one transaction, so that the daemon is not held up. */
const PRUNE_ROWS_MAX = 10_000;

/** All in epoch milliseconds. */
export interface PruneOptions {
  readonly nowMs: number;
  /** Rows older than this go, up to the first that is not. */
  readonly beforeMs: number;
  /** At most so many rows stay: the oldest go first. Default: any number. */
  readonly rowsMax?: number | undefined;
  /** Offences whose last ban ended before this are forgotten, unless the client is banned. */
  readonly offencesBeforeMs: number;
}

/** What a call of `prune` did. */
export interface Pruned {
  readonly rows: number;
  /** Offences forgotten. */
  readonly forgotten: number;
  /** More rows are old enough: call again. */
  readonly more: boolean;
}

/** What is to be cut off. */
export interface Cut {
  readonly rows: number;
  /** The newest of them, to which the first row left is bound. */
  readonly anchorId: number;
  readonly anchorHash: string;
  readonly more: boolean;
}

/** What there is to cut; nothing is changed. */
export function findCut(sql: BetterSqlite3.Database, { beforeMs, rowsMax }: PruneOptions): Cut {
  const anchor = readAnchor(sql);
  const tooManyId = findTooMany(sql, anchor.id, rowsMax);
  const select = sql.prepare<[number], [number, string, number]>(
    'SELECT id, hash, time_ms FROM audit WHERE id > ? ORDER BY id',
  );
  let rows = 0;
  let last = anchor;
  for (const [id, hash, timeMs] of select.raw().iterate(anchor.id)) {
    if (timeMs >= beforeMs && id > tooManyId) break;
    if (rows === PRUNE_ROWS_MAX) return { rows, anchorId: last.id, anchorHash: last.hash, more: true };
    last = { id, hash };
    rows++;
  }
  return { rows, anchorId: last.id, anchorHash: last.hash, more: false };
}

/**
 * Deletes the rows up to the anchor that a `prune` row names, within a transaction of the caller. What followed from them is
 * folded into the projection's `anchor`. In a database that has no such row there is nothing to cut.
 */
export function cutRows(
  sql: BetterSqlite3.Database,
  { anchorId, anchorHash }: Pick<Cut, 'anchorId' | 'anchorHash'>,
): void {
  const from = readAnchor(sql).id;
  const old = sql
    .prepare<[number, number], Row>(`SELECT ${COLUMNS} FROM audit WHERE id > ? AND id <= ? ORDER BY id`)
    .raw()
    .all(from, anchorId);
  if (old.at(-1)?.[12] !== anchorHash) return;
  const clients = new Set(old.flatMap((row) => row[4] ?? []));
  // A prune row forgets offences of anybody.
  const projection = loadProjection(sql, 'anchor', old.some((row) => row[3] === 'prune') ? undefined : clients);
  prepareProjection(sql, 'anchor')(old.flatMap((row) => projection.apply(readConsequences(row))));
  // A ban outlives its row here, and with it the numbers that explain it.
  sql
    .prepare(
      `UPDATE bans SET numbers = (SELECT numbers FROM audit WHERE id = bans.audit_id)
        WHERE scope = 'anchor' AND audit_id > ? AND audit_id <= ? AND client IN (SELECT value FROM json_each(?))`,
    )
    .run(from, anchorId, JSON.stringify([...clients]));
  // First the anchor, then the rows: only what lies before the anchor may be deleted.
  sql.prepare('UPDATE chain SET anchor_id = ?, anchor_hash = ?').run(anchorId, anchorHash);
  sql.prepare('DELETE FROM audit WHERE id <= ?').run(anchorId);
}

function readAnchor(sql: BetterSqlite3.Database): ChainEnd {
  const anchor = sql.prepare<[], ChainEnd>('SELECT anchor_id AS id, anchor_hash AS hash FROM chain').get();
  return anchor ?? { id: 0, hash: '' };
}

/** The newest row that has to go because there are more than `rowsMax`. A hundredth more goes, so that each new row doesn't cut one. */
function findTooMany(sql: BetterSqlite3.Database, anchorId: number, rowsMax: number | undefined): number {
  const headId = sql.prepare<[], number>('SELECT head_id FROM chain').pluck().get() ?? 0;
  if (rowsMax === undefined || headId - anchorId <= rowsMax) return 0;
  return headId - Math.floor(rowsMax * 0.99);
}

/** The row that says what is cut; writing it cuts. */
export function pruneDraft(cut: Cut, { nowMs, beforeMs, rowsMax, offencesBeforeMs }: PruneOptions): DraftOf<'prune'> {
  const beyond = rowsMax === undefined ? '' : ` or beyond ${rowsMax}`;
  return {
    action: 'prune',
    actor: 'system',
    timeMs: nowMs,
    client: null,
    condition: null,
    numbers: {
      rows: cut.rows,
      anchor_id: cut.anchorId,
      anchor_hash: cut.anchorHash,
      offences_before_ms: offencesBeforeMs,
    },
    tier: null,
    durationSeconds: null,
    enforced: true,
    detail: `${cut.rows} rows older than ${new Date(beforeMs).toISOString()}${beyond} deleted`,
  };
}
