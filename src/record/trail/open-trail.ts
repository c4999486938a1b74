/** The database as the reading commands see it: read only, also while the daemon writes or is stopped. */
import { openDatabase, type RecordDatabase } from '../database/database.ts';
import { TrailReader } from './trail-reader.ts';

/** How long a command waits for the daemon's lock; SQLite's readers hardly ever do. */
const BUSY_TIMEOUT_MS = 5000;

export interface OpenTrail {
  readonly database: RecordDatabase;
  readonly reader: TrailReader;
}

/** Runs `use` on the trail in this database and closes it. Throws RecordError. */
export async function withTrail<T>(path: string, use: (trail: OpenTrail) => T | Promise<T>): Promise<T> {
  const database = openDatabase(path, { readonly: true, busyTimeoutMs: BUSY_TIMEOUT_MS });
  try {
    return await use({ database, reader: new TrailReader(database) });
  } finally {
    database.close();
  }
}
