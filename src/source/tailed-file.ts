/** An open file that grows: positioned reads on a handle, so that renaming or removing it changes nothing. */
import { closeSync, constants, fstatSync, openSync, read, type Stats, statSync } from 'node:fs';
import { promisify } from 'node:util';
import type { FileMark } from '../model/chunk.ts';
import { FINGERPRINT_BYTES_MAX, fingerprintOf, headMatches, readHead } from './fingerprint.ts';
import type { Generation, ReadLimits } from './generation.ts';
import { cutLines, endLine, front, type Lines, ownBuffer } from './lines.ts';
import { LongLine } from './long-line.ts';
import { SourceError, toSourceError } from './source-error.ts';

const readAt = promisify(read);
/** Time stamps of files tick every 1 to 10 ms (jiffies): a file this many looks old can't change unseen. */
const LOOKS_UNTIL_SETTLED = 3;
/** Of a line that is too long next to nothing is kept: gigabytes of zeros are read through in larger pieces. */
const LONG_LINE_CHUNKS = 16;

export class TailedFile implements Generation {
  readonly path: string;
  readonly device: number;
  readonly inode: number;
  quietSinceMs: number;
  /** Found in place of another file: when it was made says nothing about its content. */
  isCopy = false;
  #fd = -1;
  #stat: Stats;
  #head: Buffer = Buffer.alloc(0);
  #fingerprint = fingerprintOf(this.#head);
  /** After the last whole line. */
  #offset = 0;
  /** Where to read on: beyond `#offset` only within a line that is too long. */
  #cursor = 0;
  /** Up to where bytes were looked at: an unfinished line is read again when there is more of it. */
  #seen = 0;
  /** The line that is too long and not over. */
  #long: LongLine | undefined;
  #replaced = false;
  #looks = 0;

  /** Opens a regular file at its beginning. Throws SourceError. */
  constructor(path: string, nowMs: number) {
    this.path = path;
    this.quietSinceMs = nowMs;
    try {
      // Asked first, and opened without waiting: opening a pipe that nobody writes to would block.
      if (!statSync(path).isFile()) throw new SourceError('not_a_file', path);
      this.#fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      this.#stat = fstatSync(this.#fd);
      this.#headIntact();
    } catch (error) {
      this.close();
      throw toSourceError(path, error);
    }
    this.device = this.#stat.dev;
    this.inode = this.#stat.ino;
  }

  get open(): boolean {
    return this.#fd >= 0;
  }

  get unread(): number {
    return this.open ? Math.max(0, this.#stat.size - this.#seen) : 0;
  }

  get lineBytes(): number {
    return this.#long ? this.#cursor - this.#offset : 0;
  }

  get size(): number {
    return this.#stat.size;
  }

  get writtenMs(): number {
    return this.#stat.mtimeMs;
  }

  get bornMs(): number {
    return this.isCopy ? 0 : this.#stat.birthtimeMs;
  }

  mark(): FileMark {
    const { device, inode, writtenMs, bornMs } = this;
    const [fingerprint, fingerprintBytes] = [this.#fingerprint, this.#head.length];
    return { device, inode, offset: this.#offset, fingerprint, fingerprintBytes, writtenMs, bornMs };
  }

  /** True when this is the marked file and has at least as much as was read of it. */
  continues(mark: FileMark): boolean {
    // Inode numbers are given anew at once: an empty file is told by when it was made.
    if (mark.fingerprintBytes === 0) return mark.inode === this.inode && (mark.bornMs ?? this.bornMs) === this.bornMs;
    return this.size >= mark.offset && headMatches(this.#head, mark);
  }

  seek(offset: number): void {
    this.#offset = this.#cursor = this.#seen = offset;
    this.#long = undefined;
  }

  /** Goes behind the last line that is there, so that only new lines follow. A line half written counts as new. */
  seekEnd(lineBytesMax: number): void {
    const from = Math.max(0, this.size - lineBytesMax - 1);
    const newline = readHead(this.#fd, this.size - from, from).lastIndexOf(10);
    this.seek(newline < 0 && from > 0 ? this.size : from + newline + 1);
    if (newline < 0 && from > 0) this.#long = new LongLine(0);
  }

  /** Goes to the first line that begins behind `from`. */
  seekLine(from: number, lineBytesMax: number): void {
    const newline = readHead(this.#fd, lineBytesMax + 1, from).indexOf(10);
    this.seek(newline < 0 ? this.size : from + newline + 1);
  }

  look(nowMs: number, known?: Stats): boolean {
    if (!this.open) return false;
    const stat = known ?? fstatSync(this.#fd);
    const changed = stat.size !== this.#stat.size || stat.mtimeMs !== this.#stat.mtimeMs;
    if (changed) this.#looks = 0;
    if (stat.size !== this.#stat.size) this.quietSinceMs = nowMs;
    this.#stat = stat;
    if (this.#replaced) return true;
    if (stat.size < this.#seen) {
      // Only an unfinished line was cut off: the lines before it have been read.
      if (stat.size < this.#offset || !this.#headIntact()) return true;
      this.seek(this.#offset);
    }
    return this.#looks++ < LOOKS_UNTIL_SETTLED && stat.size === this.#seen && !this.#headIntact();
  }

  /** Reads from the beginning again: another content has taken the file's place. */
  restart(): void {
    this.seek(0);
    this.#head = Buffer.alloc(0);
    this.#replaced = false;
    this.#headIntact();
  }

  async read({ chunkBytes, lineBytesMax }: ReadLimits): Promise<Lines | undefined> {
    if (this.unread === 0 || this.#replaced) return undefined;
    // Truncated and grown past the old position since the last look: then these aren't the lines that followed.
    if (!this.#headIntact()) {
      this.#replaced = true;
      return undefined;
    }
    const most = this.#long ? LONG_LINE_CHUNKS * chunkBytes : chunkBytes;
    const wanted = Math.min(Math.max(most, lineBytesMax + 1), this.size - this.#cursor);
    const buffer = ownBuffer(wanted);
    const length = await this.#fill(buffer);
    if (length === 0) return undefined;
    const { bytes, consumed, oversized, long } = cutLines(buffer, length, lineBytesMax, this.#long);
    this.#seen = this.#cursor + length;
    if (consumed > 0) this.#offset = this.#cursor + consumed;
    this.#cursor += long ? length : consumed;
    this.#long = long;
    if (consumed === 0 && !long) return undefined;
    return { bytes, oversized };
  }

  async finish({ lineBytesMax }: ReadLimits): Promise<Lines | undefined> {
    try {
      const left = this.size - this.#offset;
      if (left <= 0) return undefined;
      const rest = Buffer.alloc(Math.min(left, lineBytesMax));
      const long = this.#long;
      const length = long ? 0 : await this.#fill(rest);
      this.seek(this.size);
      const line = long ? long.end() : length > 0 ? endLine(rest.subarray(0, length)) : undefined;
      return { bytes: line ?? front(ownBuffer(0), 0), oversized: line ? 0 : 1 };
    } finally {
      this.close();
    }
  }

  close(): void {
    if (this.open) closeSync(this.#fd);
    this.#fd = -1;
  }

  async #fill(buffer: Buffer): Promise<number> {
    try {
      const { bytesRead } = await readAt(this.#fd, buffer, 0, buffer.length, this.#cursor);
      return bytesRead;
    } catch (error) {
      throw toSourceError(this.path, error);
    }
  }

  /** Compares the first bytes with those known, and takes in more of them while the file is small. */
  #headIntact(): boolean {
    const head = readHead(this.#fd, Math.min(FINGERPRINT_BYTES_MAX, this.size));
    const known = this.#head.length;
    if (head.length < known || head.compare(this.#head, 0, known, 0, known) !== 0) return false;
    if (head.length > known || known === 0) {
      this.#head = head;
      this.#fingerprint = fingerprintOf(head);
    }
    return true;
  }
}
