/**
 * Brings the engine to where the logs stand before they are followed, so that no start is blind: the lines in its window
 * again after a restart, the history of the logs at the first start. What it decides about them is not carried out.
 */
import type { Config } from '../../config/schema.ts';
import type { EngineState } from '../../engine/engine-state.ts';
import type { Position } from '../../model/chunk.ts';
import type { Log } from '../../model/log.ts';
import type { WarmStart } from '../../model/status.ts';
import { Parser } from '../../parse/parser.ts';
import { SECOND } from '../../parse/tally.ts';
import { type FoundLog, findLogs, findSameFiles } from '../../source/discover.ts';
import { findEnd, findHistory, findNewest, type HistoryFile, readHistory } from '../../source/log-history.ts';
import { findStat } from '../../source/look.ts';
import { SourceError } from '../../source/source-error.ts';
import { parserOptions } from '../../workers/parser-options.ts';
import type { Pipeline } from '../../workers/pipeline.ts';
import { measureWarmStart } from './warm-start.ts';

/** Of a log's history: seconds of work, however long the log. */
const HISTORY_BYTES_MAX = 2 ** 31;
/** What clients did before this says little about them: their buckets have drained since. */
const RECENT_MS = 300_000;
/** Of what the window held before a restart, and of a log that is new then. */
const WINDOW_BYTES_MAX = 2 ** 26;
/** Sources of the pipeline from here on are histories, below it the logs that are followed. */
const FIRST_SOURCE = 1_000_000;
/** Chunks of a log under way. */
const DEPTH = 3;
/** Bytes looked at to learn when a chunk begins. */
const HEAD_BYTES = 65_536;

export interface RehearsalOptions {
  readonly config: Config;
  /** Where the logs were left; those without one are followed from their end. */
  readonly positions: readonly Position[];
  /** What the engine was restored from, if anything. */
  readonly state: EngineState | undefined;
  readonly pipeline: Pick<Pipeline, 'feed' | 'send' | 'finish' | 'lines' | 'forgetCounts'>;
  readonly now: () => number;
  readonly log: Log;
  readonly onProgress: (progress: WarmStart) => void;
  /** Aborted when nothing more is to be read. */
  readonly signal: AbortSignal;
}

interface LogHistory {
  readonly path: string;
  readonly index: number;
  readonly files: readonly HistoryFile[];
  readonly fromMs: number;
}

/**
 * Feeds the lines from before `positions`, and gives the positions from which to follow. Trouble with a file leaves it
 * out: what was learned is then less, and following it reports why. Rejects with the signal's reason once it is aborted.
 */
export async function rehearse(options: RehearsalOptions): Promise<Position[]> {
  const { config, pipeline, log, state } = options;
  const startedMs = performance.now();
  const positions = new Map(options.positions.map((position) => [position.path, position]));
  const histories: LogHistory[] = [];
  const { logs } = findLogs(config.logs.map(({ path }) => path));
  const sameFiles = findSameFiles(logs.map(({ path }) => path));
  for (const found of logs.filter(({ path }) => !sameFiles.has(path))) {
    options.signal.throwIfAborted();
    const { path, index } = found;
    try {
      const position = findSaved(path, options.positions) ?? findStart(found, options);
      if (!position) continue;
      positions.set(path, position);
      histories.push({ path, index, ...findPast(position, index, options) });
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
    }
  }
  const totalBytes = histories.flatMap(({ files }) => files).reduce((sum, { from, to }) => sum + to - from, 0);
  let readBytes = 0;
  const onRead = (bytes: number) => {
    readBytes += bytes;
    options.onProgress(measureWarmStart(readBytes / totalBytes, pipeline.lines, performance.now() - startedMs));
  };
  const sources = [...histories.keys()].map((at) => FIRST_SOURCE + at);
  for (const source of sources) await pipeline.send({ kind: 'expect', source });
  // Whatever becomes of one, the others are done with the pipeline when this returns.
  const fed = await Promise.allSettled(
    histories.map((history, at) => feed(history, FIRST_SOURCE + at, onRead, options)),
  );
  for (const outcome of fed) if (outcome.status === 'rejected') throw outcome.reason;
  if (pipeline.lines > 0) {
    const seconds = Number(((performance.now() - startedMs) / 1000).toFixed(1));
    const what = state ? 'read the last minutes again' : 'learned from the history of the logs';
    const first = Math.min(...fed.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : Infinity)));
    log('info', what, { lines: pipeline.lines, span_seconds: Math.round(options.now() / 1000 - first), seconds });
  }
  pipeline.forgetCounts();
  return [...positions.values()];
}

/** Where a log was left, also when its file was followed under another path, and further, since it was left under this one. */
function findSaved(path: string, positions: readonly Position[]): Position | undefined {
  const own = positions.find((position) => position.path === path);
  const file = findStat(path);
  if (!file || (own && own.inode !== file.ino)) return own;
  const same = positions.filter(({ device, inode }) => device === file.dev && inode === file.ino);
  const furthest = same.reduce<Position | undefined>((a, b) => (a && a.offset >= b.offset ? a : b), own);
  return furthest && { ...furthest, path };
}

/**
 * Where to begin with a log that was never followed: at its end, but what a glob matches and was made since logs were
 * last followed is new, like one that comes later.
 */
function findStart({ path, globbed }: FoundLog, { positions, log }: RehearsalOptions): Position | undefined {
  const end = findEnd(path);
  const followedMs = Math.max(...positions.map(({ writtenMs = Number.POSITIVE_INFINITY }) => writtenMs));
  if (!globbed || positions.length === 0 || (end?.bornMs ?? 0) < followedMs) return end;
  const start = findNewest(path, WINDOW_BYTES_MAX);
  if (start && start.offset > 0) {
    const what = 'a log that came while nobody followed it is too long: its first lines are not judged';
    log('warn', what, { path, bytes: start.offset });
  }
  return start;
}

/** Which lines there are from before a position that matter: of the last minutes, or of the configured history. */
function findPast(
  position: Position,
  index: number,
  { config, state, now }: RehearsalOptions,
): Omit<LogHistory, 'path' | 'index'> {
  const { history } = config.baseline;
  const { window } = config.detection;
  const savedMs = (state?.second ?? 0) * 1000;
  if (savedMs === 0 && history === 0) return { files: [], fromMs: 0 };
  const fromMs = savedMs > 0 ? savedMs - Math.max(window, RECENT_MS) : now() - history;
  const bytesMax = savedMs > 0 ? WINDOW_BYTES_MAX : HISTORY_BYTES_MAX;
  return { files: findHistory(position, { fromMs, bytesMax, secondOf: clockOf(config, index) }), fromMs };
}

/** Tells the second of the first line that has one. */
function clockOf(config: Config, index: number): (lines: Uint8Array) => number | undefined {
  const options = parserOptions(config, config.logs)[index];
  const parser = options && new Parser(options);
  return (lines) => {
    const tally = parser?.parse(lines.subarray(0, HEAD_BYTES), Number.POSITIVE_INFINITY);
    return tally?.count ? tally.rows[SECOND] : undefined;
  };
}

/** Resolves with the first second that was read; infinite where there was none. */
async function feed(
  { path, index, files, fromMs }: LogHistory,
  source: number,
  onRead: (bytes: number) => void,
  options: RehearsalOptions,
): Promise<number> {
  let first = Number.POSITIVE_INFINITY;
  const { config, pipeline, log, signal } = options;
  const secondOf = clockOf(config, index);
  const underWay: Promise<void>[] = [];
  try {
    for (const piece of files) {
      let [offset, lineBytes] = [piece.from, 0];
      try {
        for await (const chunk of readHistory(path, piece, { source })) {
          signal.throwIfAborted();
          onRead(chunk.position.offset - offset);
          offset = chunk.position.offset;
          lineBytes += chunk.bytes.length;
          // A gzipped file can only be read from its beginning.
          const second = secondOf(chunk.bytes) ?? Number.POSITIVE_INFINITY;
          if (second * 1000 < fromMs - config.baseline.window) continue;
          first = Math.min(first, second);
          underWay.push(pipeline.feed({ ...chunk, behind: true }, index));
          if (underWay.length >= DEPTH) await underWay.shift();
        }
        if (2 * lineBytes < offset - piece.from) {
          const { fix } = new SourceError('no_lines', piece.file);
          log('warn', 'most of an older log is not lines: little was learned from it', { path: piece.file, fix });
        }
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        log('warn', `learned nothing from an older log: ${error.message}`, { fix: error.fix });
      }
    }
  } finally {
    await pipeline.finish(source);
    await Promise.all(underWay);
  }
  return first;
}
