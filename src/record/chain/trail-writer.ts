/** Writes to the database, in the record thread (record-worker.ts). */
import { isNumber, isObject, isText, parseOwn } from '../../model/shape.ts';
import { preparedFor, type RecordDatabase } from '../database/database.ts';
import { toRecordError } from '../error.ts';
import { type MessageBatch, prepareSave } from '../outbox/outbox-statements.ts';
import { areRows, type Row } from '../row/columns.ts';
import { type ChainEnd, prepareEnds } from './chain-ends.ts';
import { type Cut, findCut, type PruneOptions } from './find-cut.ts';
import type { cutRows } from './prune.ts';
import { type Batch, prepareTrail, type TrailStatements } from './trail-statements.ts';

/** What a `prune` row says of where to cut. */
const isCut = isObject({ rows: isNumber, anchor_id: isNumber, anchor_hash: isText });

/** `other`: nothing was written, because what takes writes now is another database than before; it ends with `end`. */
export interface BatchResult {
  readonly kind: 'written' | 'other';
  readonly end: ChainEnd;
}

/** Every method throws RecordError when the database does not take it. */
export class TrailWriter {
  /** Needed before rows are cut: it has to understand them, which nothing else here does. */
  cutRows: typeof cutRows | undefined;
  private readonly database: RecordDatabase;
  protected readonly statements: () => TrailStatements;
  private readonly messages: () => { readonly save: (batch: MessageBatch) => void; readonly generation: number };
  /** The newest row on disk. */
  protected end: ChainEnd;
  /** Of the connection whose head is known. */
  private followed: TrailStatements;

  constructor(database: RecordDatabase) {
    this.database = database;
    this.statements = preparedFor(database, prepareTrail);
    // Another connection may have none of the messages that an earlier one took.
    let generations = 0;
    this.messages = preparedFor(database, (sql) => ({ save: prepareSave(sql), generation: generations++ }));
    this.messages();
    this.followed = this.statements();
    try {
      this.end = this.followed.readEnds().head;
    } catch (error) {
      throw toRecordError(error, database.path);
    }
  }

  /** Writes a batch in one transaction. A `prune` row is carried out by that. */
  write(batch: Batch): BatchResult {
    return this.database.write(() => {
      const statements = this.statements();
      if (this.followed !== statements) {
        const { head } = statements.readEnds();
        this.followed = statements;
        this.end = head;
        const { id, hash } = batch.after;
        if (head.id !== id || head.hash !== hash) return { kind: 'other', end: head };
      }
      const rows = parseOwn(batch.rows, areRows);
      const transaction = this.database.sql.transaction(() => {
        if (batch.prunes) for (const row of rows) this.cutFor(row);
        return statements.write(batch, rows);
      });
      this.end = transaction.immediate();
      return { kind: 'written', end: this.end };
    });
  }

  /** What there is to prune; fails as writing would. */
  findCut(options: PruneOptions): Cut {
    const { database } = this;
    return database.write(() => database.sql.transaction(() => findCut(database.sql, options)).immediate());
  }

  /** Saves changed messages. `generation` is what the last call returned, 0 at first: where it is another, nothing was saved. */
  save(batch: MessageBatch): number {
    return this.database.write(() => {
      const { save, generation } = this.messages();
      if (generation === batch.generation) save(batch);
      return generation;
    });
  }

  /** True when a copy of the database has every row that was written. Throws RecordError when it cannot be read. */
  isHeldBy(copy: RecordDatabase): boolean {
    const { id, hash } = prepareEnds(copy.sql)().head;
    return id === this.end.id && hash === this.end.hash;
  }

  private cutFor(row: Row): void {
    if (row[3] !== 'prune') return;
    const { rows, anchor_id: anchorId, anchor_hash: anchorHash } = parseOwn(row[6] ?? '', isCut);
    if (rows <= 0) return;
    if (!this.cutRows) throw new Error('nothing is loaded that cuts rows');
    this.cutRows(this.database.sql, { anchorId, anchorHash });
  }
}
