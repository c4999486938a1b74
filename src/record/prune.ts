/** Retention: takes rows off the start of the trail and keeps what the rest needs to be proved. */
import type BetterSqlite3 from 'better-sqlite3';
import type { DraftOf } from '../model/audit.ts';
import type { Projection } from './projection.ts';
import { loadProjection, prepareProjection } from './projection-table.ts';
import { COLUMNS, type Row, readConsequences, writeRow } from './row.ts';
import type { ChainEnd, Pending } from './trail-statements.ts';

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

/** What was cut off. */
interface Cut {
  readonly rows: number;
  readonly anchorId: number;
  readonly anchorHash: string;
  readonly more: boolean;
}

/** What the row of a prune follows. */
interface Next {
  readonly head: ChainEnd;
  readonly configVersion: string;
  readonly projection: Projection;
}

/** Cuts within a transaction of the caller, and writes the row that says so; without one where nothing was to be done. */
export function pruneRows(
  sql: BetterSqlite3.Database,
  options: PruneOptions,
  { head, configVersion, projection }: Next,
  write: (row: Pending) => void,
): { readonly pruned: Pruned; readonly row: Pending | undefined } {
  const cut = cutOldRows(sql, options);
  const written = writeRow(pruneDraft(cut, options), head.id + 1, configVersion, head.hash);
  const changes = projection.changesOf(written.entry);
  // The row's own total is always among them.
  const forgotten = changes.length - 1;
  const pruned = { rows: cut.rows, forgotten, more: cut.more };
  if (cut.rows === 0 && forgotten === 0) return { pruned, row: undefined };
  const row = { ...written, changes };
  write(row);
  return { pruned, row };
}

/**
 * Deletes old rows within a transaction of the caller. The last of them becomes the anchor: its id and hash are what
 * the first row left is bound to, and what followed from all deleted rows is folded into the projection's `anchor`.
 */
function cutOldRows(sql: BetterSqlite3.Database, { beforeMs, rowsMax }: PruneOptions): Cut {
  const [from, hash] = sql.prepare<[], [number, string]>('SELECT anchor_id, anchor_hash FROM chain').raw().get() ?? [
    0,
    '',
  ];
  const tooManyId = findTooMany(sql, from, rowsMax);
  const old: Row[] = [];
  let more = false;
  const select = sql.prepare<[number], Row>(`SELECT ${COLUMNS} FROM audit WHERE id > ? ORDER BY id`).raw();
  for (const row of select.iterate(from)) {
    if (row[1] >= beforeMs && row[0] > tooManyId) break;
    more = old.length === PRUNE_ROWS_MAX;
    if (more) break;
    old.push(row);
  }
  const anchor = old.at(-1);
  if (anchor === undefined) return { rows: 0, anchorId: from, anchorHash: hash, more };
  const [anchorId, anchorHash] = [anchor[0], anchor[12]];
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
  return { rows: old.length, anchorId, anchorHash, more };
}

/** The newest row that has to go because there are more than `rowsMax`. A hundredth more goes, so that each new row doesn't cut one. */
function findTooMany(sql: BetterSqlite3.Database, anchorId: number, rowsMax: number | undefined): number {
  const headId = sql.prepare<[], number>('SELECT head_id FROM chain').pluck().get() ?? 0;
  if (rowsMax === undefined || headId - anchorId <= rowsMax) return 0;
  return headId - Math.floor(rowsMax * 0.99);
}

/** The row that says what was cut. */
function pruneDraft(cut: Cut, { nowMs, beforeMs, rowsMax, offencesBeforeMs }: PruneOptions): DraftOf<'prune'> {
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
