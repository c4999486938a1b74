/** Retention: takes rows off the start of the trail and keeps what the rest needs to be proved. */
import type BetterSqlite3 from 'better-sqlite3';
import type { DraftOf } from '../../model/audit.ts';
import { prepareProjection, storedOf } from '../projection/projection-statements.ts';
import { loadProjection } from '../projection/projection-table.ts';
import { COLUMNS, type Row } from '../row/columns.ts';
import { BLANK, readConsequences } from '../row/row.ts';
import { prepareEnds } from './chain-ends.ts';
import type { Cut, PruneOptions } from './find-cut.ts';

/** What a call of `prune` did. */
export interface Pruned {
  readonly rows: number;
  /** Offences forgotten. */
  readonly forgotten: number;
  /** More rows are old enough: call again. */
  readonly more: boolean;
}

/**
 * Deletes the rows up to the anchor that a `prune` row names, within a transaction of the caller. What followed from them is
 * folded into the projection's `anchor`. In a database that has no such row there is nothing to cut.
 */
export function cutRows(
  sql: BetterSqlite3.Database,
  { anchorId, anchorHash }: Pick<Cut, 'anchorId' | 'anchorHash'>,
): void {
  const from = prepareEnds(sql)().anchor.id;
  const old = sql
    .prepare<[number, number], Row>(`SELECT ${COLUMNS} FROM audit WHERE id > ? AND id <= ? ORDER BY id`)
    .raw()
    .all(from, anchorId);
  if (old.at(-1)?.[12] !== anchorHash) return;
  const entries = old.map(readConsequences);
  const clients = new Set(entries.flatMap(({ client }) => client ?? []));
  // A prune row forgets offences of anybody.
  const forgottenMs = entries.map((entry) => (entry.action === 'prune' ? entry.numbers.offences_before_ms : 0));
  for (const client of findOffendersBefore(sql, Math.max(...forgottenMs))) clients.add(client);
  const projection = loadProjection(sql, 'anchor', clients);
  prepareProjection(sql, 'anchor')(entries.flatMap((entry) => projection.apply(entry)).map(storedOf));
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

/** Clients whose offences among the pruned rows ended before. */
function findOffendersBefore(sql: BetterSqlite3.Database, ms: number): string[] {
  if (ms <= 0) return [];
  const text = `SELECT client FROM offences WHERE scope = 'anchor' AND last_ms < ?`;
  return sql.prepare<[number], string>(text).pluck().all(ms);
}

/** The row that says what is cut; writing it cuts. */
export function pruneDraft(cut: Cut, { nowMs, beforeMs, rowsMax, offencesBeforeMs }: PruneOptions): DraftOf<'prune'> {
  const reasons = [
    ...(cut.byAge ? [`older than ${new Date(beforeMs).toISOString()}`] : []),
    ...(rowsMax === undefined ? [] : [`beyond ${rowsMax}`]),
  ];
  return {
    ...BLANK,
    action: 'prune',
    actor: 'system',
    timeMs: nowMs,
    numbers: {
      rows: cut.rows,
      anchor_id: cut.anchorId,
      anchor_hash: cut.anchorHash,
      offences_before_ms: cut.byAge ? offencesBeforeMs : 0,
    },
    enforced: true,
    detail: `${cut.rows} rows ${reasons.join(' or ')} deleted`,
  };
}
