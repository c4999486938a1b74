/**
 * The daemon's database, whatever happens to its files: while a disk takes nothing, what can be read of it serves; when it
 * is deleted or damaged under the open connection, another takes its place.
 */
import { chmodSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { isGivenBack, RecordError, type RecordErrorCode, toRecordError } from '../error.ts';
import {
  FILE_MODE,
  FOLDER_MODE,
  loadSqlite,
  migrate,
  type OpenOptions,
  openDatabase,
  type RecordDatabase,
} from './database.ts';
import { FileWatch } from './file-watch.ts';
import { MIGRATIONS } from './migrations.ts';

/** A disk that may take writes again without anybody changing zban's files. */
const OF_THE_DISK: ReadonlySet<RecordErrorCode> = new Set(['full', 'read_only', 'io']);
/** File format versions for writing and reading; 1 is a rollback journal, 2 is WAL, which memory does not have (https://sqlite.org/fileformat2.html). */
const FORMAT_VERSION_BYTES = [18, 19] as const;

export interface Loss {
  /** In words: which file was what. */
  readonly what: string;
  /** What the connection reads may be damaged: of deleted files it reads what was in them. */
  readonly isDamage: boolean;
}

/** A database that outlives its files. */
export interface KeptDatabase extends RecordDatabase {
  /** Why the database that was there at the start could not be used: it was set aside, or the disk does not let it be read now. */
  damage: string | undefined;
  /**
   * What somebody else did to the files; undefined while nobody did, or where it did no harm. `damage` is what writing showed to
   * be wrong: a disk that failed for a moment shows it as well, so that all is read before it is believed.
   */
  findLoss(damage?: string): Loss | undefined;
  /**
   * Puts another database in the place of the lost one: a copy of what the connection still reads, if `isWhole` says so,
   * else an empty one. The lost one's files are set aside as `PATH.damaged`. False when the copy was not whole. Throws
   * RecordError when the disk does not take a copy now: then all is as it was.
   */
  replace(isWhole?: (copy: RecordDatabase) => boolean): boolean;
}

/**
 * As `openDatabase` for writing, but a full, read-only or failing disk gives a database that can only be read, and
 * every write tries again. Where nothing can be read either, it is an empty one in memory. A damaged one is set aside.
 */
export function openKept(path: string, options: OpenOptions): KeptDatabase {
  const opened = openAnyhow(path, options);
  let { current } = opened;
  const watchFiles = () => (current.readonly ? undefined : new FileWatch([path, `${path}-wal`]));
  let watch = watchFiles();
  const retryOptions = { ...options, openTimeoutMs: options.busyTimeoutMs };
  const makeWritable = () => {
    const before = current;
    // Connections of one process share the -shm file, and a reader may have it read-only.
    if (!before.sql.memory) before.close();
    try {
      current = openDatabase(path, retryOptions);
    } catch (error) {
      if (!before.sql.memory) current = openStandby(path, options, error);
      throw error;
    }
    before.close();
    watch = watchFiles();
  };
  return {
    path,
    damage: opened.damage,
    get readonly() {
      return current.readonly;
    },
    get sql() {
      return current.sql;
    },
    write(run) {
      if (current.readonly) makeWritable();
      // Afterwards it can't be told who changed them.
      watch?.find();
      try {
        return run();
      } finally {
        // What failed may have written as well.
        watch?.note();
      }
    },
    findLoss(damage) {
      const found = watch?.find();
      if (!found) return damage === undefined || isIntact(current.sql) ? undefined : { what: damage, isDamage: true };
      if (found.change === 'changed' && isIntact(current.sql)) watch?.forgive();
      else {
        const what = `${found.path} was ${found.change === 'changed' ? 'damaged' : found.change}`;
        return { what, isDamage: found.change === 'changed' || found.change === 'truncated' };
      }
      return undefined;
    },
    replace(isWhole) {
      const isCopied = isWhole ? copyWhole(current.sql, path, options, isWhole) : false;
      current.close();
      try {
        setAside(path);
        if (isCopied) renameSync(copyOf(path), path);
        current = openDatabase(path, retryOptions);
      } catch (error) {
        current = openEmpty(path, options, error);
      }
      watch = watchFiles();
      return isCopied;
    },
    close: () => current.close(),
  };
}

function openAnyhow(path: string, options: OpenOptions): { current: RecordDatabase; damage?: string } {
  try {
    return { current: openDatabase(path, options) };
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    if (OF_THE_DISK.has(error.code)) {
      const current = readStandby(path, options, error);
      if (current) return { current };
      const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined;
      return {
        current: openEmpty(path, options, error),
        ...(isThere && { damage: `it cannot be read now: ${error.message}` }),
      };
    }
    if (error.code !== 'corrupt') throw error;
    setAside(path);
    return { current: openDatabase(path, options), damage: error.message };
  }
}

/** As much of the database as can be read; where that is nothing, an empty one in memory, which writing fails of `why`. */
export function openStandby(path: string, options: OpenOptions, why: unknown): RecordDatabase {
  return readStandby(path, options, why) ?? openEmpty(path, options, why);
}

function readStandby(path: string, options: OpenOptions, why: unknown): RecordDatabase | undefined {
  try {
    return openDatabase(path, { ...options, readonly: true });
  } catch (error) {
    if (!(error instanceof RecordError) || error.code === 'too_new') throw error;
    if (error.code !== 'too_old') return undefined;
    return inMemory(path, copyToMemory(path), options, why);
  }
}

function openEmpty(path: string, options: OpenOptions, why: unknown): RecordDatabase {
  return inMemory(path, new (loadSqlite())(':memory:'), options, why);
}

/** Writing it fails of `why`. */
function inMemory(path: string, sql: BetterSqlite3.Database, options: OpenOptions, why: unknown): RecordDatabase {
  migrate(sql, path, options.migrations ?? MIGRATIONS);
  sql.pragma('query_only = ON');
  const write = () => {
    throw toRecordError(why, path);
  };
  return { path, readonly: true, sql, write, close: () => void sql.close() };
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

/** Reads everything; what stands in the -wal file is then moved to where no change of it matters. */
function isIntact(sql: BetterSqlite3.Database): boolean {
  try {
    sql.pragma('shrink_memory');
    if (sql.pragma('integrity_check(1)', { simple: true }) !== 'ok') return !isGivenBack(sql.name);
    sql.pragma('wal_checkpoint(TRUNCATE)');
    return true;
  } catch (error) {
    // A disk that takes no writes just now is no damage.
    const failure = toRecordError(error, sql.name);
    return failure instanceof RecordError && failure.code !== 'corrupt';
  }
}

const copyOf = (path: string) => `${path}.restored`;

/** The connection reads deleted files to their end. False when it can't, or the copy is not whole; throws where the disk is to blame. */
function copyWhole(
  sql: BetterSqlite3.Database,
  path: string,
  options: OpenOptions,
  isWhole: (copy: RecordDatabase) => boolean,
): boolean {
  const to = copyOf(path);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
    rmSync(to, { force: true });
    sql.prepare('VACUUM INTO ?').run(to);
    chmodSync(to, FILE_MODE);
    const copy = openDatabase(to, { ...options, readonly: true });
    try {
      if (isWhole(copy)) return true;
    } finally {
      copy.close();
    }
  } catch (error) {
    const failure = toRecordError(error, to);
    if (!(failure instanceof RecordError) || failure.code === 'full' || failure.code === 'read_only') throw failure;
  }
  rmSync(to, { force: true });
  return false;
}

/** Keeps what was found for people to look at; of several times the last. */
function setAside(path: string): void {
  for (const end of ['', '-wal'] as const) {
    if (statSync(path + end, { throwIfNoEntry: false })) renameSync(path + end, `${path}.damaged${end}`);
    else rmSync(`${path}.damaged${end}`, { force: true });
  }
  rmSync(`${path}-shm`, { force: true });
}
