/**
 * The lanes that are open, from decision to nginx and back, in the order that loses nothing: the audit row with the state,
 * nginx, the result row.
 */
import type { AddLaneRequest, ChangeLaneRequest, LaneResult } from '../../control/protocol.ts';
import type { NeverBanned } from '../../decide/never-banned.ts';
import { EnforcementError } from '../../enforce/backend.ts';
import { findLaneObstacle } from '../../enforce/nginx-lane-text.ts';
import type { NginxLanes } from '../../enforce/nginx-lanes.ts';
import { describeBacktest, describeMatch } from '../../english/lane.ts';
import type { AuditDraft } from '../../model/audit.ts';
import { LANES_MAX } from '../../model/lane.ts';
import type { LiveLane } from '../../model/live-lane.ts';
import type { Notification } from '../../model/notification.ts';
import type { EngineEvent } from '../../model/told-event.ts';
import { formatPrefix } from '../../net/prefix.ts';
import { readState, type States, stateOf } from '../saved-state.ts';
import { laneDraft, laneEndDraft, laneResultDraft, laneStartDraft } from './lane-drafts.ts';
import { findWhyNot, inMode, type LaneMode } from './lane-mode.ts';
import { describeOrder, idOf, type LaneNotification, withFailure } from './lane-news.ts';
import { areLanes, isRunningOut, LEASE_MS, laneOfEvent, nginxLane } from './live-lane.ts';
import { ReloadPace } from './reload-pace.ts';

/** Under which the database keeps them. */
export const LANES_KEY = 'lanes';
const RETRY_MS = 60_000;
const NOT_SET_UP = 'nginx is not set up for lanes: name a file in firewall.nginx.lanes (docs/swarms.md)';

export interface LanesOptions extends LaneMode {
  /** What the database has. */
  readonly saved: Uint8Array | undefined;
  /** Undefined where nginx is not set up for lanes. */
  readonly nginx: Pick<NginxLanes, 'setUp' | 'apply'> | undefined;
  /** Networks of robots that can be verified: no lane stops them. */
  readonly robots: readonly string[];
  readonly now: () => number;
  /** Writes rows and the state that belongs to them in one transaction. */
  readonly record: (drafts: readonly AuditDraft[], state: States) => void;
  readonly notify: (notifications: readonly Notification[]) => void;
  /** A person ended a lane: the engine is not to find it again. */
  readonly onDrop: (id: string) => void;
  /** A failure that lasts, in words; undefined once it is over. */
  readonly onTrouble: (message: string | undefined) => void;
}

/** What follows from events, to be recorded with them. */
export interface LaneConsequences {
  readonly drafts: readonly AuditDraft[];
  readonly state: States;
}

interface Kept {
  lane: LiveLane;
  /** Until when nginx was told to stop what matches. */
  leaseMs: number;
}

export class Lanes {
  private readonly options: LanesOptions;
  private readonly open = new Map<string, Kept>();
  private allowed: readonly string[] = [];
  /** Lanes that the configuration of now stops with, and did not before, or the other way round. */
  private readonly changed: LiveLane[] = [];
  private started = false;
  /** Lanes that people opened: no two of one second have the same id. */
  private added = 0;
  /** What people are told once nginx has answered. */
  private unreported: LaneNotification[] = [];
  /** When nginx is asked again after a failure, or when its next reload may be; undefined while it is as the lanes want it. */
  private retryMs: number | undefined;
  private readonly pace = new ReloadPace();
  /** One change of nginx after the other. */
  private applying: Promise<void> = Promise.resolve();

  constructor(options: LanesOptions) {
    this.options = options;
    for (const lane of readState(options.saved, areLanes) ?? []) {
      const now = this.admit(inMode(lane, options), lane.enforced);
      this.open.set(lane.id, { lane: now, leaseMs: 0 });
      if (now.enforced !== lane.enforced) this.changed.push(now);
    }
  }

  list(): readonly LiveLane[] {
    return [...this.open.values()].map(({ lane }) => lane);
  }

  /** Makes the file where there is none, and has nginx do what the records say. */
  async start(): Promise<void> {
    this.started = true;
    const timeMs = this.options.now();
    const rows = this.changed.map((lane) => {
      const detail = `${findWhyNot(lane, this.options) ?? 'the configuration allows it now'}: ${lane.action} ${describeMatch(lane.match)}`;
      return laneDraft('lane', lane, { timeMs, actor: 'system', detail });
    });
    if (rows.length > 0) this.record(rows);
    try {
      await this.options.nginx?.setUp();
      await this.carryOut();
    } catch (error) {
      if (!(error instanceof EnforcementError)) throw error;
      this.options.onTrouble(error.message);
    }
  }

  /** Who is on the allowlist is stopped by no lane; other protection is from bans alone, such as a CDN's. */
  async setAllowed(networks: readonly NeverBanned[]): Promise<void> {
    this.allowed = networks.flatMap(({ prefix, kind }) => (kind === 'allowlist' ? [formatPrefix(prefix)] : []));
    // Before the start nginx has what it had.
    if (this.started && this.stopping().length > 0) await this.carryOut();
  }

  /** Resolves once nginx is no longer asked. */
  settled(): Promise<void> {
    return this.applying;
  }

  /** Takes note of the engine's events; the caller records what follows and then calls `carryOut`. */
  take(events: readonly EngineEvent[]): LaneConsequences | undefined {
    const drafts: AuditDraft[] = [];
    for (const event of events) {
      if (event.event !== 'lane') continue;
      if (event.phase === 'start') {
        const lane = this.admit(inMode(laneOfEvent(event), this.options), false);
        this.open.set(lane.id, { lane, leaseMs: 0 });
        drafts.push(laneStartDraft(event, lane.enforced));
        this.unreported.push({ kind: 'lane', event, enforced: this.options.enforce && event.opened });
        continue;
      }
      const known = this.open.get(event.id);
      // Dropped by a person, or kept by one.
      if (!known || known.lane.kept) continue;
      this.open.delete(event.id);
      drafts.push(laneEndDraft(event, known.lane.enforced));
      // Of a swarm that goes on people are told what stops it now.
      if (event.followed_by === undefined) this.unreported.push({ kind: 'lane', event, enforced: known.lane.enforced });
    }
    return drafts.length === 0 ? undefined : { drafts, state: this.state() };
  }

  /** A second has passed: lanes whose time is up end, and nginx is told of the others again before it lets them go. */
  async tick(): Promise<void> {
    const nowMs = this.options.now();
    const over = this.list().filter(({ until }) => Date.parse(until) <= nowMs);
    for (const { id } of over) this.open.delete(id);
    const said = { timeMs: nowMs, actor: 'system', detail: 'its time is up' } as const;
    if (over.length > 0) this.record(over.map((lane) => laneDraft('lane_end', lane, said)));
    // One that is pending is about to be carried out. After a failure nginx may hold what has ended, too.
    const isDue =
      this.retryMs === undefined
        ? this.stopping().some(({ lane, leaseMs }) => lane.state === 'open' && isRunningOut(lane, leaseMs, nowMs))
        : nowMs >= this.retryMs;
    if (over.some(({ enforced }) => enforced) || isDue) await this.carryOut();
    else this.tell();
  }

  async add(request: AddLaneRequest): Promise<LaneResult> {
    const { action, match, usualRate, forMs, backtest, reason, operator } = request;
    const nowMs = this.options.now();
    const id = `${Math.floor(nowMs / 1000).toString(36)}-m${++this.added}`;
    const lane: LiveLane = inMode(
      {
        ...{ id, action, match, enforced: true, actor: `operator:${operator}`, kept: true, usual_rate: usualRate },
        ...{ since: new Date(nowMs).toISOString(), until: new Date(nowMs + forMs).toISOString() },
        ...{ state: 'pending', message: '' },
      },
      this.options,
    );
    const obstacle = this.findObstacle(lane);
    if (obstacle !== undefined) return { ok: false, ...obstacle, id };
    this.open.set(id, { lane, leaseMs: 0 });
    const detail = [`${action} ${describeMatch(match)}: ${describeBacktest(backtest)}`, reason]
      .filter(Boolean)
      .join('; ');
    const numbers = { usual_rate: usualRate, backtest };
    this.record([laneDraft('lane', lane, { timeMs: nowMs, actor: `operator:${operator}`, detail, numbers })]);
    await this.carryOut();
    return this.resultOf(id, 'opened');
  }

  async change({ id, keepMs, reason, operator }: ChangeLaneRequest): Promise<LaneResult> {
    const known = this.open.get(id);
    if (!known) return { ok: false, code: 'not_found', message: 'no such lane is open: see zban lanes', id };
    const said = { timeMs: this.options.now(), actor: `operator:${operator}`, detail: reason } as const;
    if (keepMs === undefined) {
      this.open.delete(id);
      this.record([laneDraft('lane_end', known.lane, said)]);
      this.options.onDrop(id);
      const failure = await this.carryOut();
      if (failure && known.lane.enforced) return { ok: false, code: 'failed', message: failure.message, id };
      return { ok: true, code: 'done', message: 'dropped: it stops nobody any more', id };
    }
    const until = new Date(said.timeMs + keepMs).toISOString();
    known.lane = { ...known.lane, until, kept: true };
    const detail = [`until ${until}`, reason].filter(Boolean).join('; ');
    this.record([laneDraft('lane_keep', known.lane, { ...said, detail, numbers: { until } })]);
    await this.carryOut();
    return this.resultOf(id, `kept until ${until}`);
  }

  /** Brings nginx in line with what the engine decided, as soon as it may be reloaded for that; people wait for nothing. */
  async follow(): Promise<void> {
    if (this.pace.nextMs <= this.options.now()) await this.carryOut();
    else this.retryMs ??= this.pace.nextMs;
  }

  /** Brings nginx in line, after what is under way; resolves to what kept it from that. */
  carryOut(): Promise<EnforcementError | undefined> {
    const done = this.applying.then(() => this.apply());
    this.applying = done.then((failure) => this.tell(failure));
    return this.applying.then(() => done);
  }

  private async apply(): Promise<EnforcementError | undefined> {
    const { nginx, now, onTrouble } = this.options;
    const stopping = this.stopping();
    // What changes from here on sets it anew.
    this.retryMs = undefined;
    const nowMs = now();
    // What has not run out stays as it is: the file of a lane that did not change is not written anew.
    const leases = stopping.map(({ lane, leaseMs }) =>
      isRunningOut(lane, leaseMs, nowMs) ? nowMs + LEASE_MS : leaseMs,
    );
    const lanes = stopping.map(({ lane }, index) => nginxLane(lane, leases[index] ?? nowMs));
    try {
      if (nginx) await nginx.apply(lanes, [...this.allowed, ...this.options.robots]);
      else if (lanes.length > 0) throw new EnforcementError('missing_tool', NOT_SET_UP);
      for (const [index, kept] of stopping.entries()) kept.leaseMs = leases[index] ?? nowMs;
      this.pace.note(nowMs);
      onTrouble(undefined);
      this.note(stopping, undefined);
      return undefined;
    } catch (error) {
      if (!(error instanceof EnforcementError)) throw error;
      this.retryMs = now() + RETRY_MS;
      onTrouble(error.message);
      // What nginx was told before it goes on doing.
      this.note(
        stopping.filter(({ lane, leaseMs }) => lane.state !== 'open' || leaseMs <= nowMs),
        error,
      );
      return error;
    }
  }

  private tell(failure?: EnforcementError): void {
    const told = this.unreported.map((one) => withFailure(one, this.open.get(idOf(one))?.lane, failure?.message));
    this.unreported = [];
    if (told.length > 0) this.options.notify(told);
  }

  /** Records what became of each lane, once. */
  private note(stopping: readonly Kept[], failure: EnforcementError | undefined): void {
    const [state, message] = failure ? (['failed', failure.message] as const) : (['open', ''] as const);
    const news = stopping.filter(({ lane }) => lane.state !== state || lane.message !== message);
    for (const kept of news) kept.lane = { ...kept.lane, state, message };
    // What was dropped meanwhile is no news.
    const standing = news.filter(({ lane }) => this.open.has(lane.id));
    if (standing.length > 0)
      this.record(standing.map(({ lane }) => laneResultDraft(lane.id, this.options.now(), failure)));
  }

  private stopping(): Kept[] {
    return [...this.open.values()].filter(({ lane }) => lane.enforced);
  }

  private record(drafts: readonly AuditDraft[]): void {
    this.unreported.push(...drafts.flatMap(describeOrder));
    this.options.record(drafts, this.state());
  }

  private state(): States {
    return stateOf(LANES_KEY, this.list());
  }

  /** One that nginx can't take stops nobody, unless it has it already. */
  private admit(lane: LiveLane, has: boolean): LiveLane {
    const obstacle = has ? undefined : this.findObstacle(lane);
    if (!lane.enforced || obstacle === undefined) return lane;
    return { ...lane, enforced: false, state: 'failed', message: obstacle.message };
  }

  private findObstacle({ match, enforced }: LiveLane): Pick<LaneResult, 'code' | 'message'> | undefined {
    const reason = findLaneObstacle(match);
    if (reason !== undefined) return { code: 'invalid', message: `nginx can't match it: ${reason}` };
    if (!enforced || this.stopping().length < LANES_MAX) return undefined;
    return { code: 'full', message: `nginx takes ${LANES_MAX} lanes: drop one (zban lanes)` };
  }

  private resultOf(id: string, done: string): LaneResult {
    const lane = this.open.get(id)?.lane;
    if (lane?.state === 'failed') return { ok: false, code: 'failed', message: lane.message, id };
    const whyNot = lane && findWhyNot(lane, this.options);
    return { ok: true, code: 'done', message: whyNot === undefined ? done : `${done}; it stops nobody: ${whyNot}`, id };
  }
}
