/**
 * The traffic thread: owns the engine. Its pool has one thread, so tasks arrive one after the other, in order. Loads nothing of the
 * pool, which stays in memory for good: a snapshot, every ten minutes at most, is copied instead of moved.
 */
import { workerData } from 'node:worker_threads';
import type { FuseHold } from '../decide/fuse.ts';
import { type Offender, type OffenderColumns, unpackOffenders } from '../decide/offender-table.ts';
import { Engine } from '../engine/engine.ts';
import { packEngineState } from '../engine/engine-state.ts';
import { type HistorySummary, summarizeHistory } from '../engine/history-summary.ts';
import { type EngineEvent, toTold } from '../model/told-event.ts';
import { Parser } from '../parse/parser.ts';
import { newestSecond, type Tally } from '../parse/tally.ts';
import type { Surge } from '../site/surge.ts';
import { topClients } from '../traffic/busiest.ts';
import { Merge, type Parcel } from '../traffic/merge.ts';
import { WallClock } from '../traffic/wall-clock.ts';
import { freeMemory } from './free-memory.ts';
import type { TrafficResult, TrafficTask, WorkerSetup } from './messages.ts';
import { tellEvent, tellFuse } from './tell-event.ts';

const TOP_CLIENTS = 10;
const UNSTOPPED_CLIENTS = 20;

const setup = workerData as WorkerSetup;
const parsers = setup.parsers.map((options) => new Parser(options));
/** Log (index of its parser) of each source. */
const logs = new Map<number, number>();
const parserOf = (source: number): Parser | undefined => parsers[logs.get(source) ?? 0];
const ids = new Map<Parcel, number>();
/** Id of the newest chunk of each source. */
const newestIds = new Map<number, number>();
let events: EngineEvent[] = [];
let wall = new WallClock(undefined);

const engine = new Engine(
  setup.engine,
  {
    record: (source, line) => parserOf(source)?.readRecord(line),
    scan: (source, bytes, start) => parserOf(source)?.scanLine(bytes, start),
  },
  (event) => events.push(tellEvent(event)),
  // Left to the garbage collector, tens of megabytes of chunks would wait for it.
  (bytes, tally) => {
    for (const { buffer } of [bytes, tally.rows]) if (buffer instanceof ArrayBuffer) buffer.transfer(0);
  },
);
const merge = new Merge((parcel, from, to) => engine.ingest(parcel.source, parcel.bytes, parcel.tally, from, to));

function consumed(done: readonly Parcel[]): number[] {
  return done.map((parcel) => {
    const id = ids.get(parcel) ?? -1;
    ids.delete(parcel);
    return id;
  });
}

/** Learns from lines that were just written how far the wall clock is ahead; before they are judged. */
function followWall(source: number, parsed: Tally, writtenMs: number, isBehind: boolean): void {
  engine.order.open(source);
  const second = newestSecond(parsed) + engine.order.shift;
  if (parsed.count === 0 || second < engine.window.newest) return;
  wall.note(second, writtenMs, isBehind);
  if (engine.wallAhead !== wall.aheadSeconds) engine.followWall(wall.aheadSeconds);
}

function stepWall(seconds: number): void {
  wall.step(seconds);
  engine.stepWall(seconds);
}

function shiftFuse({ until, reason }: FuseHold, seconds: number): FuseHold {
  return { until: until + seconds, reason };
}

/** From the wall clock to the engine's. */
function toEngine(second: number): number {
  return second - wall.aheadSeconds;
}

function* offendersToEngine(columns: OffenderColumns): Generator<Offender> {
  for (const { until, lastEnd, ...rest } of unpackOffenders(columns))
    yield { ...rest, until: until === 0 ? 0 : toEngine(until), lastEnd: toEngine(lastEnd) };
}

function surgeToEngine({ since, lastSecond, ...rest }: Surge): Surge {
  return { ...rest, since: toEngine(since), lastSecond: toEngine(lastSecond) };
}

/** Numbers of the running engine for status, dashboard and metrics. */
export type EngineStatus = Readonly<ReturnType<typeof status>>;
function status() {
  const { window, clients, effective, site, ledger, order } = engine;
  const last = (window.newest + window.seconds - 1) % window.seconds;
  const counted = setup.engine.profile === 'classic' ? window.siteRequests : window.siteWeight;
  const rateOf = (perSecond: Uint32Array) => perSecond.reduce((sum, requests) => sum + requests, 0) / window.seconds;
  return {
    /** Newest second of the log, by the wall clock; 0 before the first line. */
    second: window.newest === 0 ? 0 : window.newest + wall.aheadSeconds,
    /** Seconds by which the wall clock is ahead of the log's. */
    wallAhead: wall.aheadSeconds + order.shift,
    siteRate: rateOf(window.siteRequests),
    siteRateLast: window.siteRequests[last] ?? 0,
    /** The same of the requests that count towards the site's baseline. */
    countedRate: rateOf(counted),
    countedRateLast: counted[last] ?? 0,
    /** Minutes that ended since the last answer, oldest first. */
    minutes: engine.meter.take(),
    clients: clients.active,
    /** Clients ever seen, those forgotten included. */
    clientsSeen: clients.size + clients.evicted,
    effective,
    /** The anomaly of the site that was reported and has not ended; `lastSecond` is its last above the limit. */
    anomaly: site.ongoing,
    /** By the wall clock; undefined unless the fuse has tripped. */
    fuse: ledger.fuse.hold && shiftFuse(ledger.fuse.hold, wall.aheadSeconds),
    /** Seconds by which a log is behind the others, so that its lines are left out; 0 when none is. */
    behindSeconds: order.findBehind(window.newest),
    /** Times that a log's clock was found to have been set back. */
    setBacks: order.setBacks,
    /** Banned clients whose requests keep coming, their times by the wall clock. */
    unstopped: engine.bans.unstopped(UNSTOPPED_CLIENTS).map(({ first, last, ...rest }) => ({
      ...rest,
      first: first + wall.aheadSeconds,
      last: last + wall.aheadSeconds,
    })),
    /** The client taken for a proxy. */
    proxy: ledger.proxy,
    topClients: topClients(clients, setup.engine.detection, TOP_CLIENTS),
    discarded: {
      late_lines: order.late,
      evicted_clients: clients.evicted,
      window_entries: window.overflowed,
      banned_lines: engine.banned,
    },
  };
}

function busiest(most: number): NonNullable<TrafficResult['busiest']> {
  const { newest, seconds, siteRequests, siteWeight } = engine.window;
  // What the site's baseline is of.
  const rates = setup.engine.profile === 'classic' ? siteRequests : siteWeight;
  // The second after the newest one is the oldest of the ring; the newest is not over yet.
  const siteRates = Array.from({ length: seconds - 1 }, (_, age) => rates[(newest + 1 + age) % seconds] ?? 0);
  const second = newest === 0 ? 0 : newest + wall.aheadSeconds;
  return toTold({ second, siteRates, clients: engine.findBusiest(most) });
}

function summarize(most: number): HistorySummary {
  const { history, clients } = engine;
  if (!history) throw new Error('the engine keeps no history');
  return summarizeHistory(history, clients, setup.engine.detection, most);
}

function handle(task: TrafficTask): Partial<TrafficResult> {
  switch (task.kind) {
    case 'ingest': {
      if (task.id <= (newestIds.get(task.source) ?? -1)) throw new Error(`chunk ${task.id} came out of order`);
      newestIds.set(task.source, task.id);
      logs.set(task.source, task.log);
      if (task.writtenMs !== undefined) followWall(task.source, task.parsed, task.writtenMs, task.more);
      const parcel: Parcel = { source: task.source, bytes: task.parsed.bytes, tally: task.parsed };
      ids.set(parcel, task.id);
      return { consumed: consumed(merge.push(parcel, task.more)) };
    }
    case 'expect':
      merge.expect(task.source);
      return {};
    case 'finish':
      return { consumed: consumed(merge.finish(task.source)) };
    case 'flush':
      return { consumed: consumed(merge.flush()) };
    case 'set_bans':
      if (task.steppedSeconds !== undefined) stepWall(task.steppedSeconds);
      for (const offender of offendersToEngine(task.offenders)) engine.bans.set(offender);
      return {};
    case 'go_live':
      engine.goLive(offendersToEngine(task.offenders), task.anomaly && surgeToEngine(task.anomaly));
      if (task.fuse) engine.ledger.fuse.restore(shiftFuse(task.fuse, -wall.aheadSeconds));
      return {};
    case 'fall_silent':
      engine.fallSilent();
      return {};
    case 'free_memory':
      freeMemory();
      return {};
    case 'release':
      for (const key of task.clients) engine.bans.release(key, toEngine(task.second));
      return {};
    case 'drop_lane':
      engine.swarm?.lanes.drop(task.id, engine.window.newest);
      return {};
    case 'never_banned':
      engine.ledger.setNeverBanned(task.networks);
      engine.bans.judgeRefusedAgain();
      return {};
    case 'robot_networks':
      engine.robots.setNetworks(task.networks);
      engine.robots.asking = task.ask;
      return {};
    case 'robots':
      engine.robots.answer(task.verdicts);
      return {};
    case 'share_counts': {
      const shared = engine.shareCounts(task.news);
      return shared ? { shared } : {};
    }
    case 'admit':
      return { admitted: task.clients.map(({ high, low }) => engine.admits(high, low)) };
    case 'reset_fuse': {
      const fuse = engine.ledger.fuse.reset(engine.window.newest);
      if (fuse) engine.bans.judgeRefusedAgain();
      return fuse ? { fuse: tellFuse(fuse) } : {};
    }
    case 'restore':
      engine.restore(task.state);
      wall = new WallClock(task.state.wallAhead);
      return {};
    case 'snapshot':
      return { snapshot: packEngineState(engine.snapshot()) };
    case 'status': {
      const { second = 0 } = task;
      if (engine.window.newest > 0 && second > engine.window.newest) engine.advanceTo(second);
      return { status: status() };
    }
    case 'busiest':
      return { busiest: busiest(task.most) };
    case 'history':
      return { history: summarize(task.most) };
  }
}

export default function work(task: TrafficTask): TrafficResult {
  const handled = handle(task);
  const told = events;
  const claims = engine.robots.takeClaims();
  events = [];
  const robotClaims = claims.length > 0 && { robotClaims: claims };
  return { second: engine.window.newest, events: told, consumed: [], ...robotClaims, ...handled };
}
