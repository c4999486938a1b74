/** One log under its path: the file that is there now, and the older ones that rotation moved aside. */
import { type Stats, statSync } from 'node:fs';
import type { Chunk, FileMark, Position } from '../model/chunk.ts';
import type { LogStatus } from '../model/status.ts';
import { FINGERPRINT_BYTES_MAX, headMatches } from './fingerprint.ts';
import { type Generation, isSameFile, type ReadLimits, type Times } from './generation.ts';
import { front, type Lines, ownBuffer } from './lines.ts';
import { LogState, type LogStateOptions } from './log-state.ts';
import { describeLoss } from './loss.ts';
import { findMarked, findNewer } from './older-generations.ts';
import { SourceError, toSourceError } from './source-error.ts';
import { TailedFile } from './tailed-file.ts';

/** Older files kept in the position; beyond it the oldest is given up once it is read to its end. */
const OLDER_MAX = 4;
/** So much without a line break is no line of a log, however clients stuff it: nginx bounds what it takes from them. */
const LINELESS_BYTES_MAX = 16 << 20;
/** Between looks further apart a whole generation of the file may have come and gone, and been gzipped. */
const UNSEEN_MS = 1000;

export interface FollowedLogOptions extends LogStateOptions {
  readonly source: number;
  /** Where to begin: a saved position, or an end of the file that is there now. Files that come later are read whole. */
  readonly begin: Position | 'beginning' | 'end';
  /** How long a file that is no longer under the path may be silent before it is closed, milliseconds. */
  readonly quietMs: number;
  readonly lineBytesMax: number;
  /** Monotonic clock, milliseconds. */
  readonly now: () => number;
  /** The path under which another log follows this file. */
  readonly findOther: (file: Pick<FileMark, 'device' | 'inode'>) => string | undefined;
}

export class FollowedLog {
  readonly path: string;
  readonly source: number;
  readonly #options: FollowedLogOptions;
  /** Oldest first. */
  #older: Generation[] = [];
  #current: Generation | undefined;
  #begin: 'beginning' | 'end';
  /** Where the log was left, until it is known what has become of the file. */
  #sought: Position | undefined;
  /** The file read before a restart, when it can't be found any more. */
  #lost: Times | undefined;
  #lookedMs: number;
  /** Nobody looked for a while: gzipped files beside the log may be unread generations. */
  #unseen: boolean;
  readonly #state: LogState;
  #otherPath: string | undefined;
  /** The file that another log followed when it was under this path. */
  #shared: Pick<FileMark, 'device' | 'inode'> | undefined;
  #oversized = 0;
  /** The last chunk no longer tells where we are. */
  #moved = false;

  constructor(options: FollowedLogOptions) {
    const { path, source, begin } = options;
    this.#options = options;
    this.#state = new LogState(options);
    this.path = path;
    this.source = source;
    this.#lookedMs = options.now();
    this.#unseen = typeof begin === 'object';
    this.#begin = typeof begin === 'object' ? 'beginning' : begin;
    if (typeof begin === 'object') this.#sought = begin;
  }

  generations(): Generation[] {
    return this.#current ? [...this.#older, this.#current] : this.#older;
  }

  /** True when the path is missing and nothing more can come from the files it had. */
  get gone(): boolean {
    return this.#state.missingSinceMs !== undefined && !this.generations().some(({ open }) => open);
  }

  status(): LogStatus {
    const isShared = this.#otherPath !== undefined && this.#state.words === 'following';
    const state = isShared ? `the same file as ${this.#otherPath}` : this.#state.words;
    return { path: this.path, state, behind_bytes: this.#unread() };
  }

  /** Finds out what has happened to the files; opens what is new. Fast and never waits. */
  look(): void {
    const now = this.#options.now();
    if (now - this.#lookedMs > UNSEEN_MS) this.#unseen = true;
    this.#lookedMs = now;
    for (const older of [...this.#older]) if (older.look(now)) this.#truncated(older, now);
    let current = this.#current;
    try {
      const stat = statSync(this.path, { throwIfNoEntry: false });
      // Another log follows this very file: its position counts.
      if (stat && this.#sought && this.#options.findOther(identity(stat)) !== undefined) this.#sought = undefined;
      if (this.#sought) {
        // Throws while the file may not be read: whether it is the one that is sought can't be told then.
        if (stat) new TailedFile(this.path, now).close();
        this.#resume(this.#sought);
        this.#sought = undefined;
        current = this.#current;
      }
      const inPlace = stat !== undefined && current?.open === true && isSameFile(identity(stat), current);
      if (current?.look(now, inPlace ? stat : undefined)) this.#truncated(current, now);
      if (stat && !inPlace) this.#turnOver(now);
      if (stat) this.#unseen = false;
      if (stat) this.#state.found();
      else this.#missing(now);
      this.#state.recovered('look');
    } catch (error) {
      const failure = toSourceError(this.path, error);
      // What is open stays readable, whatever became of the path.
      if (current?.look(now)) this.#truncated(current, now);
      if (failure.code === 'missing') this.#missing(now);
      else this.#state.failed('look', failure);
    }
  }

  /** True when {@link read} can't have anything: spares idle logs the call. */
  get isIdle(): boolean {
    return (
      !this.#moved &&
      this.#state.missingSinceMs === undefined &&
      this.#older.every(({ open }) => !open) &&
      this.#unread() === 0
    );
  }

  /** The next chunk, and whether there is more to read at once. A chunk without lines only tells the position. */
  async read(limits: ReadLimits): Promise<{ chunk?: Chunk; more: boolean }> {
    for (const generation of this.generations()) {
      const lines = await this.#readFrom(generation, limits);
      if (!lines) continue;
      this.#oversized += lines.oversized;
      this.#moved = true;
      const more = this.#unread() > 0;
      return lines.bytes.length > 0 ? { chunk: this.#chunk(lines.bytes, more), more } : { more: true };
    }
    while (this.#older.length > OLDER_MAX && this.#older[0]?.open === false) {
      this.#older.shift();
      this.#moved = true;
    }
    return this.#moved && this.#current
      ? { chunk: this.#chunk(front(ownBuffer(0), 0), false), more: false }
      : { more: false };
  }

  close(): void {
    for (const generation of this.generations()) generation.close();
  }

  #resume(position: Position): void {
    const now = this.#options.now();
    this.#older = (position.older ?? []).flatMap((mark) => findMarked(this.path, mark, now) ?? []);
    this.#current = findMarked(this.path, position, now, true);
    if (this.#current) return;
    this.#state.lost(...describeLoss(position));
    const { writtenMs, bornMs = 0 } = position;
    if (writtenMs !== undefined) this.#lost = { writtenMs, bornMs };
    this.#current = this.#older.pop();
  }

  /** Another file is under the path, or one for the first time. */
  #turnOver(now: number): void {
    const next = new TailedFile(this.path, now);
    const current = this.#current;
    this.#otherPath = this.#options.findOther(next);
    if (this.#otherPath !== undefined) this.#shared = { device: next.device, inode: next.inode };
    if (this.#otherPath !== undefined || (current?.open && isSameFile(current, next))) {
      next.close();
      return;
    }
    this.#moved = true;
    const back = this.#older.find((older) => older.open && isSameFile(older, next));
    if (back) {
      next.close();
      this.#older = this.#older.filter((older) => older !== back);
      if (current) {
        current.quietSinceMs = now;
        this.#older.push(current);
      }
      this.#current = back;
      return;
    }
    const mark = current?.mark();
    // The same file after it was closed, or put back by an editor or from a backup.
    const again = mark && (isSameFile(mark, next) || mark.fingerprintBytes === FINGERPRINT_BYTES_MAX);
    if (mark && again && next.continues(mark)) {
      current?.close();
      next.seek(mark.offset);
    } else if (current) this.#retire(current, now, next);
    else if (this.#lost) this.#older.push(...this.#findNewer(this.#lost, now, next));
    else if (this.#shared ? isSameFile(this.#shared, next) : this.#begin === 'end')
      next.seekEnd(this.#options.lineBytesMax);
    this.#shared = undefined;
    this.#current = next;
  }

  /** Copytruncate: what was written before the copy was made and not read yet is in the copy. */
  #truncated(file: Generation, now: number): void {
    const mark = file.mark();
    const copy = mark.fingerprintBytes > 0 ? findMarked(this.path, mark, now) : undefined;
    file.restart();
    this.#moved = true;
    if (copy) this.#retire(copy, now, file);
  }

  /** Keeps an older file open, and finds those that came between it and the one that is there now. */
  #retire(older: Generation, now: number, next: Generation): void {
    older.quietSinceMs = now;
    this.#older.push(older);
    this.#older.push(...this.#findNewer(older, now, next));
  }

  #findNewer(anchor: Times, now: number, next?: Generation): Generation[] {
    const known = next ? [...this.generations(), next] : this.generations();
    const isKnown = (file: FileMark, head: Buffer) =>
      known.some((one) => (one.open && isSameFile(one, file)) || headMatches(head, one.mark())) ||
      this.#options.findOther(file) !== undefined;
    return findNewer(this.path, anchor, { isKnown, compressed: this.#unseen }, now);
  }

  async #readFrom(generation: Generation, limits: ReadLimits): Promise<Lines | undefined> {
    const wasOpen = generation.open;
    try {
      const lines = await generation.read(limits);
      if (lines) {
        this.#state.recovered('read');
        this.#noteLine(generation);
        return lines;
      }
      if (wasOpen && this.#isFinished(generation)) return await generation.finish(limits);
    } catch (error) {
      const failure = toSourceError(this.path, error);
      if (generation.open) this.#state.failed('read', failure);
      else
        this.#state.lost(`from byte ${generation.mark().offset} on, lines are lost: ${failure.message}`, failure.fix);
    } finally {
      if (wasOpen && !generation.open) this.#moved = true;
    }
    return undefined;
  }

  #noteLine({ lineBytes }: Generation): void {
    if (lineBytes > LINELESS_BYTES_MAX) this.#state.failed('lines', new SourceError('no_lines', this.path));
    else this.#state.recovered('lines');
  }

  /** Read to its end, and nobody writes into it any more as far as can be told. */
  #isFinished(generation: Generation): boolean {
    if (!generation.open || generation.unread > 0) return false;
    const rotatedMs = generation === this.#current ? this.#state.missingSinceMs : generation.quietSinceMs;
    if (rotatedMs === undefined) return false;
    const quietSinceMs = Math.max(rotatedMs, generation.quietSinceMs);
    if (this.#options.now() - quietSinceMs >= this.#options.quietMs) return true;
    return this.#older.length > OLDER_MAX && generation === this.#older[0];
  }

  #chunk(bytes: Uint8Array<ArrayBuffer>, behind: boolean): Chunk {
    const marks = this.generations().map((generation) => generation.mark());
    const mark = marks.pop();
    if (!mark) throw new Error(`lines from no file: ${this.path}`);
    const position: Position = { path: this.path, ...mark, ...(marks.length > 0 && { older: marks }) };
    const oversized = this.#oversized;
    this.#oversized = 0;
    this.#moved = behind;
    return { source: this.source, bytes, position, behind, oversized };
  }

  #unread(): number {
    return this.generations().reduce((sum, { unread }) => sum + unread, 0);
  }

  #missing(now: number): void {
    this.#state.missing(now);
    // A file that comes later is new: all its lines are.
    this.#begin = 'beginning';
  }
}

function identity({ dev, ino }: Stats): { device: number; inode: number } {
  return { device: dev, inode: ino };
}
