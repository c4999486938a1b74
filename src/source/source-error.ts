/** Why a log can't be read. */
import { CodedError, codeOf } from '../model/coded-error.ts';

/** Closed set: also a metric label. */
export type SourceErrorCode =
  | 'missing'
  | 'permission_denied'
  | 'not_a_file'
  | 'read_failed'
  | 'replaced'
  | 'damaged'
  | 'no_lines'
  | 'no_program';

const WORDS: Readonly<Record<SourceErrorCode, string>> = {
  missing: 'missing',
  permission_denied: 'permission denied',
  not_a_file: 'not a regular file',
  read_failed: 'cannot be read',
  replaced: 'another file took its place while it was read',
  damaged: 'damaged or cut-off compressed data',
  no_lines: 'it goes on without a line break, as zeros do',
  no_program: 'the program that decompresses it is not installed',
};

const FIXES: Readonly<Record<SourceErrorCode, string>> = {
  missing: 'check the path, and that nginx writes its access_log there',
  permission_denied: "let zban's user read the file and enter its directories (on Debian: the group adm)",
  not_a_file: 'name a log file, or a glob such as /var/log/nginx/*.log; a pipe or /dev/stdout keeps no lines',
  read_failed: 'check the file system below it',
  replaced: 'run the command again, or restart zban to learn from it',
  damaged: 'try gzip -t, zstd -t or xz -t on it; the lines before the damage have been read',
  no_lines: 'a log that was truncated while its writer kept its place in it is full of zeros: begin a new one',
  no_program: 'install it: apt-get install xz-utils bzip2',
};

/** What helps where the system's own error says more. */
const ERRNO_FIXES: Readonly<Record<string, string>> = {
  ELOOP: 'a symbolic link in its path leads back to itself: namei -l shows which',
  EMFILE: 'zban has no file descriptors left: raise LimitNOFILE in zban.service',
  ENFILE: 'this host has no file descriptors left: raise fs.file-max',
};

/** A log that can't be read: operational, never a bug. `cause` has the system's own error where there was one. */
export class SourceError extends CodedError<SourceErrorCode> {
  override readonly name = 'SourceError';
  readonly path: string;
  /** What an operator can do about it. */
  readonly fix: string;

  constructor(code: SourceErrorCode, path: string, cause?: unknown) {
    super(code, `cannot read ${path}: ${detail(code, cause)}`, { cause });
    this.path = path;
    this.fix = ERRNO_FIXES[codeOf(cause) ?? ''] ?? FIXES[code];
  }

  /** What keeps the log from being read, in words, without its path. */
  get words(): string {
    return detail(this.code, this.cause);
  }
}

function detail(code: SourceErrorCode, cause: unknown): string {
  const errno = codeOf(cause);
  return code === 'read_failed' && errno ? `${WORDS[code]} (${errno})` : WORDS[code];
}

/** The typed error of a failed system call on `path` (errno names as in errno(3)). */
export function toSourceError(path: string, error: unknown): SourceError {
  if (error instanceof SourceError) return error;
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new SourceError('missing', path, error);
    case 'EACCES':
    case 'EPERM':
      return new SourceError('permission_denied', path, error);
    case 'EISDIR':
      return new SourceError('not_a_file', path, error);
    case undefined:
      throw error;
    default:
      return new SourceError('read_failed', path, error);
  }
}
