/**
 * The engine: traffic, detection and decision in log time. Fed with the same lines in the same order it emits the same
 * events, however the lines were cut into chunks; `zban run` and `zban replay` differ only in what they do with them.
 */
import { EngineLedger } from '../decide/engine-ledger.ts';
import type { Offender } from '../decide/offender-table.ts';
import { Points } from '../detect/points.ts';
import { RobotVerdicts } from '../detect/robot-verdicts.ts';
import type { EngineEvent } from '../model/event.ts';
import type { LineReader } from '../parse/line-format.ts';
import type { Tally } from '../parse/tally.ts';
import * as columns from '../parse/tally.ts';
import type { EngineOptions } from '../settings/engine-settings.ts';
import { SiteWatch } from '../site/site-watch.ts';
import type { Surge } from '../site/surge.ts';
import type { SwarmWatch } from '../swarm/swarm-watch.ts';
import { Baseline, type Effective } from '../traffic/baseline.ts';
import { Clients } from '../traffic/clients.ts';
import { Evidence, type Release } from '../traffic/evidence.ts';
import { Learner } from '../traffic/learner.ts';
import { LEFT_OUT, LineOrder } from '../traffic/line-order.ts';
import { Meter } from '../traffic/meter.ts';
import { Window } from '../traffic/window.ts';
import { Anomalies } from './anomalies.ts';
import { type BusyClient, listBusiest } from './busiest.ts';
import { ClientHistories } from './client-histories.ts';
import { createSwarmWatch } from './create-swarm-watch.ts';
import { EngineBans } from './engine-bans.ts';
import type { EngineState } from './engine-state.ts';
import { Judge } from './judge.ts';
import { Lookahead } from './lookahead.ts';
import { NetworkWatch } from './network-watch.ts';
import { SharedCounts, type SharedCountsResult, type SharedNews } from './shared-counts.ts';
import { Timeline } from './timeline.ts';
import { inToldTime } from './told-time.ts';

/** Names of this module's own, as in src/detect/request.ts. */
const { ASSET, HIGH, INFO, LOW, NEWCOMER, PAGE_PART, ROBOT, ROW, SIZE, STATUS_MASK, URL } = columns;
/** (second, client) pairs the window may hold: 24 bytes each. */
const WINDOW_ENTRIES_MAX = 4_000_000;

export class Engine {
  readonly ledger: EngineLedger;
  readonly bans: EngineBans;
  readonly clients: Clients;
  readonly window: Window;
  readonly baseline: Baseline;
  readonly site: SiteWatch;
  readonly robots: RobotVerdicts;
  /** Absent where it is switched off, and in the classic profile. */
  readonly swarm: SwarmWatch | undefined;
  readonly order: LineOrder;
  /** Kept for charts alone. */
  readonly meter = new Meter();
  /** Kept for reports alone. */
  readonly history: ClientHistories | undefined;
  /** Events of clients banned at the time: in no window. */
  banned = 0;
  /** Seconds by which the wall clock is ahead of the engine's, which events are told by; undefined: by the log's. */
  wallAhead: number | undefined;

  readonly options: EngineOptions;
  readonly emit: (event: EngineEvent) => void;
  readonly evidence: Evidence;
  readonly learner: Learner;
  readonly anomalies: Anomalies;
  readonly judge: Judge;
  readonly timeline: Timeline;
  /** Absent in the classic profile, as are networks. */
  readonly points: Points | undefined;
  readonly networks: NetworkWatch | undefined;
  private readonly classic: boolean;
  private readonly next: Lookahead;
  private shared: SharedCounts | undefined;

  constructor(options: EngineOptions, reader: LineReader, emit: (event: EngineEvent) => void, release?: Release) {
    const { detection } = options;
    this.options = options;
    this.emit = (event) => emit(inToldTime(event, this.ahead, -this.order.shift));
    this.classic = options.profile === 'classic';
    const windowSeconds = Math.round(detection.window / 1000);
    this.order = new LineOrder(Math.min(Math.round(detection.out_of_order / 1000), windowSeconds - 1));
    this.clients = new Clients(detection.clients_max);
    this.robots = new RobotVerdicts(this.clients);
    this.history = options.history ? new ClientHistories(this.clients) : undefined;
    this.points =
      detection.points.enabled && !this.classic
        ? new Points(detection.points, this.clients.records, options.hashKey)
        : undefined;
    this.next = new Lookahead(this.clients, this.history);
    this.baseline = new Baseline(options.baseline);
    this.learner = new Learner(this.clients, this.baseline);
    this.window = new Window(
      windowSeconds,
      this.clients,
      WINDOW_ENTRIES_MAX,
      (slot, second, requests, weight, errors) =>
        this.learner.leave(slot, second, requests, this.classic ? requests : weight, errors),
    );
    this.evidence = new Evidence(reader, release);
    this.site = new SiteWatch(options, this.clients, this.window, this.evidence);
    this.ledger = new EngineLedger(options.bans, detection);
    this.networks = this.points && new NetworkWatch(detection.points, detection, this.clients, this.points);
    this.swarm = this.classic ? undefined : createSwarmWatch(this);
    this.bans = new EngineBans(this);
    this.timeline = new Timeline(this);
    this.anomalies = new Anomalies(this);
    this.judge = new Judge(this);
  }

  /** Seconds from the engine's clock to the one that events are told by. */
  get ahead(): number {
    return this.wallAhead ?? -this.order.shift;
  }

  /** The baseline in force. */
  get effective(): Effective {
    return this.timeline.effective;
  }

  /** Works through rows `from`…`to` of a tally, whose lines are in `bytes`. */
  ingest(source: number, bytes: Uint8Array, tally: Tally, from: number, to: number): void {
    const { evidence, order } = this;
    if (from === to) return;
    this.next.open(from);
    evidence.open(source, bytes, tally, from);
    order.open(source);
    for (let row = from; row < to; row++) this.take(tally.rows, row, to);
    evidence.extend(to);
  }

  /** One row of those up to `to`. Apart, because V8 compiles what is called often sooner, and once, than what loops for long. */
  private take(rows: Uint32Array, row: number, to: number): void {
    const { clients, window, evidence, classic, points, history, robots, swarm, judge, timeline } = this;
    const at = row * ROW;
    const second = this.order.place(rows, at, window.newest);
    if (second === LEFT_OUT) return;
    if (second > window.newest) {
      evidence.extend(row);
      timeline.advanceTo(second);
    }
    const known = this.next.find(rows, row, to);
    const slot = known >= 0 ? known : this.addClient(rows[at + HIGH] as number, rows[at + LOW] as number, second);
    if (swarm && clients.firstSecond(slot) >= swarm.newSince) rows[at + INFO] = (rows[at + INFO] as number) | NEWCOMER;
    if (clients.bannedUntil(slot) > second) {
      this.banned++;
      this.bans.traffic.note(slot, second);
      this.meter.noteBanned();
      history?.noteShutOut(slot, window.newest);
      return;
    }
    const info = rows[at + INFO] as number;
    const status = info & STATUS_MASK;
    const learns = clients.flaggedUntil(slot) < window.newest && window.newest > timeline.savedSecond;
    const overflow = points?.add(slot, rows, at, window.newest, learns, robots.of(slot));
    const refused = status >= 400 && status < 499;
    const weight = (points ? points.light : info & ASSET) ? 0 : 1;
    window.add(slot, second, weight, refused ? 1 : 0);
    this.meter.note(info, classic || weight === 1);
    if (swarm && info & PAGE_PART) swarm.strangers.notePart(slot, (rows[at + URL] as number) >>> 16);
    if (info & ROBOT && robots.shouldAsk(slot, window.newest)) {
      evidence.extend(row + 1);
      this.askAbout(slot);
    }
    if (weight === 1) this.site.noteRequest(slot, second);
    history?.note(slot, window.newest, info, points, timeline.rules);
    if (overflow || (classic ? clients.requests(slot) : clients.weight(slot)) >= timeline.rules.weightMin) {
      evidence.extend(row + 1);
      judge.judgeClient(slot, overflow);
    }
    if (points?.spreads && !this.anomalies.hasHistory(slot)) {
      const attack = this.networks?.add(slot, rows[at + SIZE] as number, window.newest);
      if (attack) {
        evidence.extend(row + 1);
        judge.judgeNetwork(attack);
      }
    }
  }

  /** Moves the log clock on to `second`, closing every second before it. */
  advanceTo(second: number): void {
    this.timeline.advanceTo(second);
  }

  /** What was learned, for the next start. */
  snapshot(): EngineState {
    return {
      ...this.baseline.snapshot(),
      second: this.window.newest - this.order.shift,
      ...(this.wallAhead !== undefined && { wallAhead: this.wallAhead + this.order.shift }),
      ...(this.points && { points: this.points.site.snapshot() }),
      site: this.site.snapshot(),
      ...(this.swarm && { swarm: this.swarm.snapshot(this.window.newest) }),
    };
  }

  /** Takes over what an earlier engine learned. Lines that it had seen may come again: they teach nothing. */
  restore(state: EngineState): void {
    const { second } = state;
    if (state.wallAhead !== undefined) this.followWall(state.wallAhead);
    this.baseline.restore(state);
    if (state.points) this.points?.site.restore(state.points);
    if (state.swarm) this.swarm?.restore(state.swarm);
    this.site.restore(state.site, second);
    this.timeline.restart(second);
  }

  /** The wall clock, by which bans end, is `ahead` seconds ahead of the engine's. */
  followWall(ahead: number): void {
    this.bans.moveEnds((this.wallAhead ?? 0) - ahead);
    this.wallAhead = ahead;
  }

  /** The wall clock was set forward by so many seconds; the engine's own runs on, and with it the bans. */
  stepWall(seconds: number): void {
    if (this.wallAhead !== undefined) this.wallAhead += seconds;
  }

  /**
   * Ends a rehearsal, in which lines were worked through whose decisions were made before or are never to be made:
   * `offenders` are the bans and past offences there really are, `anomaly` is that of the site which was reported and has
   * not ended.
   */
  goLive(offenders: Iterable<Offender>, anomaly?: Surge): void {
    this.bans.replace(offenders);
    this.banned = 0;
    this.order.goLive();
    this.emitAny(this.site.goLive(anomaly, this.window.newest, this.effective));
    for (const end of this.swarm?.lanes.goLive() ?? []) this.emit(end);
  }

  /** The log has been silent for so long that an anomaly of the site is over; the log's clock stands. */
  fallSilent(): void {
    this.emitAny(this.site.fallSilent(this.window.newest, this.effective));
  }

  /** Hears what other hosts counted and says what this one did; undefined where no points are counted. */
  shareCounts(news: SharedNews): SharedCountsResult | undefined {
    if (!this.points) return undefined;
    this.shared ??= new SharedCounts(this.points, this.clients, this.options.detection);
    return this.shared.exchange(news, this.window.newest, (slot, overflow) => {
      if (this.clients.bannedUntil(slot) <= this.window.newest) this.judge.judgeClient(slot, overflow);
    });
  }

  /** Asks the fuse about a ban that another host decided; true when it may be carried out here. */
  admits(high: number, low: number): boolean {
    return this.judge.admits(this.clients.find(high, low));
  }

  /** The clients that `zban top` shows. */
  findBusiest(max: number): BusyClient[] {
    return listBusiest(this, max);
  }

  private addClient(high: number, low: number, second: number): number {
    const added = this.clients.add(high, low, second);
    this.points?.unreported?.reserve(this.clients.capacity);
    this.bans.begin(added, high, low);
    this.robots.begin(added, high, low);
    this.swarm?.strangers.begin(added, second);
    this.history?.begin(added);
    return added;
  }

  /** The user agent of a client says that it is a robot's: is it? */
  private askAbout(slot: number): void {
    const record = this.evidence.newestRecord(this.clients.high(slot), this.clients.low(slot));
    if (!record?.source_ip) return;
    this.robots.noteClaim(slot, this.window.newest, record.source_ip, record.user_agent ?? '');
  }

  private emitAny(event: EngineEvent | undefined): void {
    if (event) this.emit(event);
  }
}
