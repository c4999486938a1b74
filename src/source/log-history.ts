/** What a log held before the place from which it is followed: its own beginning, and the files rotation moved aside. */
import { fstatSync } from 'node:fs';
import { type Chunk, type FileMark, LINE_BYTES_MAX, type Position } from '../model/chunk.ts';
import { fingerprintOf, headMatches, readHead } from './fingerprint.ts';
import { findStat } from './look.ts';
import {
  findHolder,
  listSiblings,
  readContentHead,
  type Sibling,
  unpackedBytes,
  whileNamed,
  withFile,
} from './older-generations.ts';
import { type ReadLogOptions, readMovedFile } from './read-log-file.ts';
import { SourceError } from './source-error.ts';
import { TailedFile } from './tailed-file.ts';

/** Bytes looked at to learn the time of one place in a file. */
const PROBE_BYTES = 131_072;
/** Content of unknown length counts as so many times what it is packed to: what is beyond that is left out. */
const UNPACKED_MAX = 64;

/** A piece of a log's file. Offsets are of the content, decompressed. */
export interface HistoryFile {
  /** Where the file was when it was found. */
  readonly file: string;
  /** Which file it is, whatever it is called when it is read. */
  readonly mark: FileMark;
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
export function findEnd(path: string): Position | undefined {
  return findPlace(path, (file) => file.seekEnd(LINE_BYTES_MAX));
}

/** Where the newest `bytesMax` bytes of the log begin, with a whole line. Undefined while there is no file. Throws SourceError. */
export function findNewest(path: string, bytesMax: number): Position | undefined {
  return findPlace(path, (file) => {
    if (file.size > bytesMax) file.seekLine(file.size - bytesMax, LINE_BYTES_MAX);
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
 * among them. A file that can't be opened is left out. Read them with {@link readHistory}.
 */
export function findHistory(position: Position, options: HistoryOptions): HistoryFile[] {
  return whileNamed(
    position.path,
    () => findPieces(position, options),
    () => false,
  );
}

function findPieces(position: Position, options: HistoryOptions): HistoryFile[] {
  const marks = [...(position.older ?? []), position];
  const found: HistoryFile[] = [];
  const seen = new Set<string>();
  let left = options.bytesMax;
  for (const { file, compression } of filesOf(position.path)) {
    if (left <= 0) break;
    const open = { file, compression, marks, seen, bytesMax: left };
    const piece = withFile(file, (fd) => findPiece({ ...open, fd }, options));
    if (piece === 'too old') break;
    if (piece && piece.from < piece.to) found.push(piece);
    if (piece) left -= piece.to - piece.from;
  }
  return found.reverse();
}

/**
 * The lines of a piece of the log under `path`, wherever rotation has moved the file since it was found; never those of
 * the file that has its name by now. Throws SourceError.
 */
export async function* readHistory(
  path: string,
  { file, from, to, mark }: HistoryFile,
  options: Pick<ReadLogOptions, 'source'> = {},
): AsyncGenerator<Chunk, void, undefined> {
  if (from < to)
    yield* readMovedFile(file, () => findHolder(filesOf(path), mark), { ...options, offset: from, end: to, mark });
}

type LogFile = Pick<Sibling, 'file' | 'compression'>;

/** The log's own file and its rotated ones, newest first. */
function filesOf(path: string): LogFile[] {
  const own = findStat(path);
  return [
    ...(own?.isFile() ? [{ file: path, compression: undefined }] : []),
    ...listSiblings(path).filter(({ rotated }) => rotated),
  ];
}

interface OpenFile extends LogFile {
  /** All that is said of the file is asked of this: its name may be another's by now. */
  readonly fd: number;
  readonly marks: readonly FileMark[];
  /** Heads of the files before it, in which this one's is put. */
  readonly seen: Set<string>;
  readonly bytesMax: number;
}

function findPiece(open: OpenFile, options: HistoryOptions): HistoryFile | 'too old' | undefined {
  const { fd, file, compression, marks, seen, bytesMax } = open;
  const { fromMs, untilMs } = options;
  const { dev: device, ino: inode, size: bytes, mtimeMs: writtenMs } = fstatSync(fd);
  const head = readContentHead(fd, compression);
  const left = marks.find((mark) => isMarked(mark, head, compression ? -1 : inode));
  // What is newer than the position is yet to be judged, and what was not written since is too old.
  if (!left && isNewer(writtenMs, marks)) return undefined;
  if (!left && writtenMs < fromMs) return 'too old';
  const key = head.toString('latin1');
  if (head.length === 0 || seen.has(key)) return undefined;
  seen.add(key);
  if (beginsAfter(head, options)) return undefined;
  const size = compression ? unpackedBytes(fd, compression) : bytes;
  const end = Math.min(left?.offset ?? Number.POSITIVE_INFINITY, size ?? Math.min(bytesMax, bytes * UNPACKED_MAX));
  const to = compression ? end : findOffsets(fd, 0, end, untilMs, options).behind;
  const least = Math.max(0, to - bytesMax);
  const from = compression ? least : findOffsets(fd, least, to, fromMs, options).before;
  const fingerprint = { fingerprint: fingerprintOf(head), fingerprintBytes: head.length };
  return { file, from, to, mark: { device, inode, offset: to, ...fingerprint } };
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
  fd: number,
  from: number,
  to: number,
  ms: number | undefined,
  { secondOf }: Pick<HistoryOptions, 'secondOf'>,
): { before: number; behind: number } {
  if (ms === undefined) return { before: from, behind: to };
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
}
