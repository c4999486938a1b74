/** Messages as rows of the outbox. */
import type BetterSqlite3 from 'better-sqlite3';

export interface MessageRow {
  readonly id: number;
  readonly channel: string;
  /** As JSON. */
  readonly notification: string;
  readonly attempts: number;
  readonly dueMs: number;
}

/** What changed. */
export interface MessageBatch {
  readonly put: readonly MessageRow[];
  readonly drop: readonly number[];
  /** Which database the rest of the messages is in (TrailWriter.save). */
  readonly generation: number;
}

export function prepareSave(sql: BetterSqlite3.Database): (batch: MessageBatch) => void {
  const put = sql.prepare(
    'INSERT OR REPLACE INTO outbox (id, channel, notification, attempts, due_ms) VALUES (?, ?, ?, ?, ?)',
  );
  const drop = sql.prepare('DELETE FROM outbox WHERE id = ?');
  return sql.transaction((batch: MessageBatch) => {
    for (const { id, channel, notification, attempts, dueMs } of batch.put)
      put.run(id, channel, notification, attempts, dueMs);
    for (const id of batch.drop) drop.run(id);
  }).immediate;
}
