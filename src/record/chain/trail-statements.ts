/** The statements of the audit trail, prepared once. `write` runs within a transaction of the caller. */
import type BetterSqlite3 from 'better-sqlite3';
import type { Position } from '../../model/chunk.ts';
import { parseOwn } from '../../model/shape.ts';
import { recordError } from '../error.ts';
import { areStored, prepareProjection, type Stored } from '../projection/projection-statements.ts';
import { COLUMNS, type Row } from '../row/columns.ts';
import type { Written } from '../row/row.ts';
import { type ChainEnd, type ChainEnds, prepareEnds } from './chain-ends.ts';

/** A row with what follows from it, ready to be written. */
export interface Pending extends Written {
  readonly changes: readonly Stored[];
}

/** What is saved along with rows, in their transaction. */
export interface Extra {
  readonly positions?: readonly Position[] | undefined;
  /** Bytes of each part's state, by key. */
  readonly state?: Readonly<Record<string, Uint8Array>> | undefined;
}

/** What is written in one transaction. */
export interface Batch {
  /** A JSON array of rows. */
  readonly rows: string;
  /** What follows from the rows, in their order: a JSON array of what is stored. */
  readonly changes: string;
  /** One of the rows is a `prune`. */
  readonly prunes: boolean;
  /** The newest row on disk before these. */
  readonly after: ChainEnd;
  readonly extra: Extra;
}

export interface TrailStatements {
  /** Writes a batch, whose rows are given as well, and returns the new end. Throws RecordError `conflict` when others wrote meanwhile. */
  write(batch: Batch, rows: readonly Row[]): ChainEnd;
  readEnds(): ChainEnds;
}

export function prepareTrail(sql: BetterSqlite3.Database): TrailStatements {
  const readEnds = prepareEnds(sql);
  const moveHead = sql.prepare('UPDATE chain SET head_id = ?, head_hash = ?');
  const insert = sql.prepare(`INSERT INTO audit (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const putPosition = sql.prepare('INSERT OR REPLACE INTO positions VALUES (?, ?)');
  const putState = sql.prepare('INSERT OR REPLACE INTO state VALUES (?, ?)');
  const project = prepareProjection(sql, 'now');

  const writeRows = ({ changes, after }: Batch, rows: readonly Row[]): ChainEnd => {
    const end = rows.at(-1);
    if (end === undefined) return after;
    const { id, hash } = readEnds().head;
    if (id !== after.id || hash !== after.hash) {
      throw recordError('conflict', sql.name, `audit row ${id} is the newest where ${after.id} was expected`);
    }
    for (const row of rows) insert.run(row);
    project(parseOwn(changes, areStored));
    const written = { id: end[0], hash: end[12] };
    moveHead.run(written.id, written.hash);
    return written;
  };
  return {
    readEnds,
    write: (batch, rows) => {
      const { extra } = batch;
      const end = writeRows(batch, rows);
      for (const position of extra.positions ?? []) putPosition.run(position.path, JSON.stringify(position));
      for (const [key, bytes] of Object.entries(extra.state ?? {})) putState.run(key, bytes);
      return end;
    },
  };
}
