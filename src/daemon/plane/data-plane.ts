/** Source, threads and log clock of one instance: lines in, events with the positions of their lines out. */

import { randomInt } from 'node:crypto';
import type { Config } from '../../config/schema.ts';
import type { FuseHold } from '../../decide/fuse.ts';
import { buffersOf, type OffenderColumns } from '../../decide/offender-table.ts';
import type { EngineState } from '../../engine/engine-state.ts';
import type { RobotList } from '../../host/robots.ts';
import type { Chunk, Position } from '../../model/chunk.ts';
import { LINE_BYTES_MAX } from '../../model/chunk.ts';
import type { Log } from '../../model/log.ts';
import type { Busiest, LogStatus, Status, WarmStart } from '../../model/status.ts';
import { type EngineEvent, noLaterThan, toTold } from '../../model/told-event.ts';
import type { TrafficMinute } from '../../model/traffic.ts';
import type { EngineOptions } from '../../settings/engine-settings.ts';
import { RATE_SECONDS, type Surge } from '../../site/surge.ts';
import { followLogs, LEFT_OUT, type LogFollower } from '../../source/follow.ts';
import { parserOptions } from '../../workers/parser-options.ts';
import { Pipeline } from '../../workers/pipeline.ts';
import type { EngineStatus } from '../../workers/traffic-worker.ts';
import { everySecond } from '../every-second.ts';
import { LastLook } from '../last-look.ts';
import { rehearse } from '../start/rehearsal.ts';
import type { Troubles } from '../troubles.ts';
import { LogHealth } from '../watch/log-health.ts';
import { LogClock } from './log-clock.ts';
import { QuietWatch } from './quiet-watch.ts';
import { Robots } from './robots.ts';
import { emptied } from './silence.ts';

const PARSE_THREADS = 1;
/** How often logs are looked at while lines come: the delay of detection. More often costs an idle host processor time. */
const POLL_MS = 20;
/** How often globs are searched for new files. */
const DISCOVER_MS = 1000;
/** Clients in each order of `zban top`: more than a tall terminal shows. */
const BUSIEST_CLIENTS = 60;
/** A log that was behind and then fell silent holds up the others for no longer than this. */
const MERGE_WAIT_MS = 2000;

export interface DataPlaneOptions {
  readonly config: Config;
  /** As the configuration says. */
  readonly engineOptions: EngineOptions;
  readonly robots: RobotList;
  readonly positions: readonly Position[];
  readonly baseline: EngineState | undefined;
  /** It had tripped when the instance before this one ended. */
  readonly fuse?: FuseHold | undefined;
  readonly now: () => number;
  readonly log: Log;
  readonly troubles: Troubles;
  /**
   * Events in order, with the positions behind the lines that were judged with them. `isCurrent` is false while there is
   * more to read, or nothing has been written for a while.
   */
  readonly onEvents: (events: readonly EngineEvent[], positions: readonly Position[], isCurrent: boolean) => void;
  /** The logs are followed from these positions on, once this resolves. */
  readonly onBegin: (positions: readonly Position[]) => Promise<void>;
  /** Minutes of traffic that ended, oldest first; some may come again after a restart. */
  readonly onMinutes: (minutes: readonly TrafficMinute[]) => void;
  /** A thread failed: nothing more will be judged. */
  readonly onFailure: (error: unknown) => void;
  /** Much was read, and now hardly anything is. */
  readonly onQuiet: () => void;
  /** Called after the traffic thread answered, at least every ten seconds, and while the past is read: proof that the data plane moves. */
  readonly onProgress: () => void;
}

/** Nobody outside can find two paths that collide here: what was learned has the key of its hashes, else it is drawn now. */
function findHashKey(baseline: EngineState | undefined): number {
  const learned = baseline?.points ?? baseline?.swarm;
  return learned ? (learned.hashKey ?? 0) : randomInt(2 ** 32);
}

export class DataPlane {
  readonly pipeline: Pipeline;
  engine: EngineStatus | undefined;
  /** While the past of the logs is read. */
  warmStart: WarmStart | null = null;
  /** Bytes of the followed logs that were judged. */
  judgedBytes = 0;
  private readonly options: DataPlaneOptions;
  private readonly clock: LogClock;
  private readonly health: LogHealth;
  private readonly robots: Robots;
  private readonly quiet = new QuietWatch();
  private follower: LogFollower | undefined;
  private endTicks = () => {};
  /** The tick under way. */
  private ticking: Promise<void> | undefined;
  /** By the tasks that the engine had been sent. */
  private readonly asked = new LastLook();
  private behind = false;
  /** Lines are only being learned from: what they cause is not told. */
  private rehearsing = true;

  constructor(options: DataPlaneOptions) {
    this.options = options;
    const { config } = options;
    const hashKey = findHashKey(options.baseline);
    this.clock = new LogClock(config.detection.out_of_order);
    // While lines may wait unread, no time passes for the logs.
    this.health = new LogHealth({
      troubles: options.troubles,
      now: () => this.follower?.readUpToMs ?? performance.now(),
    });
    this.pipeline = new Pipeline({
      setup: {
        parsers: parserOptions(config, config.logs, hashKey),
        engine: { ...options.engineOptions, hashKey },
      },
      parseThreads: PARSE_THREADS,
      live: true,
      now: options.now,
      onEvents: (events, settled) => {
        if (this.rehearsing) return;
        const positions = settled.map(({ position }) => position);
        const nowSecond = Math.floor(options.now() / 1000);
        const told = events.map((event) => noLaterThan(event, nowSecond));
        options.onEvents(told, positions, this.isCurrent);
      },
      onParsed: ({ position: { path } }, parsed) => {
        if (this.rehearsing) this.health.learned(path, parsed);
        else this.health.arrived(path, parsed, parsed.bytes);
      },
      onRobotClaims: (claims) => this.robots.check(claims).catch(options.onFailure),
    });
    this.robots = new Robots({ ...options, pipeline: this.pipeline });
  }

  /**
   * Restores what was learned and what is known of offenders and of an open anomaly of the site, reads the past again, then begins to
   * follow the logs.
   * Rejects with the signal's reason soon after it was aborted.
   */
  async start(findOffenders: () => OffenderColumns, anomaly: Surge | undefined, signal: AbortSignal): Promise<void> {
    const { config, baseline, fuse, log, troubles, onProgress } = this.options;
    // It says how far the log's clock is from this host's, by which bans end.
    if (baseline) await this.pipeline.send({ kind: 'restore', state: baseline });
    const past = findOffenders();
    await this.pipeline.send({ kind: 'set_bans', offenders: past }, buffersOf(past));
    await this.robots.introduce(false);
    const positions = await rehearse({
      ...this.options,
      state: baseline,
      pipeline: this.pipeline,
      onProgress: (progress) => {
        this.warmStart = progress;
        onProgress();
      },
      signal,
    });
    // What ends with the rehearsal is no part of it.
    this.rehearsing = false;
    this.warmStart = null;
    // Asked again: people may have banned or unbanned meanwhile.
    const offenders = findOffenders();
    await this.pipeline.send({ kind: 'go_live', offenders, anomaly, fuse }, buffersOf(offenders));
    await this.robots.introduce(true);
    await this.askEngine();
    await this.options.onBegin(positions);
    let isBehind = false;
    this.follower = await followLogs({
      logs: config.logs.map(({ path }) => path),
      ...{ pollMs: POLL_MS, discoverMs: DISCOVER_MS, lineBytesMax: LINE_BYTES_MAX },
      positions,
      startAt: 'end',
      log,
      everySecond,
      onTrouble: (path, message, fix) => troubles.begin(`log ${path}`, message, fix),
      onRecovered: (path) => troubles.end(`log ${path}`),
      onLoss: (path, message, fix) => this.health.lost(path, message, fix),
      // Merged, else the lines of the first would make those of the others late.
      onBehind: (sources) => {
        isBehind = true;
        for (const source of sources) this.pipeline.send({ kind: 'expect', source }).catch(this.options.onFailure);
      },
      onChunk: (chunk, logIndex) => this.feed(chunk, logIndex),
    });
    troubles.endBefore(`log ${LEFT_OUT}`);
    // Silence since the logs were last written counts: time has passed for who is in the window.
    const writtenMs = Math.max(0, ...positions.map((position) => position.writtenMs ?? 0));
    if (!isBehind && writtenMs > 0) this.clock.arrived(this.pipeline.second, writtenMs);
    // A failing thread is a bug: it ends the daemon, systemd starts it again, and nothing was saved past what was judged.
    this.follower.ended.catch(this.options.onFailure);
    this.endTicks = everySecond(() => {
      // A tick that takes longer than a second is the traffic thread catching up: the next one can wait.
      this.ticking ??= this.tick().finally(() => (this.ticking = undefined));
    });
  }

  /** Seconds by which the newest line was behind when it was read; null before the first. */
  lagSeconds(): number | null {
    return this.clock.lagSeconds();
  }

  /** Everything that was written has been read, and that was not long ago. */
  get isCurrent(): boolean {
    return !this.behind && !this.isSilent;
  }

  /** The anomaly of the site that was reported and has not ended. */
  incident(): Status['incident'] {
    const anomaly = this.engine?.anomaly;
    if (!anomaly) return null;
    const { lastSecond, ...numbers } = anomaly;
    const calmSeconds = this.pipeline.second - lastSecond + this.clock.silentMs(this.readUpToMs) / 1000;
    return { ...toTold(numbers), ongoing: calmSeconds <= RATE_SECONDS };
  }

  /** What was learned, packed. */
  async take(): Promise<Uint8Array | undefined> {
    return (await this.pipeline.send({ kind: 'snapshot' })).snapshot;
  }

  async findBusiest(): Promise<Busiest> {
    const { busiest } = await this.pipeline.send({ kind: 'busiest', most: BUSIEST_CLIENTS });
    return busiest ?? { second: 0, site_rates: [], clients: [] };
  }

  /** Of the lines that were followed: those of the past teach, and count for nothing else. */
  counts(): Pick<Status, 'lines_total' | 'skipped'> {
    if (this.rehearsing) return { lines_total: 0, skipped: {} };
    return { lines_total: this.pipeline.lines, skipped: this.pipeline.skipped };
  }

  logs(): readonly LogStatus[] {
    return this.follower?.status() ?? [];
  }

  /**
   * Ends reading, judges what was read, and gives what was learned, packed, for the next start; undefined when the logs were never
   * followed: half of the past is no baseline. The threads still answer.
   */
  async stop(): Promise<Uint8Array | undefined> {
    this.endTicks();
    this.robots.stop();
    await this.ticking;
    if (!this.follower) return undefined;
    await this.follower.stop();
    await this.pipeline.drain();
    return this.take();
  }

  /** Ends the threads. */
  close(): Promise<void> {
    return this.pipeline.close();
  }

  private async feed(chunk: Chunk, logIndex: number): Promise<void> {
    this.behind = chunk.behind;
    const { length } = chunk.bytes;
    await this.pipeline.feed(chunk, logIndex);
    this.judgedBytes += length;
    this.clock.arrived(this.pipeline.second, this.options.now());
  }

  private async tick(): Promise<void> {
    this.health.look(this.logs());
    if (this.quiet.look(this.judgedBytes)) {
      await this.pipeline.send({ kind: 'free_memory' });
      this.options.onQuiet();
    }
    if (this.isIdle && this.asked.isEnough(this.pipeline.tasks)) return;
    if (this.pipeline.waitingMs() > MERGE_WAIT_MS) await this.pipeline.send({ kind: 'flush' });
    if (this.isSilent && this.engine?.anomaly) await this.pipeline.send({ kind: 'fall_silent' });
    await this.askEngine(this.behind ? undefined : this.clock.findTick(this.readUpToMs));
    this.options.onProgress();
  }

  /** Every line from before this has been judged, epoch milliseconds: long ago once zban itself was stopped for a while. */
  private get readUpToMs(): number {
    const nowMs = performance.now();
    return this.options.now() - (nowMs - (this.follower?.readUpToMs ?? nowMs));
  }

  /** For as long as it takes to end an anomaly when there are lines. */
  private get isSilent(): boolean {
    return this.clock.silentMs(this.readUpToMs) >= this.options.config.detection.site.end_after;
  }

  /** No line is in the window or waits, and nothing that silence ends is open. */
  private get isIdle(): boolean {
    const { engine, pipeline, clock, options } = this;
    if (engine?.anomaly || engine?.fuse || pipeline.waitingMs() > 0) return false;
    return clock.isSilent(this.readUpToMs, options.config.detection.window);
  }

  private async askEngine(second?: number): Promise<void> {
    const { status } = await this.pipeline.send({ kind: 'status', second });
    if ((status?.setBacks ?? 0) > (this.engine?.setBacks ?? 0))
      this.options.log('warn', "a log's clock was set back: its lines are judged as if it had gone on");
    if (!status) return;
    this.asked.note(this.pipeline.tasks);
    const silentMs = this.clock.silentMs(this.readUpToMs);
    this.engine = { ...status, ...emptied(silentMs, this.options.config.detection.window) };
    this.options.onMinutes(status.minutes);
  }
}
