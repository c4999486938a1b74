/** The statements of the audit trail, prepared once. `write` runs within a transaction of the caller. */
import type BetterSqlite3 from 'better-sqlite3';
import type { Position } from '../model/chunk.ts';
import { recordError } from './error.ts';
import type { Change } from './projection.ts';
import { prepareProjection } from './projection-table.ts';
import { COLUMNS, readObject, type Written } from './row.ts';

/** A row with what follows from it, ready to be written. */
export interface Pending extends Written {
  readonly changes: readonly Change[];
}

/** What is saved along with rows, in their transaction. */
export interface Extra {
  readonly positions?: readonly Position[] | undefined;
  /** Bytes of each part's state, by key. */
  readonly state?: Readonly<Record<string, Uint8Array>> | undefined;
}

/** Id and hash of a row at an end of the chain. */
export interface ChainEnd {
  readonly id: number;
  readonly hash: string;
}

export interface TrailStatements {
  /** Writes rows where `written` is the newest on disk, and returns the new end. Throws RecordError `conflict` when others wrote meanwhile. */
  write(rows: readonly Pending[], written: ChainEnd, extra: Extra): ChainEnd;
  readHead(): ChainEnd;
  /** Rows in the database, those missing between others included. */
  countRows(): number;
  readPositions(): Position[];
  readState(key: string): Uint8Array | undefined;
}

export function prepareTrail(sql: BetterSqlite3.Database): TrailStatements {
  const count = sql.prepare<[], number>('SELECT head_id - anchor_id FROM chain').pluck();
  const head = sql.prepare<[], ChainEnd>('SELECT head_id AS id, head_hash AS hash FROM chain');
  const moveHead = sql.prepare('UPDATE chain SET head_id = ?, head_hash = ?');
  const insert = sql.prepare(`INSERT INTO audit (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const positions = sql.prepare<[], string>('SELECT position FROM positions ORDER BY path').pluck();
  const putPosition = sql.prepare('INSERT OR REPLACE INTO positions VALUES (?, ?)');
  const state = sql.prepare<[string], Uint8Array>('SELECT bytes FROM state WHERE key = ?').pluck();
  const putState = sql.prepare('INSERT OR REPLACE INTO state VALUES (?, ?)');
  const project = prepareProjection(sql, 'now');
  const readHead = () => {
    const end = head.get();
    if (end === undefined) throw recordError('corrupt', sql.name, 'has no head of its audit trail');
    return end;
  };

  const writeRows = (rows: readonly Pending[], written: ChainEnd): ChainEnd => {
    const end = rows.at(-1)?.entry;
    if (end === undefined) return written;
    const { id, hash } = readHead();
    if (id !== written.id || hash !== written.hash) {
      throw recordError('conflict', sql.name, `audit row ${id} is the newest where ${written.id} was expected`);
    }
    for (const { row } of rows) insert.run(row);
    project(rows.flatMap(({ changes }) => changes));
    moveHead.run(end.id, end.hash);
    return { id: end.id, hash: end.hash };
  };
  return {
    readHead,
    countRows: () => count.get() ?? 0,
    readPositions: () =>
      positions
        .all()
        .map(readObject)
        .filter((position) => position !== null) as unknown as Position[],
    readState: (key) => state.get(key),
    write: (rows, written, extra) => {
      const end = writeRows(rows, written);
      for (const position of extra.positions ?? []) putPosition.run(position.path, JSON.stringify(position));
      for (const [key, bytes] of Object.entries(extra.state ?? {})) putState.run(key, bytes);
      return end;
    },
  };
}
