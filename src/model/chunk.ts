/** What a source hands on: bytes of whole lines with their position. It decodes nothing. */

import { isList, isNumber, isObject, isOptional, isText, type Value } from './shape.ts';

/** In longer lines the ends of long values are left out. nginx takes request lines of up to 8 KiB; 64 KiB hold every field of one. */
export const LINE_BYTES_MAX = 65_536;

/** Up to where one file was read, and which file it was: survives rename, copy and gzip (see generations.ts). */
const mark = {
  device: isNumber,
  inode: isNumber,
  /** Bytes of whole lines consumed from the start of the (uncompressed) file. */
  offset: isNumber,
  /** Hex digest over the file's first bytes, with how many; recognises a file after copy, rename or gzip. */
  fingerprint: isText,
  fingerprintBytes: isNumber,
  /** When the file was last written, and made, epoch milliseconds: tells which files are newer when this one is gone. */
  writtenMs: isOptional(isNumber),
  bornMs: isOptional(isNumber),
};
const isMark = isObject(mark);
export type FileMark = Value<typeof isMark>;

/** Where a log was read up to: its newest file, and the rotated ones that may still get late lines. */
export const isPosition = isObject({
  /** Configured path (a glob's match), not where rotation moved the file. */
  path: isText,
  ...mark,
  /**
   * Files the log had before, oldest first. nginx writes into a renamed file until it is told to reopen, so lines of an
   * older file are handed on after lines of the newer one; saved with the position, they make a resume exact.
   */
  older: isOptional(isList(isMark)),
});
export type Position = Value<typeof isPosition>;

/**
 * Whole lines only, each ended by \n. The receiver owns `bytes` and may transfer its buffer. A chunk without lines moves
 * the position only, or says that the reader caught up.
 */
export interface Chunk {
  /** Stable small number of the followed path, for ordered merging. */
  readonly source: number;
  /** Backed by an ArrayBuffer of its own (byteOffset 0). */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Position after these lines: safe to save once the decisions they caused are recorded. */
  readonly position: Position;
  /** True when more bytes were waiting behind this chunk: the reader is catching up. */
  readonly behind: boolean;
  /** Lines over `LINE_BYTES_MAX` that could not be shortened to it, since the previous chunk of this source. */
  readonly oversized: number;
}
