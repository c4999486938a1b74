/** Searches the configured logs, and what rotation moved aside of them, for one client; bounded in bytes and in time. */

import type { Config } from '../../config/schema.ts';
import { findNearedLimits, type NearedLimit } from '../../detect/neared-limits.ts';
import type { EngineState } from '../../engine/engine-state.ts';
import { formatSpan } from '../../english/duration.ts';
import { LINE_BYTES_MAX } from '../../model/chunk.ts';
import { clientPrefix, findClientKey } from '../../net/client-key.ts';
import { formatPrefix, type Prefix, parsePrefix } from '../../net/prefix.ts';
import { workerSetup } from '../../workers/worker-setup.ts';
import { PastLogs } from '../past-logs.ts';
import { formatBytes, formatTime } from '../text.ts';
import { ClientLines, type Stretch, type StretchActivity } from './client-lines.ts';
import type { LaneHits, LaneSpan } from './lane-hits.ts';
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

/** What the logs say of a client. */
export interface Searched {
  readonly activities: readonly StretchActivity[];
  /** How near a client that was never judged came to each limit in the last hour, nearest first. */
  readonly nearest: readonly NearedLimit[];
  /** Requests that the address itself sent that was asked about; undefined where all that is told is of it. */
  readonly own: number | undefined;
  /** The lanes that its requests match. */
  readonly lanes: readonly LaneHits[];
  /** What could not be looked at, or must be known besides, in words. */
  readonly notes: readonly string[];
}

/** Looks up what the client of a story did before and after its judgement, and in the last hour where that is another time; `spans` are of the lanes of late. */
export async function searchLogs(
  config: Config,
  story: Story,
  state: EngineState | undefined,
  spans: readonly LaneSpan[],
  now: () => number,
  limits = LIMITS,
): Promise<Searched> {
  const asked = parsePrefix(story.entry?.client ?? story.asked ?? '');
  if (!asked) return { activities: [], nearest: [], own: undefined, lanes: [], notes: [] };
  const key = story.entry ? undefined : findClientKey(asked, config.detection);
  const client = key ? clientPrefix(key.high, key.low, config.detection) : asked;
  const logs = new LogSearch(config, state, now, limits);
  const activities: StretchActivity[] = [];
  let nearest: readonly NearedLimit[] = [];
  const part = parsePrefix(story.asked ?? '');
  const isPart = part !== undefined && part.bits > client.bits;
  const lanes: LaneHits[] = [];
  let own = 0;
  const newestMs = await logs.findNewestMs();
  const silentSince = newestMs !== undefined && newestMs < now() - HOUR_MS ? newestMs : undefined;
  for (const stretches of stretchesOf(story, now(), silentSince ?? now())) {
    const found = await logs.search(client, stretches, isPart ? part : client, spans);
    activities.push(...found.activities());
    lanes.push(...found.laneHits());
    own += found.own;
    if (key) nearest = findNearedLimits(found.rows(), workerSetup(config).engine, state);
  }
  if (silentSince !== undefined) logs.notes.push(`the newest line of the logs is of ${formatTime(silentSince)}`);
  if (client.bits < asked.bits) logs.notes.push(`it is judged as a part of ${formatPrefix(client)}`);
  return { activities, nearest, own: isPart ? own : undefined, lanes: addUp(lanes), notes: [...new Set(logs.notes)] };
}

/** One entry a lane, of all stretches. */
function addUp(hits: readonly LaneHits[]): LaneHits[] {
  const sums = new Map<string, LaneHits>();
  for (const hit of hits) sums.set(hit.id, { ...hit, requests: hit.requests + (sums.get(hit.id)?.requests ?? 0) });
  return [...sums.values()];
}

class LogSearch extends PastLogs {
  private readonly config: Config;
  private readonly now: () => number;
  private readonly limits: SearchLimits;

  constructor(config: Config, state: EngineState | undefined, now: () => number, limits: SearchLimits) {
    super(config, state?.points?.hashKey);
    this.config = config;
    this.now = now;
    this.limits = limits;
  }

  /** Time of the newest line of all logs, epoch milliseconds; undefined when there is none. */
  async findNewestMs(): Promise<number | undefined> {
    let newest = 0;
    for (const log of this.all) {
      const to = log.end.offset;
      const tail = { file: log.path, mark: log.end, from: Math.max(0, to - TAIL_BYTES), to };
      await this.read(log, tail, (_, last) => {
        newest = Math.max(newest, last);
        return true;
      });
    }
    return newest === 0 ? undefined : newest * 1000;
  }

  /** What the client did in these stretches, and how much of that a part of it. */
  async search(
    client: Prefix,
    stretches: readonly Stretch[],
    part: Prefix,
    lanes: readonly LaneSpan[],
  ): Promise<ClientLines> {
    const { out_of_order: lateMs } = this.config.detection;
    const found = new ClientLines(client, stretches, this.config.detection, part, lanes);
    const fromMs = Math.min(...stretches.map((stretch) => stretch.fromMs)) - lateMs;
    const untilMs = Math.max(...stretches.map((stretch) => stretch.untilMs)) + lateMs;
    const { searchMsMax, bytesMax } = this.limits;
    const deadlineMs = this.now() + searchMsMax;
    for (const log of this.all) {
      const pieces = this.findPieces(log, { fromMs, untilMs, bytesMax });
      const bytes = pieces.reduce((sum, { from, to }) => sum + to - from, 0);
      // Pieces begin with a whole line, so that they are hardly ever as long as they may be.
      if (bytes > bytesMax - LINE_BYTES_MAX)
        this.notes.push(`only ${formatBytes(bytesMax)} of ${log.path} were searched: what was earlier is left out`);
      for (const piece of pieces) {
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
}
