/** Reads the text audit log and the older files that it was rotated to. */
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';

const BLOCK_BYTES = 1 << 20;

/** The log's files that exist, the oldest first. */
export function findLogFiles(path: string, keep: number): string[] {
  const older = Array.from({ length: keep }, (_, index) => `${path}.${keep - index}`);
  return [...older, path].filter((file) => existsSync(file));
}

/** All lines, the oldest first. Throws a system error. */
export function* readLines(files: readonly string[]): Generator<string> {
  for (const file of files) yield* readFileSync(file, 'utf8').split('\n');
}

/** All lines, the newest first, a block at a time. Throws a system error. */
export function* readLinesBackwards(files: readonly string[]): Generator<string> {
  for (const file of files.toReversed()) {
    const descriptor = openSync(file, 'r');
    try {
      let tail = '';
      for (let end = statSync(file).size; end > 0; end -= BLOCK_BYTES) {
        const begin = Math.max(0, end - BLOCK_BYTES);
        const block = Buffer.alloc(end - begin);
        readSync(descriptor, block, 0, block.length, begin);
        // One byte, one character, until a line is whole.
        const lines = (block.toString('latin1') + tail).split('\n');
        tail = begin > 0 ? (lines.shift() ?? '') : '';
        for (const line of lines.toReversed()) yield Buffer.from(line, 'latin1').toString();
      }
    } finally {
      closeSync(descriptor);
    }
  }
}
