/**
 * The engine: traffic, detection and decision in log time. Fed with the same lines in the same order it emits the same
 * events, however the lines were cut into chunks; `zban run` and `zban replay` differ only in what they do with them.
 */
import { type Offender, Policy } from '../decide/policy.ts';
import { ClientRules } from '../detect/client-rules.ts';
import { type Overflow, Points } from '../detect/points.ts';
import { ProxyWatch, WATCHED_LINES_MIN } from '../detect/proxy-watch.ts';
import type { ReportReach } from '../detect/reach.ts';
import { RobotVerdicts } from '../detect/robot-verdicts.ts';
import { type EngineEvent, inToldTime } from '../model/event.ts';
import type { NetworkProof } from '../model/lane.ts';
import type { EngineOptions } from '../model/options.ts';
import type { TopClient } from '../model/status.ts';
import { formatSecond } from '../model/time.ts';
import { formatBanKey, type NetworkKey } from '../net/client-network.ts';
import { ASSET, HIGH, INFO, LOW, ROBOT, ROW, SIZE, STATUS_MASK, type Tally } from '../parse/tally.ts';
import { SiteWatch } from '../site/site-watch.ts';
import type { Surge } from '../site/surge.ts';
import type { SwarmWatch } from '../swarm/swarm-watch.ts';
import { Baseline, baselineEvent, type Effective } from '../traffic/baseline.ts';
import { Clients } from '../traffic/clients.ts';
import { Evidence, type ReadRecord, type Release } from '../traffic/evidence.ts';
import { Learner } from '../traffic/learner.ts';
import { GAP_SECONDS_MAX, LEFT_OUT, LineOrder } from '../traffic/line-order.ts';
import { Meter } from '../traffic/meter.ts';
import { Window } from '../traffic/window.ts';
import { Anomalies, type Anomaly } from './anomalies.ts';
import { listBusiest } from './busiest.ts';
import { createSwarmWatch } from './create-swarm-watch.ts';
import { EngineBans } from './engine-bans.ts';
import type { EngineState } from './engine-state.ts';
import { History } from './history.ts';
import { type NetworkAttack, NetworkWatch } from './network-watch.ts';
import { SharedCounts, type SharedCountsResult, type SharedNews } from './shared-counts.ts';

const MINUTE = 60;
/** How often the newest lines are looked at for a proxy's, and how many. */
const WATCH_SECONDS = 60;
const WATCHED_LINES = 2000;
/** The client has the answer from before (RFC 9110, 15.4.5). */
const NOT_MODIFIED = 304;
/** (second, client) pairs the window may hold: 22 bytes each. */
const WINDOW_ENTRIES_MAX = 4_000_000;

export class Engine {
  readonly policy: Policy;
  readonly bans: EngineBans;
  readonly clients: Clients;
  readonly window: Window;
  readonly baseline: Baseline;
  readonly site: SiteWatch;
  readonly robots: RobotVerdicts;
  /** Absent where it is switched off, and in the classic profile. */
  readonly swarm: SwarmWatch | undefined;
  effective: Effective;
  readonly order: LineOrder;
  /** Kept for charts alone. */
  readonly meter = new Meter();
  private readonly proxies = new ProxyWatch();
  /** Kept for reports alone. */
  readonly history: History | undefined;
  /** Events of clients banned at the time: in no window. */
  banned = 0;
  /** Seconds by which the wall clock is ahead of the engine's, which events are told by; undefined: by the log's. */
  wallAhead: number | undefined;

  private readonly options: EngineOptions;
  private readonly emit: (event: EngineEvent) => void;
  private readonly evidence: Evidence;
  private readonly learner: Learner;
  private readonly classic: boolean;
  private readonly windowSeconds: number;
  private readonly recomputeSeconds: number;
  private readonly anomalies: Anomalies;
  /** Absent in the classic profile. */
  private readonly points: Points | undefined;
  private readonly networks: NetworkWatch | undefined;
  private shared: SharedCounts | undefined;
  /** First second since which the log was read without a gap, and that the baseline has not learned from. */
  private readFrom = 0;
  /** The log clock at which the state was saved that this engine began with: what was learned until then is in it. */
  private savedSecond = 0;

  constructor(options: EngineOptions, readRecord: ReadRecord, emit: (event: EngineEvent) => void, release?: Release) {
    const { detection } = options;
    this.options = options;
    this.emit = (event) => emit(inToldTime(event, this.wallAhead ?? -this.order.shift, -this.order.shift));
    this.classic = options.profile === 'classic';
    this.windowSeconds = Math.round(detection.window / 1000);
    this.order = new LineOrder(Math.min(Math.round(detection.out_of_order / 1000), this.windowSeconds - 1));
    this.recomputeSeconds = Math.max(1, Math.round(options.baseline.recompute / 1000));
    this.clients = new Clients(detection.clients_max);
    this.robots = new RobotVerdicts(this.clients);
    this.history = options.history ? new History(this.clients) : undefined;
    this.points = detection.points.enabled && !this.classic ? new Points(detection.points, options.hashKey) : undefined;
    this.baseline = new Baseline(options.baseline);
    this.learner = new Learner(this.clients, this.baseline);
    this.window = new Window(
      this.windowSeconds,
      this.clients,
      WINDOW_ENTRIES_MAX,
      (slot, second, requests, weight, errors) =>
        this.learner.leave(slot, second, requests, this.classic ? requests : weight, errors),
    );
    this.evidence = new Evidence(readRecord, release);
    this.site = new SiteWatch(options, this.clients, this.window, this.evidence);
    this.policy = new Policy(options.bans, detection);
    this.networks = this.points && new NetworkWatch(detection.points, detection, this.clients, this.points);
    this.swarm = this.classic
      ? undefined
      : createSwarmWatch({
          ...{ options, clients: this.clients, evidence: this.evidence, robots: this.robots },
          ...{ policy: this.policy, window: this.window, emit: (event) => this.emit(event) },
          banNetwork: (network, swarm) => this.banNetwork(network, swarm),
        });
    this.bans = new EngineBans(this.policy, this.clients, this.window, this.points, this.networks);
    this.effective = this.baseline.effective(0);
    this.anomalies = new Anomalies(this.makeRules(), detection, this.clients, this.window, this.evidence, this.points);
  }

  /** Works through rows `from`…`to` of a tally, whose lines are in `bytes`. */
  ingest(source: number, bytes: Uint8Array, tally: Tally, from: number, to: number): void {
    const { rows } = tally;
    const { clients, window, evidence, order, classic, points, history, site, robots, meter, swarm } = this;
    if (from === to) return;
    evidence.open(source, bytes, tally, from);
    order.open(source);
    for (let row = from, at = from * ROW; row < to; row++, at += ROW) {
      const second = order.place(rows, at, window.newest);
      if (second === LEFT_OUT) continue;
      if (second > window.newest) {
        evidence.extend(row);
        this.advanceTo(second);
      }
      const slot = this.findSlot(rows[at + HIGH] as number, rows[at + LOW] as number, second);
      if ((clients.bannedUntil[slot] as number) > second) {
        this.banned++;
        this.bans.traffic.note(slot, second);
        meter.noteBanned();
        history?.noteShutOut(slot, window.newest);
        continue;
      }
      const info = rows[at + INFO] as number;
      const status = info & STATUS_MASK;
      const overflow = points?.add(
        slot,
        rows,
        at,
        window.newest,
        (clients.flaggedUntil[slot] as number) < window.newest && window.newest > this.savedSecond,
        robots.of(slot),
      );
      const refused = status >= 400 && status < 499;
      const weight = (points ? points.light : info & ASSET) ? 0 : 1;
      window.add(slot, second, weight, refused ? 1 : 0);
      meter.note(info, classic || weight === 1);
      if (swarm && (info & ASSET || status === NOT_MODIFIED)) swarm.strangers.noteFile(slot);
      if (info & ROBOT && robots.shouldAsk(slot, window.newest)) {
        evidence.extend(row + 1);
        this.askAbout(slot);
      }
      if (!(info & ASSET)) site.noteRequest(slot, second);
      history?.note(slot, window.newest, info, points, this.anomalies.rules);
      if (
        overflow ||
        ((classic ? clients.requests[slot] : clients.weight[slot]) as number) >= this.anomalies.rules.weightMin
      ) {
        evidence.extend(row + 1);
        this.judge(slot, overflow);
      }
      if (points?.spreads && !this.anomalies.hasHistory(slot)) {
        const attack = this.networks?.add(slot, rows[at + SIZE] as number, window.newest);
        if (attack) {
          evidence.extend(row + 1);
          this.judgeNetwork(attack);
        }
      }
    }
    evidence.extend(to);
  }

  /** Moves the log clock on to `second`, closing every second before it. */
  advanceTo(second: number): void {
    const { window } = this;
    if (window.newest === 0) {
      window.newest = second;
      this.readFrom = Math.max(second, this.learnFrom);
      this.policy.fuse.advance(second);
      return;
    }
    if (second - window.newest > GAP_SECONDS_MAX) {
      const drained = window.newest + this.windowSeconds;
      while (window.newest < drained) this.step();
      this.interruptSite(window.newest);
      window.restart(second - 1);
      this.readFrom = second;
    }
    while (window.newest < second) this.step();
  }

  /** What was learned, for the next start. */
  snapshot(): EngineState {
    return {
      ...this.baseline.snapshot(),
      second: this.window.newest - this.order.shift,
      ...(this.wallAhead !== undefined && { wallAhead: this.wallAhead + this.order.shift }),
      ...(this.points && { points: this.points.snapshot() }),
      site: this.site.snapshot(),
      ...(this.swarm && { swarm: this.swarm.snapshot() }),
    };
  }

  /** Takes over what an earlier engine learned. Lines that it had seen may come again: they teach nothing. */
  restore(state: EngineState): void {
    this.savedSecond = state.second ?? 0;
    if (state.wallAhead !== undefined) this.followWall(state.wallAhead);
    this.baseline.restore(state);
    if (state.points) this.points?.restore(state.points);
    if (state.swarm) this.swarm?.restore(state.swarm);
    if (state.site) this.site.restore(state.site, this.savedSecond);
    this.recompute();
  }

  /** The wall clock, by which bans end, is `ahead` seconds ahead of the engine's. */
  followWall(ahead: number): void {
    this.bans.moveEnds((this.wallAhead ?? 0) - ahead);
    this.wallAhead = ahead;
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
      if ((this.clients.bannedUntil[slot] as number) <= this.window.newest) this.judge(slot, overflow);
    });
  }

  /**
   * Asks the fuse about a ban that another host decided, at this moment; true when it may be carried out here.
   */
  admits(high: number, low: number): boolean {
    const slot = this.clients.find(high, low);
    if (slot < 0 || !this.anomalies.hasHistory(slot)) return true;
    const { admitted, event } = this.policy.fuse.admit(this.window.newest, this.clients.active);
    this.emitAny(event);
    return admitted;
  }

  /** The clients that `zban top` shows. */
  findBusiest(max: number): TopClient[] {
    const { clients, window, evidence, points } = this;
    const reach = (slot: number, tell: ReportReach) => {
      points?.reach(slot, tell, window.newest);
      const allowance = points?.allowance(slot) ?? 1;
      const [requests, weight, errors] = [clients.requests, clients.weight, clients.errors].map(
        (column) => (column[slot] as number) / allowance,
      ) as [number, number, number];
      this.anomalies.rules.reach(requests, weight, errors, tell);
    };
    return listBusiest({ clients, evidence, reach, newest: window.newest, scheme: this.options.detection }, max);
  }

  /** First second that the baseline has not learned from: it learns from seconds that leave the window. */
  private get learnFrom(): number {
    return this.savedSecond === 0 ? 0 : this.savedSecond - this.windowSeconds + 1;
  }

  private findSlot(high: number, low: number, second: number): number {
    const slot = this.clients.find(high, low);
    if (slot >= 0) return slot;
    const added = this.clients.add(high, low, second);
    this.points?.reserve(this.clients.requests.length);
    this.bans.begin(added, high, low);
    this.robots.begin(added, high, low);
    this.swarm?.strangers.begin(added, second);
    this.history?.begin(added);
    return added;
  }

  private step(): void {
    const { window, policy } = this;
    const closed = window.newest;
    const leaving = closed + 1 - this.windowSeconds;
    this.emitAny(this.site.close(closed, this.effective));
    this.swarm?.close(closed);
    this.learner.suspended = leaving < this.learnFrom || this.site.covers(leaving);
    window.advance();
    const now = window.newest;
    if (now > this.savedSecond) this.baseline.observe(1);
    if (leaving >= this.readFrom) this.learner.closeSecond(leaving);
    if (this.site.ongoing) this.meter.noteAnomaly();
    if (now % MINUTE === 0) this.meter.close(now, this.wallAhead ?? -this.order.shift, this.effective);
    if (now % WATCH_SECONDS === 0) this.watchForProxy();
    if (now % this.recomputeSeconds === 0) {
      this.recompute();
      this.emit(baselineEvent(this.effective, now));
    }
    this.bans.expire(now, this.options.detection, this.emit);
    const reset = policy.fuse.advance(now);
    if (reset) {
      this.bans.judgeRefusedAgain();
      this.emit(reset);
    }
  }

  private recompute(): void {
    this.effective = this.baseline.effective(this.window.newest);
    this.anomalies.rules = this.makeRules();
  }

  private makeRules(): ClientRules {
    const { profile, detection, baseline } = this.options;
    return new ClientRules(profile, detection, this.effective, baseline.warmup_max_requests);
  }

  /** Judges a client, by the points that `overflow` if there are any. */
  private judge(slot: number, overflow: Overflow | undefined): void {
    const anomaly = this.anomalies.ofClient(slot, overflow);
    if (anomaly && !this.decide(anomaly)) this.bans.refuse(slot);
  }

  private judgeNetwork(attack: NetworkAttack): void {
    if (!this.decide(this.anomalies.ofNetwork(attack))) this.networks?.refuse(attack.network, this.window.newest);
  }

  /** Bans, or refuses to; true when it is banned. */
  private decide({ key, numbers, hasHistory, clients }: Anomaly): boolean {
    const second = this.window.newest;
    const [ip, time] = [formatBanKey(key, this.options.detection), formatSecond(second)];
    const decision = this.policy.decide(key, second, clients, hasHistory);
    if (decision.kind === 'refused') {
      if (decision.fuse) this.emit(decision.fuse);
      this.emit({ event: 'refused', time, ip, reason: decision.reason, detail: decision.detail, ...numbers });
    }
    if (decision.kind !== 'ban') return false;
    const slot = this.clients.find(key.high, key.low);
    const past = this.history && key.bits === undefined && { past: this.history.ban(slot, second) };
    const { tier, untilMs } = decision;
    this.bans.shutOut(key, untilMs === null ? Number.POSITIVE_INFINITY : Math.ceil(untilMs / 1000));
    this.site.noteBan();
    const durationSeconds = untilMs === null ? null : (untilMs - second * 1000) / 1000;
    this.emit({ event: 'ban', time, ip, tier, duration_seconds: durationSeconds, ...numbers, ...past });
    return true;
  }

  /** The user agent of a client says that it is a robot's: is it? */
  private askAbout(slot: number): void {
    const record = this.evidence.newestRecord(this.clients.high(slot), this.clients.low(slot));
    if (!record?.source_ip) return;
    this.robots.noteClaim(slot, this.window.newest, record.source_ip, record.user_agent ?? '');
  }

  /** Bans a network that a swarm comes from; false when that is refused, or swarms are only reported. */
  private banNetwork(network: NetworkKey, swarm: NetworkProof): boolean {
    const anomaly = this.anomalies.ofSwarm(network, swarm);
    if (this.options.swarm.action !== 'alert') return this.decide(anomaly);
    const [ip, time] = [formatBanKey(network, this.options.detection), formatSecond(this.window.newest)];
    const why = { reason: 'alert', detail: 'swarm.action is alert' } as const;
    this.emit({ event: 'refused', time, ip, ...why, ...anomaly.numbers });
    return false;
  }

  private watchForProxy(): void {
    const { evidence, proxies } = this;
    const busiest = evidence.findBusiest(WATCHED_LINES_MIN, WATCHED_LINES);
    if (proxies.close(busiest, (high, low) => evidence.countAgents(high, low))) this.policy.setProxy(proxies.proxy);
  }

  /** A gap in the log after second `last`, or a clock that was set back, ends a site-wide anomaly. */
  private interruptSite(last: number): void {
    this.emitAny(this.site.interrupt(last, this.effective));
  }

  private emitAny(event: EngineEvent | undefined): void {
    if (event) this.emit(event);
  }
}
