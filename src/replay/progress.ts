/** How far a replay has come, in bytes of plain log; what a compressed file holds is estimated until it has been read. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

export interface Progress {
  readonly lines: number;
  /** Share of the bytes, 0–1. */
  readonly share: number;
}

/** Bytes of log in one of a compressed file, where its end does not say it. */
const RATIO = 10;

export class ReadProgress {
  private readonly totals: number[];
  private readonly done: number[];

  constructor(files: readonly string[]) {
    this.totals = files.map(estimateBytes);
    this.done = files.map(() => 0);
  }

  add(file: number, bytes: number): void {
    const done = (this.done[file] ?? 0) + bytes;
    this.done[file] = done;
    this.totals[file] = Math.max(this.totals[file] ?? 0, done);
  }

  /** All of a file has been read. */
  end(file: number): void {
    this.totals[file] = this.done[file] ?? 0;
  }

  get share(): number {
    const total = sum(this.totals);
    return total === 0 ? 0 : sum(this.done) / total;
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** A file that cannot be read counts for nothing: it fails when its turn has come. */
function estimateBytes(path: string): number {
  try {
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      if (!/\.(gz|xz|zst|bz2)$/.test(path)) return size;
      // ISIZE, the last four bytes of a gzip file (RFC 1952, 2.3.1), is the length modulo 2³².
      const end = Buffer.alloc(4);
      if (path.endsWith('.gz') && size > 4) readSync(file, end, 0, 4, size - 4);
      return Math.max(end.readUInt32LE(0), path.endsWith('.gz') ? size : size * RATIO);
    } finally {
      closeSync(file);
    }
  } catch {
    return 0;
  }
}
