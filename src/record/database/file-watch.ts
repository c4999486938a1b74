/** Notices that somebody else touched the database's files, which only zban writes, by looking at them and not into them. */
import { type BigIntStats, statSync } from 'node:fs';

/** What happened to a file; the first is the worst. */
export type FileChange = 'deleted' | 'replaced' | 'truncated' | 'changed';

/** One file, as zban left it. */
class WatchedFile {
  readonly path: string;
  private noted: BigIntStats | undefined;

  constructor(path: string) {
    this.path = path;
    this.noted = find(path);
  }

  /** zban wrote: sizes and times are as they should be. Which file it is stays as it was. */
  note(): void {
    const now = find(this.path);
    if (!this.noted || (now && isSame(now, this.noted))) this.noted = now;
  }

  findChange(): FileChange | undefined {
    const { noted } = this;
    if (!noted) return undefined;
    const now = find(this.path);
    if (!now) return 'deleted';
    if (!isSame(now, noted)) return 'replaced';
    if (now.size < noted.size) return 'truncated';
    return now.size !== noted.size || now.mtimeNs !== noted.mtimeNs ? 'changed' : undefined;
  }
}

export class FileWatch {
  private readonly files: readonly WatchedFile[];
  /** Seen, and not dealt with yet. */
  private seen: { readonly path: string; readonly change: FileChange } | undefined;

  constructor(paths: readonly string[]) {
    this.files = paths.map((path) => new WatchedFile(path));
  }

  /** To be called before zban writes: afterwards it can't be told who did. */
  find(): { readonly path: string; readonly change: FileChange } | undefined {
    for (const file of this.files) {
      const change = this.seen ? undefined : file.findChange();
      if (change) this.seen = { path: file.path, change };
    }
    return this.seen;
  }

  /** zban wrote. */
  note(): void {
    for (const file of this.files) file.note();
  }

  /** What was seen turned out to be harmless. */
  forgive(): void {
    this.seen = undefined;
    this.note();
  }
}

const find = (path: string) => statSync(path, { bigint: true, throwIfNoEntry: false });

const isSame = (a: BigIntStats, b: BigIntStats) => a.ino === b.ino && a.dev === b.dev;
