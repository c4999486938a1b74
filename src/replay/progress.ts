/** How far a replay has come, in bytes of plain log; what a compressed file holds is estimated until it has been read. */
import { fstatSync } from 'node:fs';
import { findCompression } from '../source/compression.ts';
import { unpackedBytes, withFile } from '../source/older-generations.ts';

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
  const compression = findCompression(path);
  const estimate = (fd: number) => {
    const { size } = fstatSync(fd);
    return compression ? Math.max(unpackedBytes(fd, compression) ?? size * RATIO, size) : size;
  };
  return withFile(path, estimate) ?? 0;
}
