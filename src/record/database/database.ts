/** Opens the database: one writer, any number of readers, whole after a power cut. */
import { accessSync, chmodSync, closeSync, constants, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { codeOf } from '../../model/coded-error.ts';
import { recordError, toRecordError } from '../error.ts';
import { MIGRATIONS, type Migration } from './migrations.ts';

/** The log of changes is cut back to this after it grew, bytes. */
const WAL_BYTES_KEPT = 16 * 1024 * 1024;
export const FILE_MODE = 0o640;
export const FOLDER_MODE = 0o750;

export interface OpenOptions {
  /** Reads only, beside a running daemon or without one. */
  readonly readonly?: boolean;
  /** How long a statement waits for another program's lock, milliseconds: short, because the daemon waits with it. */
  readonly busyTimeoutMs: number;
  /** The same while opening, milliseconds; default 5000. */
  readonly openTimeoutMs?: number;
  /** For tests of migrations. */
  readonly migrations?: readonly Migration[];
}

/** An open database. */
export interface RecordDatabase {
  readonly path: string;
  /** True where nothing can be written, for a command that reads and while the disk takes nothing. */
  readonly readonly: boolean;
  /** For this folder only. Another one once a disk takes writes again: see `preparedFor`. */
  readonly sql: BetterSqlite3.Database;
  /** Runs what writes. First it opens for writing what could only be read; throws RecordError where that fails. */
  write<T>(run: () => T): T;
  /** Idempotent. */
  close(): void;
}

/**
 * Opens `path`, creating folder (0750) and file (0640) and bringing an older layout up to date. Only one writer may have
 * it open; readers are not limited. Throws RecordError only.
 *
 * WAL with synchronous=FULL: a commit is on disk when it returns (https://sqlite.org/pragma.html#pragma_synchronous).
 */
export function openDatabase(path: string, options: OpenOptions): RecordDatabase {
  try {
    return options.readonly ? openReader(path, options) : openWriter(path, options);
  } catch (error) {
    throw toRecordError(error, path);
  }
}

/** Loaded late: not all that imports this file opens a database. */
export function loadSqlite(): typeof BetterSqlite3 {
  return createRequire(import.meta.url)('better-sqlite3');
}

/** What `prepare` makes of the connection in use, made once for each connection. */
export function preparedFor<T>(
  database: Pick<RecordDatabase, 'sql'>,
  prepare: (sql: BetterSqlite3.Database) => T,
): () => T {
  let made: { readonly sql: BetterSqlite3.Database; readonly value: T } | undefined;
  return () => {
    const { sql } = database;
    if (made?.sql !== sql) made = { sql, value: prepare(sql) };
    return made.value;
  };
}

function openWriter(path: string, options: OpenOptions): RecordDatabase {
  createFile(path);
  const lock = lockForWriting(path);
  let sql: BetterSqlite3.Database | undefined;
  try {
    sql = new (loadSqlite())(path, { timeout: options.openTimeoutMs ?? 5000 });
    sql.pragma('journal_mode = WAL');
    sql.pragma('synchronous = FULL');
    sql.pragma('foreign_keys = ON');
    sql.pragma(`journal_size_limit = ${WAL_BYTES_KEPT}`);
    migrate(sql, path, options.migrations ?? MIGRATIONS);
    sql.pragma(`busy_timeout = ${options.busyTimeoutMs}`);
  } catch (error) {
    sql?.close();
    lock.close();
    throw error;
  }
  const opened = sql;
  const close = () => {
    if (!opened.open) return;
    closeKeepingWal(opened, path);
    lock.close();
  };
  return { path, readonly: false, sql: opened, write: (run) => run(), close };
}

function createFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
  // SQLite's own words for a missing right are vague; the file system's are not.
  accessSync(dirname(path), constants.W_OK | constants.X_OK);
  if (existsSync(path)) {
    if (!statSync(path).isFile()) throw recordError('cannot_open', path, 'is no file');
    accessSync(path, constants.R_OK | constants.W_OK);
    return;
  }
  closeSync(openSync(path, 'wx', FILE_MODE));
  // The process's umask may have taken the group's right to read.
  chmodSync(path, FILE_MODE);
}

/**
 * A second zban on the same database would decide by a picture of its own. SQLite's lock on an empty file beside it
 * ends with the process, however that ends. Throws RecordError `in_use` where another has it.
 */
export function lockForWriting(path: string): { close(): void } {
  const lock = new (loadSqlite())(`${path}.lock`, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    const failure = toRecordError(error, `${path}.lock`);
    if (codeOf(failure) === 'locked') {
      throw recordError('in_use', path, 'is open for writing already', error);
    }
    throw failure;
  }
}

/** Runs the steps a database lacks, each in a transaction of its own; proves on the way that it can be written. */
export function migrate(sql: BetterSqlite3.Database, path: string, migrations: readonly Migration[]): void {
  const newest = migrations.at(-1)?.version ?? 0;
  for (;;) {
    const step = sql.transaction(() => {
      const version = versionOf(sql);
      if (version > newest) throw tooNew(path, version, newest);
      const next = migrations.find((migration) => migration.version === version + 1);
      if (next) sql.exec(next.sql);
      // Written even when it stays the same: SQLite opens what it may not write without a word.
      sql.pragma(`user_version = ${next?.version ?? version}`);
      return next === undefined;
    });
    if (step.immediate()) return;
  }
}

function versionOf(sql: BetterSqlite3.Database): number {
  return Number(sql.pragma('user_version', { simple: true }));
}

function tooNew(path: string, version: number, newest: number): Error {
  return recordError('too_new', path, `has layout ${version}, this zban knows ${newest}`);
}

/**
 * Closing the last connection would delete the -wal and -shm files, and then somebody who may only read could not open
 * the database (https://sqlite.org/wal.html#readonly). A reader that closes last leaves them.
 */
function closeKeepingWal(sql: BetterSqlite3.Database, path: string): void {
  let reader: BetterSqlite3.Database | undefined;
  try {
    sql.pragma('wal_checkpoint(TRUNCATE)');
    reader = new (loadSqlite())(path, { readonly: true, timeout: 0 });
    versionOf(reader);
  } catch {
    // A database in trouble is closed all the same; what was committed is safe in either file.
  }
  sql.close();
  reader?.close();
}

function openReader(path: string, options: OpenOptions): RecordDatabase {
  requireReadable(path);
  const migrations = options.migrations ?? MIGRATIONS;
  const newest = migrations.at(-1)?.version ?? 0;
  let sql: BetterSqlite3.Database | undefined;
  try {
    sql = new (loadSqlite())(path, { readonly: true, fileMustExist: true, timeout: options.busyTimeoutMs });
    const version = versionOf(sql);
    if (version > newest) throw tooNew(path, version, newest);
    if (version < newest) throw recordError('too_old', path, `has layout ${version}, this zban reads ${newest}`);
  } catch (error) {
    sql?.close();
    throw readerError(error, path);
  }
  const opened = sql;
  const write = () => {
    throw recordError('read_only', path, 'was opened for reading');
  };
  return { path, readonly: true, sql: opened, write, close: () => void opened.close() };
}

function requireReadable(path: string): void {
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      throw recordError('missing', path, 'does not exist', error);
    }
    throw error;
  }
}

/** For a reader, what SQLite calls read-only or not openable is a missing right: to the file, or to make -shm beside it. */
function readerError(error: unknown, path: string): unknown {
  const failure = toRecordError(error, path);
  const code = codeOf(failure);
  if (code !== 'cannot_open' && code !== 'read_only') return failure;
  return recordError('no_permission', path, 'cannot be read by this user', error);
}
