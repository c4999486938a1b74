/** `zban replay`: finished logs through the same pipeline as the live daemon; the log's time is the clock. */
import { availableParallelism } from 'node:os';
import type { Config } from '../config/schema.ts';
import type { NeverBanned } from '../decide/never-banned.ts';
import type { HistorySummary } from '../engine/history-summary.ts';
import { findCdnProtection } from '../host/cdn-ranges.ts';
import { NamedListError } from '../host/named-list.ts';
import { findRobots } from '../host/robots.ts';
import type { Chunk } from '../model/chunk.ts';
import type { EngineEvent } from '../model/told-event.ts';
import { parsePrefix, type Reasoned } from '../net/prefix.ts';
import { SPECIAL_NETWORKS } from '../net/special.ts';
import { readAs } from '../parse/formats.ts';
import { Parser } from '../parse/parser.ts';
import { SECOND } from '../parse/tally.ts';
import { findSameFiles } from '../source/discover.ts';
import { readLogFile } from '../source/read-log-file.ts';
import type { WorkerSetup } from '../workers/messages.ts';
import { Pipeline } from '../workers/pipeline.ts';
import { workerSetup } from '../workers/worker-setup.ts';
import { type Progress, ReadProgress } from './progress.ts';

export interface ReplayOptions {
  readonly config: Config;
  /** Plain or compressed logs; several are merged in log time, and one under several names is read once. */
  readonly files: readonly string[];
  /** Parse threads; by default one less than cores. */
  readonly threads?: number;
  /** Bytes read at a time; never changes the events. */
  readonly chunkBytes?: number;
  /** Keep what every client did; told at the end with so many clients in each of its lists. */
  readonly historyOf?: number;
  readonly onEvent: (event: EngineEvent) => void;
  readonly onProgress?: (progress: Progress) => void;
}

export interface Replayed {
  readonly summary: ReplaySummary;
  /** Where it was asked for. */
  readonly history?: HistorySummary;
}

/** The last line of `zban replay --json`. */
export interface ReplaySummary {
  readonly event: 'summary';
  readonly lines: number;
  readonly skipped: number;
  readonly skipped_by_reason: Readonly<Record<string, number>>;
  readonly discarded: Readonly<Record<string, number>>;
  readonly clients: number;
  readonly bans: number;
  /** Wall time. */
  readonly seconds: number;
  readonly lines_per_second: number;
}

/**
 * Runs the engine over the files and hands every event on, in order. Rejects with SourceError when a file can't be
 * read; events of what could be read have been handed on by then.
 */
export async function replay(options: ReplayOptions): Promise<Replayed> {
  const { config, onEvent, historyOf: most, chunkBytes } = options;
  const sameFiles = findSameFiles(options.files);
  const files = [...new Set(options.files)].filter((file) => !sameFiles.has(file));
  // The engine and the reader want a core of their own.
  const threads = options.threads ?? Math.max(1, availableParallelism() - 1);
  let bans = 0;
  const started = performance.now();
  const { format, fields } = config.logs[0] ?? { format: 'auto', fields: {} };
  const { parsers, engine } = workerSetup(config, [{ format: readAs(format), fields }]);
  // Nothing is enforced here: it shows what would be opened if it were allowed.
  const action = engine.swarm.action === 'alert' ? 'hold' : engine.swarm.action;
  const swarm = { ...engine.swarm, action } as const;
  const setup = { parsers, engine: { ...engine, swarm, history: most !== undefined } };
  const networks = neverBanned(config);
  const robots = findRobots(config.detection.robots, { onTrouble: refuse }).networks;
  // Read while the threads start.
  const opening = openInOrder(files, setup, chunkBytes);
  const pipeline = new Pipeline({
    setup,
    parseThreads: threads,
    now: Date.now,
    onEvents: (events) => {
      for (const event of events) {
        if (event.event === 'ban') bans++;
        onEvent(event);
      }
    },
  });
  try {
    const opened = await opening;
    const depth = files.length === 1 ? threads + 2 : 2;
    const progress = new ReadProgress(opened.map(({ file }) => file));
    const onRead = (source: number, bytes: number | undefined) => {
      if (bytes === undefined) progress.end(source);
      else progress.add(source, bytes);
      options.onProgress?.({ lines: pipeline.lines, share: progress.share });
    };
    // The traffic thread is told in this order; lines are parsed while it starts.
    const read = await Promise.allSettled([
      pipeline.send({ kind: 'never_banned', networks }),
      // A replay asks no name server: published networks alone verify a robot.
      pipeline.send({ kind: 'robot_networks', networks: robots, ask: false }),
      ...opened.map((_, source) => pipeline.send({ kind: 'expect', source })),
      ...opened.map((file, source) => feedFile(pipeline, file, source, depth, onRead)),
    ]);
    for (const result of read) if (result.status === 'rejected') throw result.reason;
    const { status } = await pipeline.send({ kind: 'status' });
    const { history } = most === undefined ? {} : await pipeline.send({ kind: 'history', most });
    const seconds = (performance.now() - started) / 1000;
    const summary: ReplaySummary = {
      event: 'summary',
      lines: pipeline.lines,
      skipped: Object.values(pipeline.skipped).reduce((sum, count) => sum + count, 0),
      skipped_by_reason: pipeline.skipped,
      discarded: status?.discarded ?? {},
      clients: status?.clientsSeen ?? 0,
      bans,
      seconds,
      lines_per_second: Math.round(pipeline.lines / seconds),
    };
    return { summary, ...(history && { history }) };
  } finally {
    await pipeline.close();
  }
}

/** A list that can't be used ends a replay: its results would be others than asked for. */
function refuse(message: string): never {
  throw new NamedListError(message);
}

/** Host names in the allowlist are left out: a replay asks no name server. */
function neverBanned(config: Config): NeverBanned[] {
  const cdn = findCdnProtection(config.bans, { onTrouble: refuse });
  const allowlist = config.bans.allowlist.flatMap((entry) => {
    const prefix = parsePrefix(entry);
    return prefix ? [{ prefix, kind: 'allowlist' as const, because: `bans.allowlist: ${entry}` }] : [];
  });
  const isProtected = ({ prefix, reason }: Reasoned) => ({ prefix, kind: 'protected' as const, because: reason });
  return [...allowlist, ...[...SPECIAL_NETWORKS, ...cdn].map(isProtected)];
}

interface OpenFile {
  readonly file: string;
  /** Read already, to tell where the file belongs. */
  readonly first: Promise<IteratorResult<Chunk, void>>;
  readonly rest: AsyncGenerator<Chunk, void, undefined>;
}

/**
 * The files in the order of their first line. Of equal seconds the merge takes the lower source first, and rotation waits
 * for no second to end: without this the order of the arguments would decide which of a second's lines came first.
 */
async function openInOrder(
  files: readonly string[],
  { parsers }: WorkerSetup,
  chunkBytes: number | undefined,
): Promise<OpenFile[]> {
  const parser = files.length > 1 && parsers[0] ? new Parser(parsers[0]) : undefined;
  const opening = files.map(async (file) => {
    const rest = readLogFile(file, { chunkBytes });
    const first = rest.next();
    const tally = await first.then(
      ({ value: chunk }) => chunk && parser?.parse(chunk.bytes, Number.POSITIVE_INFINITY),
      // A file that can't be read fails when its turn has come: the others are replayed all the same.
      () => undefined,
    );
    return { file, first, rest, second: tally?.count ? (tally.rows[SECOND] ?? 0) : Number.POSITIVE_INFINITY };
  });
  const byName = (a: OpenFile, b: OpenFile) => (a.file < b.file ? -1 : 1);
  return (await Promise.all(opening)).sort((a, b) => (a.second === b.second ? byName(a, b) : a.second - b.second));
}

/** Feeds one file with at most `depth` chunks under way, so that memory stays bounded however far the merge holds it back. */
async function feedFile(
  pipeline: Pipeline,
  file: OpenFile,
  source: number,
  depth: number,
  onRead: (source: number, bytes: number | undefined) => void,
): Promise<void> {
  const underWay: Promise<void>[] = [];
  try {
    for (let next = await file.first; !next.done; next = await file.rest.next()) {
      const { length } = next.value.bytes;
      underWay.push(pipeline.feed({ ...next.value, source, behind: true }, 0));
      onRead(source, length);
      if (underWay.length >= depth) await underWay.shift();
    }
  } finally {
    await file.rest.return();
    onRead(source, undefined);
    // Parcels may wait in the merge for those of other files; this one has no more to come.
    await pipeline.finish(source);
    await Promise.all(underWay);
  }
}
