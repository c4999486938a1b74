/** Searches the configured logs, and what rotation moved aside of them, for one client; bounded in bytes and in time. */
import type { Config } from '../../config/schema.ts';
import { findNearedLimits, type NearedLimit } from '../../detect/neared-limits.ts';
import type { EngineState } from '../../engine/engine-state.ts';
import type { Position } from '../../model/chunk.ts';
import { LINE_BYTES_MAX } from '../../model/chunk.ts';
import { clientPrefix, findClientKey } from '../../net/client-key.ts';
import { formatPrefix, type Prefix, parsePrefix } from '../../net/prefix.ts';
import { Parser } from '../../parse/parser.ts';
import { ROW, SECOND, type Tally } from '../../parse/tally.ts';
import { findLogs } from '../../source/discover.ts';
import { findEnd, findHistory, type HistoryFile, readHistory } from '../../source/log-history.ts';
import { SourceError } from '../../source/source-error.ts';
import { workerSetup } from '../../workers/worker-setup.ts';
import { formatBytes, formatSpan, formatTime } from '../text.ts';
import { ClientLines, type Stretch, type StretchActivity } from './client-lines.ts';
import { HOUR_MS, type Story, stretchesOf } from './story.ts';

export interface SearchLimits {
  /** Newest bytes read of one log. */
  readonly bytesMax: number;
  /** How long all of them may take. */
  readonly searchMsMax: number;
}

/** Nobody waits longer for an explanation. */
const LIMITS: SearchLimits = { bytesMax: 512 * 1_048_576, searchMsMax: 4000 };
/** The last lines of a log, enough to know how far it goes. */
const TAIL_BYTES = 65_536;

interface Log {
  readonly path: string;
  readonly parser: Parser;
  /** Behind its last whole line. */
  readonly end: Position;
}

/** What the logs say of a client. */
export interface Searched {
  readonly activities: readonly StretchActivity[];
  /** How near a client that was never judged came to each limit in the last hour, nearest first. */
  readonly nearest: readonly NearedLimit[];
  /** What could not be looked at, or must be known besides, in words. */
  readonly notes: readonly string[];
}

/** Looks up what the client of a story did before and after its judgement, and in the last hour where that is another time. */
export async function searchLogs(
  config: Config,
  story: Story,
  state: EngineState | undefined,
  now: () => number,
  limits = LIMITS,
): Promise<Searched> {
  const asked = parsePrefix(story.entry?.client ?? story.asked ?? '');
  if (!asked) return { activities: [], nearest: [], notes: [] };
  const key = story.entry ? undefined : findClientKey(asked, config.detection);
  const client = key ? clientPrefix(key.high, key.low, config.detection) : asked;
  const logs = new LogSearch(config, state, now, limits);
  const activities: StretchActivity[] = [];
  let nearest: readonly NearedLimit[] = [];
  const newestMs = await logs.findNewestMs();
  const silentSince = newestMs !== undefined && newestMs < now() - HOUR_MS ? newestMs : undefined;
  for (const stretches of stretchesOf(story, now(), silentSince ?? now())) {
    const found = await logs.search(client, stretches);
    activities.push(...found.activities());
    if (key) nearest = findNearedLimits(found.rows(), workerSetup(config).engine, state);
  }
  if (silentSince !== undefined) logs.notes.push(`the newest line of the logs is of ${formatTime(silentSince)}`);
  if (client.bits < asked.bits) logs.notes.push(`it is judged as a part of ${formatPrefix(client)}`);
  return { activities, nearest, notes: [...new Set(logs.notes)] };
}

class LogSearch {
  /** What could not be looked at, in words. */
  readonly notes: string[] = [];
  private readonly config: Config;
  private readonly now: () => number;
  private readonly limits: SearchLimits;
  private readonly logs: Log[] = [];

  /** Looks which logs there are; those that can't be read become notes. */
  constructor(config: Config, state: EngineState | undefined, now: () => number, limits: SearchLimits) {
    this.config = config;
    this.now = now;
    this.limits = limits;
    const { parsers } = workerSetup(config, config.logs, state?.points?.hashKey);
    const { logs, unmatched } = findLogs(config.logs.map(({ path }) => path));
    for (const glob of unmatched) this.notes.push(`no log matches ${glob}`);
    for (const { path, index } of logs) {
      const options = parsers[index];
      try {
        const end = findEnd(path);
        if (options && end) this.logs.push({ path, end, parser: new Parser(options) });
        else this.notes.push(`${path} is missing`);
      } catch (error) {
        this.noteError(error);
      }
    }
  }

  /** Time of the newest line of all logs, epoch milliseconds; undefined when there is none. */
  async findNewestMs(): Promise<number | undefined> {
    let newest = 0;
    for (const log of this.logs) {
      const to = log.end.offset;
      const tail = { file: log.path, mark: log.end, from: Math.max(0, to - TAIL_BYTES), to };
      await this.read(log, tail, (_, last) => {
        newest = Math.max(newest, last);
        return true;
      });
    }
    return newest === 0 ? undefined : newest * 1000;
  }

  /** What the client did in these stretches. */
  async search(client: Prefix, stretches: readonly Stretch[]): Promise<ClientLines> {
    const { out_of_order: lateMs } = this.config.detection;
    const found = new ClientLines(client, stretches, this.config.detection);
    const fromMs = Math.min(...stretches.map((stretch) => stretch.fromMs)) - lateMs;
    const untilMs = Math.max(...stretches.map((stretch) => stretch.untilMs)) + lateMs;
    const { searchMsMax } = this.limits;
    const deadlineMs = this.now() + searchMsMax;
    for (const log of this.logs) {
      for (const piece of this.findPieces(log, fromMs, untilMs).toReversed()) {
        await this.read(log, piece, (first, last, tally, bytes) => {
          if (first * 1000 > untilMs) return false;
          if (last * 1000 >= fromMs) found.add(tally, bytes, log.parser);
          if (this.now() <= deadlineMs) return true;
          this.notes.push(
            `the search stopped after ${formatSpan(searchMsMax)}: ${piece.file} was read up to ${formatTime(last * 1000)}`,
          );
          return false;
        });
        if (this.now() > deadlineMs) return found;
      }
    }
    return found;
  }

  private findPieces({ path, parser, end }: Log, fromMs: number, untilMs: number): readonly HistoryFile[] {
    const secondOf = (lines: Uint8Array) => {
      const { rows, count } = parser.parse(lines, Number.POSITIVE_INFINITY);
      return count === 0 ? undefined : rows[SECOND];
    };
    const { bytesMax } = this.limits;
    const pieces = findHistory(end, { fromMs, untilMs, bytesMax, secondOf });
    const bytes = pieces.reduce((sum, { from, to }) => sum + to - from, 0);
    // Pieces begin with a whole line, so that they are hardly ever as long as they may be.
    if (bytes > bytesMax - LINE_BYTES_MAX) {
      this.notes.push(`only ${formatBytes(bytesMax)} of ${path} were searched: what was earlier is left out`);
    }
    return pieces;
  }

  /** Parses a piece of a log, a chunk at a time, until `visit` has seen enough; it gets the seconds of the first and the last line too. */
  private async read(
    { path, parser }: Log,
    piece: HistoryFile,
    visit: (first: number, last: number, tally: Tally, bytes: Uint8Array) => boolean,
  ): Promise<void> {
    try {
      for await (const { bytes } of readHistory(path, piece)) {
        const tally = parser.parse(bytes, Number.POSITIVE_INFINITY);
        const [first, last] = [tally.rows[SECOND], tally.rows[(tally.count - 1) * ROW + SECOND]];
        if (tally.count > 0 && !visit(first ?? 0, last ?? 0, tally, bytes)) return;
      }
    } catch (error) {
      this.noteError(error);
    }
  }

  private noteError(error: unknown): void {
    if (!(error instanceof SourceError)) throw error;
    this.notes.push(error.message);
  }
}
