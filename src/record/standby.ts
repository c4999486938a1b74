/** The daemon's database on a disk that takes nothing: what can be read of it serves until it can be written again. */
import type BetterSqlite3 from 'better-sqlite3';
import { loadSqlite, migrate, type OpenOptions, openDatabase, type RecordDatabase } from './database.ts';
import { RecordError, type RecordErrorCode } from './error.ts';
import { MIGRATIONS } from './migrations.ts';

/** A disk that may take writes again without anybody changing zban's files. */
const OF_THE_DISK: ReadonlySet<RecordErrorCode> = new Set(['full', 'read_only', 'io']);
/** File format versions for writing and reading; 1 is a rollback journal, 2 is WAL, which memory does not have (https://sqlite.org/fileformat2.html). */
const FORMAT_VERSION_BYTES = [18, 19] as const;

/**
 * As `openDatabase` for writing, but a full, read-only or failing disk gives a database that can only be read, and
 * `makeWritable` tries again. Where nothing can be read either, it is an empty one in memory.
 */
export function openWithStandby(path: string, options: OpenOptions): RecordDatabase {
  let current = openAnyhow(path, options);
  return {
    path,
    get readonly() {
      return current.readonly;
    },
    get sql() {
      return current.sql;
    },
    makeWritable() {
      if (!current.readonly) return;
      const before = current;
      // Connections of one process share the -shm file, and a reader may have it read-only.
      if (!before.sql.memory) before.close();
      try {
        current = openDatabase(path, { ...options, openTimeoutMs: options.busyTimeoutMs });
      } catch (error) {
        if (!before.sql.memory) current = openStandby(path, options, error);
        throw error;
      }
      before.close();
    },
    close: () => current.close(),
  };
}

function openAnyhow(path: string, options: OpenOptions): RecordDatabase {
  try {
    return openDatabase(path, options);
  } catch (error) {
    if (!(error instanceof RecordError && OF_THE_DISK.has(error.code))) throw error;
    return openStandby(path, options, error);
  }
}

function openStandby(path: string, options: OpenOptions, why: unknown): RecordDatabase {
  try {
    return openDatabase(path, { ...options, readonly: true });
  } catch (error) {
    if (!(error instanceof RecordError) || error.code === 'too_new') throw error;
    const sql = error.code === 'too_old' ? copyToMemory(path) : new (loadSqlite())(':memory:');
    migrate(sql, path, options.migrations ?? MIGRATIONS);
    sql.pragma('query_only = ON');
    const makeWritable = () => {
      throw why;
    };
    return { path, readonly: true, sql, makeWritable, close: () => void sql.close() };
  }
}

/** An older layout has to be brought up to date, for which the disk has no room. */
function copyToMemory(path: string): BetterSqlite3.Database {
  const Sqlite = loadSqlite();
  const file = new Sqlite(path, { readonly: true });
  try {
    const bytes = file.serialize();
    for (const at of FORMAT_VERSION_BYTES) bytes[at] = 1;
    return new Sqlite(bytes);
  } finally {
    file.close();
  }
}
