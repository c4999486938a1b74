/** What can go wrong with what zban keeps on disk. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { CodedError } from '../model/coded-error.ts';

/** Closed set of causes, also the metric label. */
export type RecordErrorCode =
  | 'cannot_open'
  | 'no_permission'
  | 'missing'
  | 'in_use'
  | 'read_only'
  | 'full'
  | 'locked'
  | 'corrupt'
  | 'too_new'
  | 'too_old'
  | 'conflict'
  | 'io';

/** A database or log file that could not be opened, read or written; the message says what, where, and how to fix it. */
export class RecordError extends CodedError<RecordErrorCode> {
  override readonly name = 'RecordError';
}

/** Exit code of cat(1) when it could not read a file. */
const CAT_FAILED = 1;

const FIX: Readonly<Record<RecordErrorCode, (path: string) => string>> = {
  cannot_open: (path) => `check that it is a file and its folder exists: ls -ld ${path}`,
  no_permission: (path) => `give it to the user zban runs as (chown), or run this as root: ls -l ${path}`,
  missing: () => 'zban has not run here with this configuration',
  in_use: () => 'another zban uses it: stop that one, or give this one a path of its own',
  read_only: (path) => `make it and its folder writable (chown, or mount -o remount,rw): ls -l ${path}`,
  full: (path) => `the disk is full, make room: df ${path}`,
  locked: (path) => `another program holds it: fuser -v ${path}`,
  corrupt: (path) =>
    `start zban, which sets it aside as ${path}.damaged and takes bans from the audit log and the firewall`,
  too_new: () => 'a newer zban wrote it: install that version again',
  too_old: () => 'an older zban wrote it: start the daemon once, which brings it up to date',
  conflict: () => 'something else wrote to it meanwhile: make sure that only one zban uses it, then restart zban',
  io: (path) => `the disk reports errors, see: dmesg; df ${path}`,
};

/** A RecordError about `path`, with the way to fix it. */
export function recordError(code: RecordErrorCode, path: string, what: string, cause?: unknown): RecordError {
  return new RecordError(code, `${path}: ${what}; ${FIX[code](path)}`, cause === undefined ? {} : { cause });
}

/** SQLite's primary result codes (https://sqlite.org/rescode.html); extended codes begin with them. */
const SQLITE_CODES: readonly (readonly [string, RecordErrorCode])[] = [
  ['SQLITE_BUSY', 'locked'],
  ['SQLITE_LOCKED', 'locked'],
  ['SQLITE_READONLY', 'read_only'],
  ['SQLITE_FULL', 'full'],
  // The file that coordinates readers could not grow: in practice a full disk.
  ['SQLITE_IOERR_SHMSIZE', 'full'],
  ['SQLITE_IOERR', 'io'],
  ['SQLITE_CORRUPT', 'corrupt'],
  ['SQLITE_NOTADB', 'corrupt'],
  ['SQLITE_CANTOPEN', 'cannot_open'],
  ['SQLITE_PERM', 'no_permission'],
];

const SYSTEM_CODES: Readonly<Record<string, RecordErrorCode>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EROFS: 'read_only',
  EACCES: 'no_permission',
  EPERM: 'no_permission',
  EIO: 'io',
  ENOENT: 'cannot_open',
  ENOTDIR: 'cannot_open',
  EISDIR: 'cannot_open',
  EEXIST: 'cannot_open',
  ELOOP: 'cannot_open',
  ENAMETOOLONG: 'cannot_open',
  ENXIO: 'cannot_open',
  EMFILE: 'cannot_open',
  ENFILE: 'cannot_open',
};

/**
 * False when the disk does not give the database back. SQLite says SQLITE_CORRUPT then, as of damage (SQLITE_IOERR_CORRUPTFS,
 * https://sqlite.org/rescode.html), and a database that nobody damaged must not be given up. Another process reads it: closing
 * the file in this one would end SQLite's locks on it (https://sqlite.org/howtocorrupt.html, 2.2).
 */
export function isGivenBack(path: string): boolean {
  const files = [path, `${path}-wal`].filter((file) => existsSync(file));
  return spawnSync('cat', ['--', ...files], { stdio: 'ignore' }).status !== CAT_FAILED;
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * An error of SQLite or of the file system as a RecordError about `path`. Anything else is a bug and comes back as it is,
 * for the caller to throw.
 */
export function toRecordError(error: unknown, path: string): unknown {
  if (error instanceof RecordError || !(error instanceof Error) || !('code' in error)) return error;
  const code = String(error.code);
  const system = 'syscall' in error ? (SYSTEM_CODES[code] ?? 'io') : undefined;
  const known = SQLITE_CODES.find(([prefix]) => code.startsWith(prefix))?.[1] ?? system;
  if (known === undefined) return error;
  if (known === 'corrupt' && !isGivenBack(path))
    return recordError('io', path, 'the disk does not give all of it back', error);
  // SQLite does not say why it cannot open a file.
  if (known === 'cannot_open' && !system && isReadable(path) && !isGivenBack(path))
    return recordError('io', path, error.message, error);
  return recordError(known, path, error.message, error);
}
