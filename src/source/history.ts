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
  /** Content from later than this is left out as well, as far as that spares reading. Default: all is in time. */
  readonly untilMs?: number;
  /** The newest bytes of a log's content, at most. */
  readonly bytesMax: number;
  /** Epoch second of the first line in these bytes, undefined when none has a time. */
  readonly secondOf: (lines: Uint8Array<ArrayBuffer>) => number | undefined;
}

/** Where the log stands now: behind its last whole line. Undefined while there is no file. Throws SourceError. */
export function findEnd(path: string, lineBytesMax: number): Position | undefined {
  return findPlace(path, (file) => file.seekEnd(lineBytesMax));
}

/** Where the newest `bytesMax` bytes of the log begin, with a whole line. Undefined while there is no file. Throws SourceError. */
export function findNewest(path: string, bytesMax: number, lineBytesMax: number): Position | undefined {
  return findPlace(path, (file) => {
    if (file.size > bytesMax) file.seekLine(file.size - bytesMax, lineBytesMax);
  });
}

function findPlace(path: string, seek: (file: TailedFile) => void): Position | undefined {
  let file: TailedFile | undefined;
  try {
    file = new TailedFile(path, 0);
    seek(file);
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
    ...(own?.isFile() ? [{ file: path, stat: own, compression: undefined }] : []),
    ...listSiblings(path).filter(({ rotated }) => rotated),
  ];
  const found: HistoryFile[] = [];
  const seen: string[] = [];
  let left = options.bytesMax;
  for (const { file, stat, compression } of files) {
    if (left <= 0) break;
    const head = readSiblingHead({ file, compression });
    const mark = marks.find((one) => isMarked(one, head, compression ? -1 : stat.ino));
    // What is newer than the position is yet to be judged, and what was not written since is too old.
    if (!mark && isNewer(stat.mtimeMs, marks)) continue;
    if (!mark && stat.mtimeMs < fromMs) break;
    const key = head.toString('latin1');
    if (head.length === 0 || seen.includes(key)) continue;
    seen.push(key);
    if (beginsAfter(head, options)) continue;
    const size = compression ? unpackedBytes({ file, stat, compression }) : stat.size;
    // How much there is in it is not known before it was read.
    if (size === undefined && !mark) continue;
    const end = Math.min(mark?.offset ?? Number.POSITIVE_INFINITY, size ?? Number.POSITIVE_INFINITY);
    const to = compression ? end : findOffsets(file, 0, end, options.untilMs, options).behind;
    const least = Math.max(0, to - left);
    const from = compression ? least : findOffsets(file, least, to, fromMs, options).before;
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

function beginsAfter(head: Buffer, { untilMs = Number.POSITIVE_INFINITY, secondOf }: HistoryOptions): boolean {
  const second = secondOf(Uint8Array.from(head.subarray(0, head.lastIndexOf(10) + 1)));
  return second !== undefined && second * 1000 > untilMs;
}

/**
 * Two places in a plain file, of which one is before and one behind the first line of `ms` or later, as near to it as one
 * look; both begin a line or are `to`. Times only grow along a log.
 */
function findOffsets(
  file: string,
  from: number,
  to: number,
  ms: number | undefined,
  { secondOf }: Pick<HistoryOptions, 'secondOf'>,
): { before: number; behind: number } {
  if (ms === undefined) return { before: from, behind: to };
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
    const isOld = (at: number) => {
      const second = secondOf(firstLine(at).lines);
      return second !== undefined && second * 1000 < ms;
    };
    if (!isOld(low)) return { before: firstLine(low).offset, behind: firstLine(low).offset };
    while (high - low > PROBE_BYTES) {
      const middle = Math.floor((low + high) / 2);
      if (isOld(middle)) low = middle;
      else high = middle;
    }
    return { before: firstLine(low).offset, behind: high === to ? to : firstLine(high).offset };
  } finally {
    closeSync(fd);
  }
}
