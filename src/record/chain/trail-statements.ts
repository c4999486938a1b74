/** The statements of the audit trail, prepared once. `write` runs within a transaction of the caller. */
import type BetterSqlite3 from 'better-sqlite3';
import type { Position } from '../../model/chunk.ts';
import { recordError } from '../error.ts';
import type { Change } from '../projection/projection.ts';
import { prepareProjection } from '../projection/projection-statements.ts';
import { COLUMNS, type Row, readObject } from '../row/columns.ts';
import type { Written } from '../row/row.ts';

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

/** What is written in one transaction. */
export interface Batch {
  readonly rows: readonly Row[];
  /** What follows from the rows, in their order. */
  readonly changes: readonly Change[];
  /** The newest row on disk before these. */
  readonly after: ChainEnd;
  readonly extra: Extra;
}

export interface TrailStatements {
  /** Writes a batch and returns the new end. Throws RecordError `conflict` when others wrote meanwhile. */
  write(batch: Batch): ChainEnd;
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

  const writeRows = ({ rows, changes, after }: Batch): ChainEnd => {
    const end = rows.at(-1);
    if (end === undefined) return after;
    const { id, hash } = readHead();
    if (id !== after.id || hash !== after.hash) {
      throw recordError('conflict', sql.name, `audit row ${id} is the newest where ${after.id} was expected`);
    }
    for (const row of rows) insert.run(row);
    project(changes);
    const written = { id: end[0], hash: end[12] };
    moveHead.run(written.id, written.hash);
    return written;
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
    write: (batch) => {
      const { extra } = batch;
      const end = writeRows(batch);
      for (const position of extra.positions ?? []) putPosition.run(position.path, JSON.stringify(position));
      for (const [key, bytes] of Object.entries(extra.state ?? {})) putState.run(key, bytes);
      return end;
    },
  };
}
