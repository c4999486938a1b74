/** Finished logs, read once from beginning to end. */

import { type Chunk, type FileMark, LINE_BYTES_MAX } from '../model/chunk.ts';
import { type ByteInput, openBytes } from './byte-input.ts';
import { FINGERPRINT_BYTES_MAX, fingerprintOf, headMatches } from './fingerprint.ts';
import { type Cut, cutLines, endLine, front, ownBuffer } from './lines.ts';
import type { LongLine } from './long-line.ts';
import { SourceError } from './source-error.ts';

/** A file is looked for so often again when it is no longer where it was. */
const MOVES_MAX = 5;

export interface ReadLogOptions {
  /** Number of the log among several. Default 0. */
  readonly source?: number;
  /** Bytes read at a time. Default 1 MiB. */
  readonly chunkBytes?: number | undefined;
  /** Longer lines are shortened (long-line.ts). Default `LINE_BYTES_MAX`. */
  readonly lineBytesMax?: number;
  /** Bytes of content to leave out at the beginning. Default 0. */
  readonly offset?: number;
  /** Bytes of content after which to stop, the end of a line. Default: all. */
  readonly end?: number;
  /** The file must begin like this one: otherwise SourceError `replaced`. Default: any file will do. */
  readonly mark?: FileMark;
}

/**
 * The lines of a finished log, plain or gzipped (several members too), in chunks of about `chunkBytes`. A last line
 * without newline gets one. A chunk may have no lines: within one that is too long, so that the caller hears how far reading has
 * come, and at the end, when it has dropped ones to report. Throws SourceError, for damaged gzip data after all whole lines
 * before the damage.
 */
export async function* readLogFile(path: string, options: ReadLogOptions = {}): AsyncGenerator<Chunk, void, undefined> {
  const {
    source = 0,
    chunkBytes = 1 << 20,
    lineBytesMax = LINE_BYTES_MAX,
    offset: start = 0,
    end = Number.POSITIVE_INFINITY,
    mark,
  } = options;
  const input = await openBytes(path);
  try {
    let [offset, oversized] = [start, 0];
    let long: LongLine | undefined;
    let carried = Buffer.alloc(0);
    const { head, rest } = await readStart(input, start);
    if (mark && !headMatches(head, mark)) throw new SourceError('replaced', path);
    const [fingerprint, fingerprintBytes] = [fingerprintOf(head), head.length];
    const { device, inode } = input;
    const fill = fillUpTo(input.fill, end - Math.max(start, head.length));
    const chunk = (bytes: Uint8Array<ArrayBuffer>, behind: boolean): Chunk => {
      const dropped = oversized;
      oversized = 0;
      const position = { path, device, inode, offset, fingerprint, fingerprintBytes };
      return { source, bytes, position, behind, oversized: dropped };
    };
    let given: Buffer | undefined = rest.subarray(0, Math.max(0, end - start));
    for (;;) {
      const buffer = ownBuffer(carried.length + Math.max(chunkBytes, given?.length ?? 0));
      buffer.set(carried);
      given?.copy(buffer, carried.length);
      const already: number = carried.length + (given?.length ?? 0);
      given = undefined;
      const got: number = already < buffer.length ? await fill(buffer, already) : 0;
      const length: number = already + got;
      if (mark && input.peek && !headMatches(await input.peek(head.length), mark))
        throw new SourceError('replaced', path);
      if (length === carried.length) break;
      const cut: Cut = cutLines(buffer, length, lineBytesMax, long);
      offset += cut.consumed;
      oversized += cut.oversized;
      long = cut.long;
      // Copied first: anyone who gets the chunk takes the buffer.
      carried = Buffer.from(buffer.subarray(cut.consumed, length));
      if (cut.bytes.length > 0 || long) yield chunk(cut.bytes, true);
      if (long) {
        offset += carried.length;
        carried = Buffer.alloc(0);
      }
    }
    offset += carried.length;
    const last = long ? long.end() : carried.length > 0 ? endLine(carried) : undefined;
    if (long && !last) oversized++;
    if (last) yield chunk(last, false);
    else if (oversized > 0) yield chunk(front(ownBuffer(0), 0), false);
  } finally {
    await input.close();
  }
}

/**
 * The same of a file that rotation may move meanwhile: `find` says where the marked file is by now, undefined when it is gone. No
 * line of another file that has its name by then.
 */
export async function* readMovedFile(
  file: string,
  find: () => string | undefined,
  options: ReadLogOptions,
): AsyncGenerator<Chunk, void, undefined> {
  let { offset } = options;
  let place: string | undefined = file;
  for (let left = MOVES_MAX; ; left--) {
    try {
      for await (const chunk of readLogFile(place, { ...options, ...(offset !== undefined && { offset }) })) {
        // A line that is too long is read again from its beginning.
        if (chunk.bytes.length > 0) offset = chunk.position.offset;
        yield chunk;
      }
      return;
    } catch (error) {
      const hasMoved = error instanceof SourceError && (error.code === 'replaced' || error.code === 'missing');
      place = hasMoved && left > 0 ? find() : undefined;
      if (place === undefined) throw error;
    }
  }
}

type Fill = (buffer: Buffer, at: number) => Promise<number>;

/** Gives the first `end` bytes and then nothing more. */
function fillUpTo(fill: Fill, end: number): Fill {
  let left = end;
  return async (buffer, at) => {
    const got = left > 0 ? await fill(buffer.length - at > left ? buffer.subarray(0, at + left) : buffer, at) : 0;
    left -= got;
    return got;
  };
}

/** The first bytes, for the fingerprint, and those of them that are not left out; passes over the rest up to `offset`. */
async function readStart({ fill, skip }: ByteInput, offset: number): Promise<{ head: Buffer; rest: Buffer }> {
  const first = Buffer.alloc(FINGERPRINT_BYTES_MAX);
  let length = 0;
  for (let got = 1; got > 0 && length < first.length; length += got) {
    // A failure here comes again with the next read, after the lines before it have been handed on.
    got = await fill(first, length).catch(() => 0);
  }
  const head = first.subarray(0, length);
  let left = Math.max(0, offset - length);
  if (skip) skip(left);
  else {
    const skipped = Buffer.alloc(65_536);
    for (let got = 1; got > 0 && left > 0; left -= got)
      got = await fill(skipped.subarray(0, Math.min(left, skipped.length)), 0);
  }
  return { head, rest: head.subarray(Math.min(offset, length)) };
}
