/** Retention: finds which rows are to go. It understands no row, so that the record thread loads little as long as none has to. */
import type BetterSqlite3 from 'better-sqlite3';
import { prepareEnds } from './chain-ends.ts';

/** Rows deleted in one transaction, so that the daemon is not held up. */
const PRUNE_ROWS_MAX = 10_000;

/** All in epoch milliseconds. */
export interface PruneOptions {
  readonly nowMs: number;
  /** Rows older than this go, up to the first that is not. */
  readonly beforeMs: number;
  /**
   * Age counts for nothing unless the oldest row that it leaves was recorded before this: to a clock that was set years ahead
   * every row but those of the last minutes is old. Default: it always counts.
   */
  readonly provenMs?: number | undefined;
  /** At most so many rows stay: the oldest go first. Default: any number. */
  readonly rowsMax?: number | undefined;
  /** Offences whose last ban ended before this are forgotten, unless the client is banned. */
  readonly offencesBeforeMs: number;
}

/** What is to be cut off. */
export interface Cut {
  readonly rows: number;
  /** The newest of them, to which the first row left is bound. */
  readonly anchorId: number;
  readonly anchorHash: string;
  readonly more: boolean;
  /** Whether age counted. */
  readonly byAge: boolean;
}

/** What there is to cut; nothing is changed. */
export function findCut(sql: BetterSqlite3.Database, { beforeMs, rowsMax, provenMs }: PruneOptions): Cut {
  const { head, anchor } = prepareEnds(sql)();
  const oldestLeft = sql.prepare<[number, number], number>(
    'SELECT time_ms FROM audit WHERE id > ? AND time_ms >= ? ORDER BY id LIMIT 1',
  );
  const byAge = provenMs === undefined || (oldestLeft.pluck().get(anchor.id, beforeMs) ?? provenMs) < provenMs;
  // A hundredth more than too many, so that each new row doesn't cut one.
  const isTooMany = rowsMax !== undefined && head.id - anchor.id > rowsMax;
  const tooManyId = isTooMany ? head.id - Math.floor(rowsMax * 0.99) : 0;
  const select = sql.prepare<[number], [number, string, number]>(
    'SELECT id, hash, time_ms FROM audit WHERE id > ? ORDER BY id',
  );
  let rows = 0;
  let last = anchor;
  for (const [id, hash, timeMs] of select.raw().iterate(anchor.id)) {
    if (!(byAge && timeMs < beforeMs) && id > tooManyId) break;
    if (rows === PRUNE_ROWS_MAX) return { rows, anchorId: last.id, anchorHash: last.hash, more: true, byAge };
    last = { id, hash };
    rows++;
  }
  return { rows, anchorId: last.id, anchorHash: last.hash, more: false, byAge };
}
