/** A log that is written and rotated as nginx and logrotate do it, and that knows which bytes are whose. */
import { appendFileSync, existsSync, renameSync, statSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';

const FILES_KEPT = 100;

interface Mark {
  readonly inode: number;
  readonly offset: number;
}

export class RotatedLog {
  rotations = 0;
  private readonly path: string;
  private readonly inodes = new Set<number>();

  constructor(path: string) {
    this.path = path;
    if (!existsSync(path)) writeFileSync(path, '');
    this.inodes.add(this.inode);
  }

  get inode(): number {
    return statSync(this.path).ino;
  }

  get bytes(): number {
    return statSync(this.path).size;
  }

  /** Appends lines in one write; tells which bytes of which file they are. */
  append(lines: readonly string[]): { inode: number; from: number; to: number } {
    return this.write(this.path, lines);
  }

  /** Into the file that was renamed last, as a process does that has not reopened its log yet. */
  appendLate(lines: readonly string[]): { inode: number; from: number; to: number } {
    return this.write(`${this.path}.1`, lines);
  }

  /** Rename and create; as many older files are kept as no test is dead for. */
  rotate(): void {
    this.rotations++;
    for (let n = Math.min(this.rotations, FILES_KEPT); n >= 1; n--)
      if (existsSync(`${this.path}.${n}`)) renameSync(`${this.path}.${n}`, `${this.path}.${n + 1}`);
    renameSync(this.path, `${this.path}.1`);
    writeFileSync(this.path, '');
    // zban may meet it before anything is in it.
    this.inodes.add(this.inode);
  }

  /** From the saved position in a database: up to which byte each file was read. Files no longer in it were read whole. */
  readUpTo(database: string, path: string): (inode: number) => number {
    const sql = new Database(database, { readonly: true });
    try {
      const text = sql.prepare<[string], string>('SELECT position FROM positions WHERE path = ?').pluck().get(path);
      if (text === undefined) return () => 0;
      const position = JSON.parse(text) as Mark & { older?: Mark[] };
      const known = new Map([position, ...(position.older ?? [])].map(({ inode, offset }) => [inode, offset]));
      // A file older than the oldest in the position was given up, one newer than the newest was not met yet.
      const order = [...this.inodes];
      const newest = order.indexOf(position.inode);
      return (inode) => known.get(inode) ?? (order.indexOf(inode) < newest ? Number.POSITIVE_INFINITY : 0);
    } finally {
      sql.close();
    }
  }

  private write(path: string, lines: readonly string[]): { inode: number; from: number; to: number } {
    const from = existsSync(path) ? statSync(path).size : 0;
    appendFileSync(path, `${lines.join('\n')}\n`);
    const { ino, size } = statSync(path);
    this.inodes.add(ino);
    return { inode: ino, from, to: size };
  }
}
