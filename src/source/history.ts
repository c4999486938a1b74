/** What a log held before the place from which it is followed: its own beginning, and the files rotation moved aside. */
import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import type { FileMark, Position } from './chunk.ts';
import { headMatches, readHead } from './fingerprint.ts';
import { listSiblings, readSiblingHead, unpackedBytes } from './siblings.ts';
import { SourceError } from './source-error.ts';
import { TailedFile } from './tailed-file.ts';

/** Bytes looked at to learn the time of one place in a file. */
const PROBE_BYTES = 131_072;

/** A piece of a finished file, to be read with readLogFile. Offsets are of the content, gunzipped. */
export interface HistoryFile {
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

export interface HistoryOptions {
  /** Content that was last written before this is left out, epoch milliseconds. */
  readonly fromMs: number;
  /** The newest bytes of a log's content, at most. */
  readonly bytesMax: number;
  /** Epoch second of the first line in these bytes, undefined when none has a time. */
  readonly secondOf: (lines: Uint8Array<ArrayBuffer>) => number | undefined;
}

/** Where the log stands now: behind its last whole line. Undefined while there is no file. Throws SourceError. */
export function findEnd(path: string, lineBytesMax: number): Position | undefined {
  let file: TailedFile | undefined;
  try {
    file = new TailedFile(path, 0);
    file.seekEnd(lineBytesMax);
    return { path, ...file.mark() };
  } catch (error) {
    if (error instanceof SourceError && error.code === 'missing') return undefined;
    throw error;
  } finally {
    file?.close();
  }
}

/**
 * The files, and how much of them, with the lines before `position`, oldest first. Lines written later than it are not
 * among them. A file that can't be opened is left out.
 */
export function findHistory(position: Position, options: HistoryOptions): HistoryFile[] {
  const { path } = position;
  const { fromMs } = options;
  const marks = [...(position.older ?? []), position];
  const own = statSync(path, { throwIfNoEntry: false });
  const files = [
    ...(own?.isFile() ? [{ file: path, stat: own, gzip: false }] : []),
    ...listSiblings(path).filter(({ rotated }) => rotated),
  ];
  const found: HistoryFile[] = [];
  const seen: string[] = [];
  let left = options.bytesMax;
  for (const { file, stat, gzip } of files) {
    if (left <= 0) break;
    const head = readSiblingHead({ file, gzip });
    const mark = marks.find((one) => isMarked(one, head, gzip ? -1 : stat.ino));
    // What is newer than the position is yet to be judged, and what was not written since is too old.
    if (!mark && isNewer(stat.mtimeMs, marks)) continue;
    if (!mark && stat.mtimeMs < fromMs) break;
    const key = head.toString('latin1');
    if (head.length === 0 || seen.includes(key)) continue;
    seen.push(key);
    const size = gzip ? unpackedBytes({ file, stat }) : stat.size;
    const to = Math.min(mark?.offset ?? Number.POSITIVE_INFINITY, size ?? Number.POSITIVE_INFINITY);
    const least = Math.max(0, to - left);
    const from = gzip ? least : findOffset(file, least, to, options);
    if (from < to) found.push({ file, from, to });
    left -= to - from;
  }
  return found.reverse();
}

function isMarked(mark: FileMark, head: Buffer, inode: number): boolean {
  return mark.fingerprintBytes === 0 ? mark.inode === inode : headMatches(head, mark);
}

function isNewer(writtenMs: number, marks: readonly FileMark[]): boolean {
  return marks.every((mark) => mark.writtenMs !== undefined && writtenMs > mark.writtenMs);
}

/** About where in a plain file the lines begin that are no older than asked for: times only grow along a log. */
function findOffset(file: string, from: number, to: number, { fromMs, secondOf }: HistoryOptions): number {
  const fd = openSync(file, 'r');
  try {
    let [low, high] = [from, Math.min(to, fstatSync(fd).size)];
    const firstLine = (at: number) => {
      // From the byte before: it may end a line.
      const start = Math.max(0, at - 1);
      const bytes = readHead(fd, PROBE_BYTES, start);
      const begin = at === 0 ? 0 : bytes.indexOf(10) + 1;
      const end = bytes.lastIndexOf(10) + 1;
      return { offset: start + begin, lines: Uint8Array.from(bytes.subarray(begin, Math.max(begin, end))) };
    };
    const isOld = (second: number | undefined) => second !== undefined && second * 1000 < fromMs;
    if (!isOld(secondOf(firstLine(low).lines))) return firstLine(low).offset;
    while (high - low > PROBE_BYTES) {
      const middle = Math.floor((low + high) / 2);
      if (isOld(secondOf(firstLine(middle).lines))) low = middle;
      else high = middle;
    }
    return firstLine(low).offset;
  } finally {
    closeSync(fd);
  }
}
