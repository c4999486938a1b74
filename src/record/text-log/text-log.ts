/** Appends lines to a file that is rotated by size, moved away by logrotate, or on a disk that is full for a while. */
import { chmodSync, closeSync, fstatSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { FILE_MODE, FOLDER_MODE } from '../database/database.ts';
import { RecordError, recordError, toRecordError } from '../error.ts';

/** Bytes that wait for a disk that does not take them. */
const WAITING_BYTES_MAX = 1024 * 1024;
const LINE_FEED = 0x0a;
const NOTHING = Buffer.alloc(0);

export interface TextLogOptions {
  readonly path: string;
  /** Size at which the file becomes `path.1`, bytes. One line more than this is still written whole. */
  readonly bytesMax: number;
  /** Older files kept: `path.1` is the newest of them. */
  readonly keep: number;
}

/** Never throws for a disk in trouble: the lines wait, and go out with the next `write` or `flush` that works. */
export class TextLog {
  readonly #options: TextLogOptions;
  #file: { readonly descriptor: number; readonly inode: number; readonly device: number } | undefined;
  #waiting = NOTHING;
  #lost = 0;
  #lostUnsaid = 0;
  #trouble: RecordError | undefined;
  /** Why the file could not be rotated; it grows on meanwhile. */
  #rotationTrouble: RecordError | undefined;

  constructor(options: TextLogOptions) {
    this.#options = options;
  }

  /** Appends lines, each without its line feed. A line feed inside a line becomes a space. */
  write(lines: readonly string[]): void {
    let text = '';
    for (const line of lines) {
      text += `${line.replace(/[\r\n]+/g, ' ')}\n`;
      // Many lines at once must not find the room taken by each other.
      if (text.length < WAITING_BYTES_MAX / 8) continue;
      this.#enqueue(text);
      this.flush();
      text = '';
    }
    this.#enqueue(text);
    this.flush();
  }

  /** Tries again what waits; true when nothing is left. */
  flush(): boolean {
    try {
      while (this.#waiting.length > 0) {
        this.#writeSome();
        if (this.#waiting.length === 0) this.#sayLost();
      }
      this.#trouble = this.#rotationTrouble;
      return true;
    } catch (error) {
      this.#trouble = toTrouble(error, this.#options.path);
      return false;
    }
  }

  /** `lostLines` found no room among those that wait, since the start. */
  get status(): { readonly lostLines: number; readonly trouble: RecordError | undefined } {
    return { lostLines: this.#lost, trouble: this.#trouble };
  }

  /** Lines that no disk took yet, without their line feeds, for a log that takes this one's place. */
  takeWaiting(): readonly string[] {
    return this.#waiting.toString().split('\n').slice(0, -1);
  }

  /** Flushes and closes; a later write opens the file again. */
  close(): void {
    this.flush();
    this.#closeFile();
  }

  /** Whole lines, of which those wait that have room. */
  #enqueue(text: string): void {
    const bytes = Buffer.from(text);
    const room = WAITING_BYTES_MAX - this.#waiting.length;
    const taken = this.#waiting.length === 0 ? bytes.length : endOfLine(bytes, room);
    const lost = bytes.subarray(taken).reduce((count, byte) => count + (byte === LINE_FEED ? 1 : 0), 0);
    this.#lost += lost;
    this.#lostUnsaid += lost;
    this.#waiting = Buffer.concat([this.#waiting, bytes.subarray(0, taken)]);
  }

  /** The log itself says where lines are missing. */
  #sayLost(): void {
    if (this.#lostUnsaid === 0) return;
    this.#enqueue(`${this.#lostUnsaid} lines are missing here: the log could not be written\n`);
    this.#lostUnsaid = 0;
  }

  /** Writes what fits into the current file, whole lines wherever the disk takes them. */
  #writeSome(): void {
    const size = this.#open();
    const fitting = endOfLine(this.#waiting, this.#options.bytesMax - size);
    if (fitting > 0) this.#append(fitting);
    else if (size === 0) this.#append(this.#waiting.indexOf(LINE_FEED) + 1);
    else if (!this.#rotate()) this.#append(this.#waiting.length);
  }

  /** A full disk may take half a line: its rest follows when there is room. */
  #append(bytes: number): void {
    if (!this.#file) return;
    const written = writeSync(this.#file.descriptor, this.#waiting, 0, bytes);
    if (written === 0) throw recordError('io', this.#options.path, 'takes no bytes');
    this.#waiting = written < this.#waiting.length ? this.#waiting.subarray(written) : NOTHING;
  }

  /** Makes sure the file under our path is the open one, and returns its size. */
  #open(): number {
    const { path } = this.#options;
    const there = statSync(path, { throwIfNoEntry: false });
    if (this.#file && (there?.ino !== this.#file.inode || there.dev !== this.#file.device)) this.#closeFile();
    if (this.#file) return there?.size ?? 0;
    mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
    const descriptor = openSync(path, 'a', FILE_MODE);
    const { ino, dev, size } = fstatSync(descriptor);
    this.#file = { descriptor, inode: ino, device: dev };
    if (!there) chmodSync(path, FILE_MODE);
    return size;
  }

  /** False when the files could not be moved: then the current one grows on, which is better than losing lines. */
  #rotate(): boolean {
    const { path, keep } = this.#options;
    try {
      // Each rename replaces the file that is one older; the oldest is replaced by its successor.
      for (let number = keep - 1; number >= 1; number--) renameIfThere(`${path}.${number}`, `${path}.${number + 1}`);
      renameIfThere(path, `${path}.1`);
      this.#closeFile();
      this.#rotationTrouble = undefined;
      return true;
    } catch (error) {
      this.#rotationTrouble = toTrouble(error, path);
      return false;
    }
  }

  #closeFile(): void {
    if (this.#file) closeSync(this.#file.descriptor);
    this.#file = undefined;
  }
}

/** Where the last line ends within so many bytes; 0 where none does. */
function endOfLine(bytes: Buffer, count: number): number {
  return count <= 0 ? 0 : bytes.lastIndexOf(LINE_FEED, count - 1) + 1;
}

function renameIfThere(from: string, to: string): void {
  if (statSync(from, { throwIfNoEntry: false })) renameSync(from, to);
}

function toTrouble(error: unknown, path: string): RecordError {
  const failure = toRecordError(error, path);
  if (failure instanceof RecordError) return failure;
  throw failure;
}
