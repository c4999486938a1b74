/** The daemon's own look at the database that the record thread writes: for single rows, and for all of it at a start. */
import type BetterSqlite3 from 'better-sqlite3';
import { recordError } from '../error.ts';
import type { RecordDatabase } from './database.ts';
import { openStandby } from './kept-database.ts';

/** Opened when it is used. */
export class ReadConnection implements RecordDatabase {
  readonly path: string;
  readonly readonly = true;
  readonly #busyTimeoutMs: number;
  #current: RecordDatabase | undefined;

  constructor(path: string, busyTimeoutMs: number) {
    this.path = path;
    this.#busyTimeoutMs = busyTimeoutMs;
  }

  /** Throws RecordError when the database cannot be opened. */
  get sql(): BetterSqlite3.Database {
    this.#current ??= openStandby(this.path, { busyTimeoutMs: this.#busyTimeoutMs }, this.#refusal());
    return this.#current.sql;
  }

  write(): never {
    throw this.#refusal();
  }

  /**
   * The next look opens the database anew: another file may be in its place by then. A connection that is open while the disk
   * takes no writes would also keep the writer from writing again (see openKept).
   */
  release(): void {
    this.#current?.close();
    this.#current = undefined;
  }

  close(): void {
    this.release();
  }

  #refusal() {
    return recordError('read_only', this.path, 'was opened for reading');
  }
}
