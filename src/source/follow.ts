/** Follows logs: finds them, looks at them when they change, and hands on their lines as fast as they are taken. */

import type { Chunk, FileMark, Position } from '../model/chunk.ts';
import type { EverySecond } from '../model/every-second.ts';
import type { LogStatus } from '../model/status.ts';
import { type FoundLog, findLogs } from './discover.ts';
import { FINGERPRINT_BYTES_MAX } from './fingerprint.ts';
import { FollowedLog } from './followed-log.ts';
import { isSameFile, type ReadLimits } from './generation.ts';
import type { LogStateOptions } from './log-state.ts';
import { findLogsMax, type LogsMax } from './logs-max.ts';
import { Pace } from './pace.ts';
import { SourceError } from './source-error.ts';
import { TailedFile } from './tailed-file.ts';

/** Chunks of one log handed on and not yet taken. Per log: a merge may hold one log's lines back until another's come. */
const IN_FLIGHT_MAX = 2;
/** Bytes of chunks under way from all logs: with many logs the chunks get smaller. */
const BUFFERED_BYTES_MAX = 32 << 20;
const CHUNK_BYTES_MIN = 16 << 10;
/** Names the trouble of logs that are left out. */
export const LEFT_OUT = 'beyond the limit';
/** After a pause like this nothing was read for a while: the process was stopped, or the disk kept it waiting. */
const PAUSE_MS = 2000;

export interface FollowOptions extends Omit<LogStateOptions, 'path'> {
  /** Paths and globs. */
  readonly logs: readonly string[];
  /** Between two looks at the files while lines come, milliseconds: decides the delay. */
  readonly pollMs: number;
  /** Between two looks for new files matching a glob, milliseconds. */
  readonly discoverMs: number;
  /** Longer lines are dropped and counted. */
  readonly lineBytesMax: number;
  /** Bytes read at a time. Default 256 KiB. */
  readonly chunkBytes?: number;
  /** Where the logs were left; those without one begin at `startAt`. */
  readonly positions: readonly Position[];
  /** Where a log begins that is there at the start and has no position. Files that come later are read whole. */
  readonly startAt: 'beginning' | 'end';
  /** Default: what the process's file descriptors allow. */
  readonly logsMax?: LogsMax;
  /** How long a rotated file may be silent before it is closed, milliseconds. Default 60,000. */
  readonly quietMs?: number;
  /** Monotonic clock, milliseconds. Default performance.now. */
  readonly now?: () => number;
  /** Wakes an idle follower together with whatever else is done then. */
  readonly everySecond: EverySecond;
  /** These sources have lines from a time when nobody read: told before the first of them, so that they can be merged. */
  readonly onBehind?: (sources: readonly number[]) => void;
  /**
   * Takes a chunk, and resolves when the next may come: each log has at most two that are not taken. A log's chunks come
   * in order. `logIndex` says which of `logs` named it. A rejection ends the following.
   */
  readonly onChunk: (chunk: Chunk, logIndex: number) => Promise<void>;
}

interface Followed extends FoundLog {
  readonly log: FollowedLog;
  inFlight: number;
}

/**
 * Starts to follow. Resolves once every log that is there was opened: lines written from then on are handed on.
 */
export async function followLogs(options: FollowOptions): Promise<LogFollower> {
  const follower = new LogFollower(options);
  follower.start();
  return follower;
}

export class LogFollower {
  /** Resolves when stopped; rejects with what `onChunk` rejected with. */
  readonly ended: Promise<void>;
  readonly #options: FollowOptions;
  readonly #now: () => number;
  readonly #positions: Map<string, Position>;
  readonly #sources = new Map<string, number>();
  /** Matches of a glob that hold what is or was followed under another name. */
  readonly #ignored = new Set<string>();
  #followed: Followed[] = [];
  #unmatched: readonly string[] = [];
  #isLeftOut = false;
  readonly #max: LogsMax;
  #discoveredMs = Number.NEGATIVE_INFINITY;
  #lookedMs = Number.NEGATIVE_INFINITY;
  /** What the last look found was handed on. */
  #isHandedOn = false;
  #readUpToMs: number;
  #stopping = false;
  /** Lines were handed on since the last pause. */
  #found = false;
  readonly #pace: Pace;
  #wake = () => {};
  readonly #settle: { resolve: () => void; reject: (error: unknown) => void };

  /** Does nothing by itself: call {@link start}, or {@link pass} again and again. */
  constructor(options: FollowOptions) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#settle = { resolve, reject };
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#readUpToMs = this.#now();
    this.#max = options.logsMax ?? findLogsMax();
    this.#positions = new Map(options.positions.map((position) => [position.path, position]));
    this.#pace = new Pace({ pollMs: options.pollMs, log: options.log, onChange: () => this.#wake() });
  }

  start(): void {
    this.#look();
    void this.#run().then(this.#settle.resolve, this.#settle.reject);
  }

  /** Ends the read under way and closes all files. No chunk is handed on once this was called. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await this.ended;
  }

  /** Every line that was written before this has been taken: milliseconds of the given clock. Time after it may have lines. */
  get readUpToMs(): number {
    return this.#readUpToMs;
  }

  /** One row a log, and one for each glob that matches nothing. */
  status(): LogStatus[] {
    const rows = this.#followed.map(({ log }) => log.status());
    return [...rows, ...this.#unmatched.map((path) => ({ path, state: 'missing', behind_bytes: 0 }))];
  }

  /** Looks at the files if it is time (or `look`), and reads one chunk of each log. True when there is more at once. */
  async pass(look: boolean): Promise<boolean> {
    if (look || this.#now() - this.#lookedMs >= this.#options.pollMs) this.#look();
    const limits = this.#limits();
    let [anyMore, isHeldUp] = [false, false];
    for (const followed of this.#followed) {
      if (followed.log.isIdle) continue;
      if (followed.inFlight < IN_FLIGHT_MAX) {
        const { chunk, more } = await followed.log.read(limits);
        if (this.#stopping) return false;
        if (chunk) this.#handOn(followed, chunk);
        if (!more) continue;
      }
      if (followed.inFlight < IN_FLIGHT_MAX) anyMore = true;
      else isHeldUp = true;
    }
    this.#isHandedOn = !anyMore && !isHeldUp;
    this.#noteRead();
    return anyMore;
  }

  close(): void {
    this.#pace.close();
    for (const { log } of this.#followed) log.close();
  }

  async #run(): Promise<void> {
    try {
      let more = true;
      while (!this.#stopping) {
        more = await this.pass(!more);
        if (more || this.#stopping) continue;
        const ms = this.#pace.next(this.#found, () => this.#followed.map(({ path }) => path));
        this.#found = false;
        if (ms !== 0) await this.#pause(ms);
      }
    } finally {
      this.close();
    }
  }

  /** Until the next look is due, or a chunk was taken from a log that waits for that. */
  async #pause(ms: number | 'asleep'): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = ms === 'asleep' ? undefined : setTimeout(resolve, ms);
    const endSleep = ms === 'asleep' ? this.#options.everySecond(resolve) : () => {};
    await promise;
    clearTimeout(timer);
    endSleep();
  }

  #handOn(followed: Followed, chunk: Chunk): void {
    followed.inFlight++;
    this.#found ||= chunk.bytes.length > 0;
    this.#options.onChunk(chunk, followed.index).then(
      () => {
        if (followed.inFlight-- >= IN_FLIGHT_MAX) this.#wake();
        this.#noteRead();
      },
      (error: unknown) => {
        this.#settle.reject(error);
        this.#stopping = true;
        this.#wake();
      },
    );
  }

  #noteRead(): void {
    if (this.#isHandedOn && this.#followed.every(({ inFlight }) => inFlight === 0)) this.#readUpToMs = this.#lookedMs;
  }

  #look(): void {
    const beforeMs = this.#lookedMs;
    this.#lookedMs = this.#now();
    this.#isHandedOn = false;
    // Before new files are looked for, so that a file that rotation has just renamed is known.
    for (const { log } of this.#followed) log.look();
    if (this.#lookedMs - this.#discoveredMs >= this.#options.discoverMs) this.#discover();
    if (this.#lookedMs - beforeMs < this.#options.pollMs + PAUSE_MS) return;
    const behind = this.#followed.filter(({ log }) => log.status().behind_bytes > 0);
    if (behind.length > 0) this.#options.onBehind?.(behind.map(({ log }) => log.source));
  }

  #discover(): void {
    const isFirst = this.#discoveredMs === Number.NEGATIVE_INFINITY;
    this.#discoveredMs = this.#lookedMs;
    const { logs: found, unmatched } = findLogs(this.#options.logs);
    this.#unmatched = unmatched;
    const paths = new Set(found.map(({ path }) => path));
    for (const path of this.#ignored) if (!paths.has(path)) this.#ignored.delete(path);
    this.#followed = this.#followed.filter(({ log, globbed, path }) => !globbed || !log.gone || paths.has(path));
    const followed = new Set(this.#followed.map(({ path }) => path));
    const leftOut: string[] = [];
    for (const entry of found) {
      if (followed.has(entry.path) || this.#ignored.has(entry.path)) continue;
      if (entry.globbed && this.#isFollowedAlready(entry.path)) this.#ignored.add(entry.path);
      else if (this.#followed.length < this.#max.logs) this.#follow(entry, isFirst);
      else leftOut.push(entry.path);
    }
    this.#reportLeftOut(leftOut);
  }

  /** Once, until there is room for all of them. */
  #reportLeftOut([first, ...others]: readonly string[]): void {
    const { onTrouble, onRecovered } = this.#options;
    const isLeftOut = first !== undefined;
    if (isLeftOut === this.#isLeftOut) return;
    this.#isLeftOut = isLeftOut;
    if (!isLeftOut) {
      onRecovered(LEFT_OUT);
      return;
    }
    const which = others.length > 0 ? `${first} and ${others.length} more are` : `${first} is`;
    const { logs, fix } = this.#max;
    onTrouble(LEFT_OUT, `${which} not followed: there is no room for more than ${logs} logs`, fix);
  }

  #follow(entry: FoundLog, isFirst: boolean): void {
    const { path } = entry;
    const source = this.#sources.get(path) ?? this.#sources.size;
    this.#sources.set(path, source);
    const begin = this.#positions.get(path) ?? (isFirst ? this.#options.startAt : 'beginning');
    this.#positions.delete(path);
    const { quietMs = 60_000 } = this.#options;
    const findOther = (file: Pick<FileMark, 'device' | 'inode'>) =>
      this.#followed.find(
        (other) => other.path !== path && other.log.generations().some((mine) => mine.open && isSameFile(mine, file)),
      )?.path;
    const now = this.#now;
    const followedLog = new FollowedLog({ ...this.#options, path, source, begin, quietMs, now, findOther });
    this.#followed.push({ ...entry, log: followedLog, inFlight: 0 });
    followedLog.look();
  }

  /** A match that is a file already followed under another name, or its copy: an older generation, not a new log. */
  #isFollowedAlready(path: string): boolean {
    let file: TailedFile | undefined;
    try {
      file = new TailedFile(path, this.#now());
      const mark = file.mark();
      return this.#followed.some(({ log }) =>
        log.generations().some((known) => {
          const { fingerprint, fingerprintBytes } = known.mark();
          const isCopy = fingerprintBytes === FINGERPRINT_BYTES_MAX && fingerprint === mark.fingerprint;
          return isCopy || (known.open && isSameFile(known, mark));
        }),
      );
    } catch (error) {
      if (error instanceof SourceError) return false;
      throw error;
    } finally {
      file?.close();
    }
  }

  #limits(): ReadLimits {
    const { chunkBytes = 262_144, lineBytesMax } = this.#options;
    const share = Math.floor(BUFFERED_BYTES_MAX / (IN_FLIGHT_MAX * Math.max(1, this.#followed.length)));
    return { chunkBytes: Math.min(chunkBytes, Math.max(CHUNK_BYTES_MIN, share)), lineBytesMax };
  }
}
