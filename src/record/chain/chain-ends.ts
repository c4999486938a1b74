/** Where the chain of rows begins and ends, as the database has noted it. */
import type BetterSqlite3 from 'better-sqlite3';
import { recordError } from '../error.ts';

/** Id and hash of a row at an end of the chain. */
export interface ChainEnd {
  readonly id: number;
  readonly hash: string;
}

export interface ChainEnds {
  /** The newest row. */
  readonly head: ChainEnd;
  /** The newest row that was cut off. */
  readonly anchor: ChainEnd;
}

/** What reads them; it throws RecordError where a database has none. */
export function prepareEnds(sql: BetterSqlite3.Database): () => ChainEnds {
  const ends = sql
    .prepare<[], [number, string, number, string]>('SELECT head_id, head_hash, anchor_id, anchor_hash FROM chain')
    .raw();
  return () => {
    const row = ends.get();
    if (row === undefined) throw recordError('corrupt', sql.name, 'has no head of its audit trail');
    const [headId, headHash, anchorId, anchorHash] = row;
    return { head: { id: headId, hash: headHash }, anchor: { id: anchorId, hash: anchorHash } };
  };
}
