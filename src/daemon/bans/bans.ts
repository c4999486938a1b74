/**
 * From decision to dropped packets and back, in the order that loses nothing: the audit row, the firewall, the result
 * row, the message.
 */
import type { EnforcementResult } from '../../enforce/outcome.ts';
import type { ActiveBan, Actor, AuditDraft, AuditEntry } from '../../model/audit.ts';
import type { Position } from '../../model/chunk.ts';
import { TARGETS_MAX } from '../../model/limits.ts';
import type { Notification } from '../../model/notification.ts';
import { type Changes, changesOf, type DesiredBans, FEW } from '../../model/reconcile.ts';
import type { Status } from '../../model/status.ts';
import type { EngineEvent, FuseEvent } from '../../model/told-event.ts';
import { parsePrefix } from '../../net/prefix.ts';
import { PORTION_ROWS, systemDraft } from '../../record/row/row.ts';
import type { AuditTrail } from '../../record/trail/audit-trail.ts';
import type { Lanes } from '../lanes/lanes.ts';
import type { Incidents } from '../reports/incidents.ts';
import type { States } from '../saved-state.ts';
import { BanResults } from './ban-results.ts';
import {
  describeMany,
  describeOrders,
  describeUnban,
  draftOf,
  fuseResetDraft,
  type Order,
  unbanDraft,
} from './event-drafts.ts';
import { findOrigin } from './origin.ts';
import { findOverlaps, type Remainder } from './overlap.ts';
import { Refusals } from './refusals.ts';

const NOTHING_LEFT: Remainder = { failure: undefined, blockedBy: [], within: [] };

export interface BansOptions {
  readonly trail: AuditTrail;
  /** False in observe mode: nothing reaches the firewall. */
  readonly enforce: boolean;
  readonly now: () => number;
  /** The firewall is to be brought in line with these changes; resolves when it was tried. */
  readonly reconcile: (which: Changes) => Promise<void>;
  readonly notify: (notifications: readonly Notification[]) => void;
  /** The text audit log: rows as written, and recalculated baselines. */
  readonly tell: (entries: readonly AuditEntry[], events: readonly EngineEvent[]) => void;
  readonly incidents: Pick<Incidents, 'take' | 'catchUp'>;
  /** Absent where no engine judges. */
  readonly lanes?: Pick<Lanes, 'take' | 'follow'>;
}

/** Bans that are lifted before the next are: as many as an order from the command line names at most. */
const LIFTED_AT_ONCE = TARGETS_MAX;

export interface LiftOptions {
  /** Of whose ends people hear; of none where they are told otherwise. Default: of all that a person ends, else of this host's own. */
  readonly tell?: 'own' | 'none';
  /** Some are recorded as lifted: what is done beside the firewall. */
  readonly onRecorded?: (bans: readonly ActiveBan[]) => Promise<void>;
  /** The firewall was asked to lift them as well. */
  readonly onLifted?: ((bans: readonly ActiveBan[]) => Promise<void>) | undefined;
}

export class Bans {
  bansTotal = 0;
  unbansTotal = 0;
  refusedTotal = 0;
  private readonly options: BansOptions;
  private readonly results: BanResults;
  private readonly refusals = new Refusals();
  /** Clients banned or lifted since the firewall was last brought in line: a few at a time, or many. */
  private readonly changed = { few: new Set<string>(), many: new Set<string>() };

  constructor(options: BansOptions) {
    this.options = options;
    this.results = new BanResults({ ...options, record: (drafts) => this.record(drafts) });
  }

  counts(): Pick<Status, 'bans_total' | 'unbans_total' | 'refused_total'> {
    return { bans_total: this.bansTotal, unbans_total: this.unbansTotal, refused_total: this.refusedTotal };
  }

  /** Bans that the firewall should hold: none in observe mode. */
  get desired(): DesiredBans {
    const { trail, enforce, now } = this.options;
    return {
      all: () => (enforce ? trail.enforcedEnds(now()) : []),
      find: (target) => (enforce ? trail.findEnforcedEnd(target, now()) : undefined),
      takeChanges: (which = 'all') => {
        const { few, many } = this.changed;
        const asked = { all: [few, many], few: [few], many: [many] }[which];
        // What is not on disk yet is for a later reconcile.
        return asked.flatMap((changed) => {
          const taken = [...changed].filter((client) => !trail.isUnderWay(client));
          for (const client of taken) changed.delete(client);
          return taken;
        });
      },
    };
  }

  /**
   * Events of the engine, with the positions of the lines that caused them: recorded together. `isCurrent` is false while
   * lines are read that were written a while ago.
   */
  onEvents(events: readonly EngineEvent[], positions: readonly Position[], isCurrent = true): void {
    const { enforce, notify, incidents, lanes, now } = this.options;
    const incident = incidents.take(events, isCurrent, now());
    const drafts: AuditDraft[] = [];
    const told = this.refusals.take(events, (text, timeMs) => drafts.push(systemDraft('trouble', timeMs, text)));
    drafts.push(...told.map((event) => draftOf(event, enforce)).filter((draft) => draft !== undefined));
    const lane = lanes?.take(events);
    if (lane) drafts.push(...lane.drafts);
    if (drafts.length > 0) this.record(drafts, { ...incident.state, ...lane?.state }, events, positions);
    else if (events.length > 0) this.options.tell([], events);
    if (lane) void lanes?.follow();
    // Those that are only counted have no row.
    this.refusedTotal += events.length - told.length;
    const bans = events.filter((event) => event.event === 'ban');
    notify([
      ...incident.notifications,
      ...told.flatMap((event) => (event.event === 'fuse' ? [{ kind: event.event, event }] : [])),
    ]);
    if (bans.length === 0) return;
    if (!enforce) {
      notify(bans.map((event) => ({ kind: 'ban', event, enforced: false, confirmed: false })));
      return;
    }
    for (const event of bans) this.results.expect(event);
    void this.options.reconcile(changesOf(bans.length));
  }

  /** All that was written to the logs has been read. */
  catchUp(): void {
    const { state, notifications } = this.options.incidents.catchUp();
    if (notifications.length === 0) return;
    this.options.trail.append([], { state });
    this.options.notify(notifications);
  }

  /** The firewall answered. Resolves when all of it is recorded; the caller waits for that before the next answer. */
  async onResult(result: EnforcementResult): Promise<void> {
    // The kernel's own clock may be first to end a ban: its end is recorded before the result.
    if (result.released.length > 0) void this.expireDue();
    await this.results.take(result);
  }

  /** Records what was decided, here or on another host, with the state that follows from it; the caller reconciles, and tells people. */
  record(
    drafts: readonly AuditDraft[],
    state: States = {},
    events: readonly EngineEvent[] = [],
    positions: readonly Position[] = [],
  ): readonly AuditEntry[] {
    const entries = this.options.trail.append(drafts, { positions, state });
    for (const { action } of drafts) this.count(action);
    if (this.options.enforce) {
      const changed = drafts.flatMap(({ action, client }) => (action === 'ban' || action === 'unban' ? client : []));
      const to = changed.length <= FEW ? this.changed.few : this.changed.many;
      for (const client of changed) to.add(client);
    }
    this.options.tell(entries, events);
    return entries;
  }

  private count(action: AuditDraft['action']): void {
    if (action === 'ban') this.bansTotal++;
    else if (action === 'unban') this.unbansTotal++;
    else if (action === 'refused') this.refusedTotal++;
  }

  /** Records that a person reset the fuse, and tells people. */
  noteFuseReset(event: FuseEvent, operator: string, reason: string): void {
    const { detail } = this.refusals.close(event);
    this.record([fuseResetDraft(this.options.now(), operator, reason, detail)]);
    const by = [`by ${operator}`, reason].filter(Boolean).join(': ');
    this.options.notify([{ kind: 'fuse', event: { ...event, detail: `${detail}; ${by}` } }]);
  }

  /** Ends the bans whose time is up; resolves as `lift` does. */
  async expireDue(): Promise<void> {
    const due = this.options.trail.dueBans(this.options.now());
    if (due.length > 0) await this.lift(due, 'system', 'expired');
  }

  /** Tells people of what a person ordered, once the firewall was asked to do it. */
  describeOrders(drafts: readonly Order[]): void {
    const { trail, now, notify } = this.options;
    const isHeld = (client: string) => trail.findActiveBan(client, now())?.confirmed ?? false;
    notify(describeOrders(drafts, this.options.enforce, isHeld));
  }

  /**
   * Records that bans are lifted and brings the firewall in line, a portion after the other, and then tells people, unless they are
   * told otherwise, what the firewall still drops. Resolves when that is done.
   */
  async lift(
    bans: Iterable<ActiveBan>,
    actor: AuditDraft['actor'],
    reason: string,
    how: LiftOptions = {},
  ): Promise<void> {
    const { tell = actor === 'system' ? 'own' : 'all', onRecorded, onLifted } = how;
    const timeMs = this.options.now();
    const told = { count: 0, wouldBe: 0, first: [] as ActiveBan[] };
    for (const portion of inPortions(bans, LIFTED_AT_ONCE)) {
      const recorded = await this.recordPortion(portion, actor, reason, timeMs);
      // Of another host's ban, that host tells people, but for the end that a person puts to it here.
      const news = tell === 'own' ? recorded.filter((ban) => findOrigin(ban) === undefined) : recorded;
      told.count += news.length;
      told.wouldBe += news.filter((ban) => !ban.enforced).length;
      told.first.push(...news.slice(0, FEW - told.first.length));
      const isHeld = this.options.enforce && portion.some((ban) => ban.enforced);
      await Promise.all([isHeld && this.options.reconcile(changesOf(portion.length)), onRecorded?.(portion)]);
      await onLifted?.(portion);
    }
    if (tell === 'none' || told.count === 0) return;
    if (told.count > FEW) return this.options.notify([describeMany('unban', told, actor, timeMs, reason)]);
    const remainders = this.findRemainders(told.first.map(({ client }) => client));
    // Meanwhile banned anew: that is the news.
    const over = told.first.filter(({ client }) => this.desired.find(client) === undefined);
    this.options.notify(over.map((ban) => describeUnban(ban, actor, timeMs, reason, remainders(ban.client))));
  }

  /** Of these, those whose end is news. */
  private async recordPortion(
    bans: readonly ActiveBan[],
    actor: AuditDraft['actor'],
    reason: string,
    timeMs: number,
  ): Promise<readonly ActiveBan[]> {
    const told: ActiveBan[] = [];
    for (let at = 0; at < bans.length; at += PORTION_ROWS) {
      if (at > 0) await this.options.trail.takeTurns();
      // Meanwhile somebody else may have lifted them.
      const some = bans.slice(at, at + PORTION_ROWS).filter((ban) => this.options.trail.stands(ban));
      told.push(...this.recordLifted(some, actor, reason, timeMs));
    }
    return told;
  }

  /** Tells people of bans that a person lifted here, though other hosts of the fleet alone had them. */
  tellLiftedElsewhere(targets: readonly string[], actor: Actor, reason: string): void {
    const where = [reason, 'other hosts of the fleet had banned it'].filter(Boolean).join('; ');
    const ban = { tier: 0, enforced: true };
    const timeMs = this.options.now();
    this.options.notify(targets.map((client) => describeUnban({ ...ban, client }, actor, timeMs, where, NOTHING_LEFT)));
  }

  /** Of these, those whose end is news. */
  private recordLifted(
    bans: readonly ActiveBan[],
    actor: AuditDraft['actor'],
    reason: string,
    timeMs: number,
  ): readonly ActiveBan[] {
    if (bans.length === 0) return bans;
    // A ban that was over before the firewall answered is no news, neither its beginning nor its end.
    const told = bans.filter((ban) => !this.results.forget(ban.client));
    this.record(bans.map((ban) => unbanDraft(ban, actor, timeMs, reason)));
    return told;
  }

  /** What is left in the way of clients whose bans were lifted, by their canonical names. */
  findRemainders(clients: readonly string[]): (client: string) => Remainder {
    const prefixes = clients.flatMap((client) => parsePrefix(client) ?? []);
    const standing = function* (this: Bans) {
      for (const { target } of this.desired.all()) yield target;
      // Also what the firewall was to lift and could not.
      for (const target of this.results.failing()) if (this.desired.find(target) === undefined) yield target;
    };
    const find = findOverlaps(standing.call(this), prefixes);
    return (client) => {
      const prefix = parsePrefix(client);
      const { covering, within } = prefix ? find(prefix) : { covering: [], within: [] };
      const blockedBy = covering.filter((target) => target !== client);
      return { failure: this.findFailure(client), blockedBy, within };
    };
  }

  /** Why the firewall does not hold a ban, undefined when it does or has not answered. */
  findFailure(target: string): string | undefined {
    return this.results.findFailure(target);
  }
}

function* inPortions<T>(items: Iterable<T>, count: number): Generator<readonly T[]> {
  let portion: T[] = [];
  for (const item of items) {
    if (portion.push(item) < count) continue;
    yield portion;
    portion = [];
  }
  if (portion.length > 0) yield portion;
}
