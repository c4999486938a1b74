/** This host's place in its fleet: what it decided goes out, what others decided is judged here. Loaded only where a fleet is configured. */
import { hostname } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../config/schema.ts';
import type { TargetResult, UnbanRequest } from '../../control/protocol.ts';
import { readHosts } from '../../fleet/hosts.ts';
import type { Place } from '../../fleet/inbox.ts';
import { Link } from '../../fleet/link.ts';
import type { Outgoing } from '../../fleet/orders.ts';
import type { ServerOptions } from '../../fleet/server.ts';
import type { AuditEntry } from '../../model/audit.ts';
import type { FleetReport, FleetStatus } from '../../model/fleet.ts';
import type { Prefix } from '../../net/prefix.ts';
import type { Order } from '../../share/order.ts';
import { stateOf } from '../saved-state.ts';
import type { Troubles } from '../troubles.ts';
import { VERSION } from '../version.ts';
import { type OrderContext, orderOf, ordersOfUnban, ordersToRepeat } from './fleet-orders.ts';
import { Proposals, type ProposalsOptions } from './fleet-proposals.ts';
import { answerElsewhere, readReleases, releasesState } from './fleet-releases.ts';
import { readSaved, type Saved, STATE_KEY } from './fleet-state.ts';
import { FleetTroubles } from './fleet-troubles.ts';

const SAVE_MS = 1000;
/** Rows read at once from the trail. */
const ROWS_AT_ONCE = 1000;
/** Names of other hosts that are remembered, those last heard of. */
const OTHERS_MAX = 1000;

export interface FleetOptions extends Omit<ProposalsOptions, 'host' | 'acceptFrom'> {
  readonly fleet: NonNullable<Config['fleet']>;
  readonly troubles: Pick<Troubles, 'begin' | 'looked'>;
}

/** How to reach the server. */
export function serverOf({ url, master, ca_file, password_file }: NonNullable<Config['fleet']>): ServerOptions {
  const several = Array.isArray(url) ? 'cluster' : 'single';
  const kind = master === undefined ? several : 'sentinel';
  return { urls: [url].flat(), kind, master: master ?? '', caFile: ca_file, passwordFile: password_file };
}

/** The host's name in the fleet. */
export function fleetHost({ fleet, name }: Pick<Config, 'fleet' | 'name'>): string {
  return fleet?.host ?? (name ?? hostname()).replace(/[^A-Za-z0-9._-]/g, '-');
}

export class Fleet {
  private readonly options: FleetOptions;
  private readonly host: string;
  private readonly link: Link;
  private readonly proposals: Proposals;
  private readonly others: Set<string>;
  private readonly troubles: FleetTroubles;
  private readonly startedMs = performance.now();
  private state: FleetStatus['state'] = 'connecting';
  private sinceMs: number;
  private timer: NodeJS.Timeout | undefined;
  private place: Place | undefined;
  private saved: Saved | undefined;
  /** Releases without a row that the database keeps. */
  private kept: readonly Order[];
  /** A panic lifts all bans, which says the same as the panic itself. */
  private isPanicking = false;

  constructor(options: FleetOptions) {
    this.options = options;
    const { fleet, config, trail, now, pipeline } = options;
    this.host = fleetHost(config);
    this.troubles = new FleetTroubles(options.troubles, this.host, () => performance.now());
    this.sinceMs = now();
    const saved = readSaved(trail.loadState(STATE_KEY));
    const enforce = config.mode === 'enforce';
    // Observe mode has read and not enforced what is in force: it is read anew.
    this.place = saved && enforce && !saved.enforce ? { ...saved, lastId: '' } : saved;
    this.others = new Set(saved?.hosts.filter((name) => name !== this.host));
    this.proposals = new Proposals({ ...options, host: this.host, acceptFrom: fleet.accept_from }, saved?.panicMs);
    this.link = new Link({
      server: serverOf(fleet),
      name: fleet.name,
      host: this.host,
      shares: { bans: fleet.share.includes('bans'), counts: fleet.share.includes('counts') },
      ...{ enforce, now },
      saved: this.place,
      recorded: () => trail.settled(),
      describe: () => this.describe(),
      onUp: (isNew) => this.noteUp(isNew),
      onDown: (cause) => this.noteDown(cause),
      onOrders: (orders, place, isMoreComing) => this.hear(orders, place, isMoreComing),
      exchange: async (news) => (await pipeline.send({ kind: 'share_counts', news })).shared,
    });
    this.link.aheadMs = saved?.aheadMs ?? 0;
    if (saved) this.sendUnsent(saved.sent);
    else this.link.orders.sentAuditId = trail.head.id;
    this.kept = readReleases(trail);
    this.release(this.kept);
  }

  /** Connects; what goes wrong is a trouble and holds nothing up. */
  start(): void {
    this.link.start();
    this.timer = setInterval(() => {
      this.keepReleases();
      this.save();
      if (this.link.isUp) this.troubles.check(this.link);
    }, SAVE_MS);
  }

  /** Ends the connection at once: what was not sent is sent after the next start. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.link.stop();
    this.proposals.stop();
    this.keepReleases();
    this.save();
  }

  /** Rows as they are recorded: this host's decisions go out, by a clock that may just have been set. */
  note(entries: readonly AuditEntry[]): void {
    for (const { action, numbers } of entries)
      if (action === 'trouble' && numbers && 'clock_moved_ms' in numbers) this.link.aheadMs -= numbers.clock_moved_ms;
    this.send(entries);
  }

  private send(entries: readonly AuditEntry[]): void {
    if (!this.sharesBans) return;
    const outgoing: Outgoing[] = [];
    const { context } = this;
    for (const entry of entries) {
      if (entry.action === 'panic') this.isPanicking = true;
      if (this.isPanicking && entry.action === 'unban') continue;
      const decided = orderOf(entry, context);
      if (!decided) continue;
      const order = decided.kind === 'panic' ? { ...decided, reason: this.options.findPanic()?.reason ?? '' } : decided;
      this.proposals.note(order);
      outgoing.push({ order, auditId: entry.id });
    }
    if (outgoing.length > 0) this.link.orders.push(outgoing);
  }

  /** A person asked for releases: other hosts may have bans that this one lacks. Answers for `absent`, which are not banned here. */
  noteUnban(request: UnbanRequest, absent: readonly Prefix[]): Promise<ReadonlyMap<string, TargetResult>> | undefined {
    if (!this.sharesBans) return undefined;
    const { now, trail } = this.options;
    const answers = answerElsewhere(this.link, absent, now());
    this.release(ordersOfUnban(request, this.context, now()));
    this.keepReleases();
    return trail.saved().then(() => answers);
  }

  private release(orders: readonly Order[]): void {
    for (const order of orders) this.proposals.note(order);
    this.link.orders.push(orders.map((order) => ({ order, auditId: 0 })));
  }

  /** Those that the server has not taken outlive a restart. */
  private keepReleases(): void {
    const waiting = [...this.link.orders.unrecorded];
    if (waiting.length === this.kept.length && waiting.every((order, at) => order === this.kept[at])) return;
    this.kept = waiting;
    this.options.trail.append([], { state: releasesState(waiting) });
  }

  status(): FleetStatus {
    const { fleet } = this.options;
    const { watched, leftOut, sent, dropped, unknown, waiting, bytes } = this.link.numbers();
    return {
      name: fleet.name,
      host: this.host,
      share: fleet.share,
      state: this.state,
      since: new Date(this.sinceMs).toISOString(),
      hosts: this.link.hosts,
      clock_ahead_seconds: Math.round(this.link.aheadMs) / 1000,
      ...{ waiting, watched, bytes_total: bytes, bytes_per_second: this.bytesPerSecond() },
      ...{ counts_sent: sent, counts_left_out: leftOut, counts_dropped: dropped },
      ...{ unknown_entries: unknown, unheard_entries: this.proposals.unheard },
    };
  }

  async report(): Promise<FleetReport> {
    const hosts = await this.link.ask(readHosts).catch(() => []);
    return { status: this.status(), hosts };
  }

  /** Takes this host out until the next start; its bans stay. */
  async leave(): Promise<{ readonly ok: boolean; readonly message: string }> {
    const { name } = this.options.fleet;
    if (this.state === 'left') return { ok: true, message: `this host has left the fleet ${name} already` };
    const isTold = await this.link.leave();
    this.become('left');
    this.troubles.end();
    const silence = isTold ? '' : '; the server is away, so that the others notice after some seconds';
    const message = `${this.host} has left the fleet ${name}${silence}. Its bans stay. It joins again at the next start, reload or panic: take fleet out of config.yaml`;
    return { ok: true, message };
  }

  private get sharesBans(): boolean {
    return this.state !== 'left' && this.options.fleet.share.includes('bans');
  }

  private get context(): OrderContext {
    return { host: this.host, aheadMs: this.link.aheadMs, others: this.others };
  }

  private become(state: FleetStatus['state']): void {
    if (this.state !== state) this.sinceMs = this.options.now();
    this.state = state;
  }

  private describe(): Readonly<Record<string, unknown>> {
    const { config, trail, now } = this.options;
    const { enforced, pending } = trail.countActive(now());
    const { watched } = this.link.numbers();
    const ahead = Math.round(this.link.aheadMs) / 1000;
    return {
      version: VERSION,
      mode: config.mode,
      bans: enforced,
      pending,
      watched,
      bytes: this.bytesPerSecond(),
      ahead,
    };
  }

  private bytesPerSecond(): number {
    return Math.round(this.link.numbers().bytes / Math.max(1, (performance.now() - this.startedMs) / 1000));
  }

  private noteUp(isNew: boolean): void {
    const { trail, now } = this.options;
    if (this.state === 'left') return;
    if (this.state === 'away') this.troubles.noteUp(this.sinceMs, now());
    this.become('connected');
    if (this.sharesBans)
      this.link.orders.repeat(
        ordersToRepeat(trail, this.context, now(), isNew ? { panic: this.options.findPanic() } : undefined),
      );
  }

  private meet(host: string): void {
    this.others.delete(host);
    this.others.add(host);
    const [oldest] = this.others;
    if (this.others.size > OTHERS_MAX && oldest !== undefined) this.others.delete(oldest);
  }

  private noteDown(cause: string): void {
    if (this.state === 'left') return;
    this.become('away');
    this.troubles.noteDown(this.sinceMs, cause);
  }

  private async hear(orders: readonly Order[], place: Place, isMoreComing: boolean): Promise<void> {
    for (const host of new Set(orders.map((order) => order.host))) if (host !== this.host) this.meet(host);
    this.place = place;
    await this.proposals.apply(orders, this.link.aheadMs, stateOf(STATE_KEY, this.toSave()), isMoreComing);
  }

  /** Decisions that were recorded and not sent before an earlier run ended. */
  private sendUnsent(sent: number): void {
    const { trail } = this.options;
    const { orders } = this.link;
    orders.sentAuditId = sent;
    for (let afterId = sent; ; ) {
      const rows = trail.queryReadable({ afterId, limit: ROWS_AT_ONCE });
      this.send(rows);
      const last = rows.at(-1);
      if (!last || rows.length < ROWS_AT_ONCE) break;
      afterId = last.id;
    }
    this.isPanicking = false;
  }

  private toSave(): Saved {
    const { orders, aheadMs } = this.link;
    const sent = orders.size === 0 ? this.options.trail.head.id : orders.sentAuditId;
    const { epoch = '', lastId = '' } = this.place ?? {};
    const { panicMs } = this.proposals;
    return {
      ...{ epoch, lastId, sent, panicMs, enforce: this.options.config.mode === 'enforce' },
      ...{ hosts: [...this.others], aheadMs: Math.round(aheadMs / 100) * 100 },
    };
  }

  /** Not before the host has joined: until then all of it is to be said. */
  private save(): void {
    if (!this.place) return;
    if (this.link.orders.overflowed > 0 && this.link.orders.size === 0) {
      this.link.orders.overflowed = 0;
      this.sendUnsent(this.link.orders.sentAuditId);
    }
    const saved = this.toSave();
    if (isDeepStrictEqual(saved, this.saved)) return;
    this.saved = saved;
    this.options.trail.append([], { state: stateOf(STATE_KEY, saved) });
  }
}
