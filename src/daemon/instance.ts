/**
 * The composition root: builds every part for one configuration, wires them in the order of the data flow, and takes
 * them down again in the order that loses nothing.
 */
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { PanicRequest, PanicResult } from '../control/protocol.ts';
import { startControlServer } from '../control/server.ts';
import type { OffenderColumns } from '../decide/offender-table.ts';
import type { Enforcer } from '../enforce/enforcer.ts';
import { startLoadSampler } from '../host/load.ts';
import type { Log } from '../model/log.ts';
import type { Notification } from '../model/notification.ts';
import type { Status, WarmStart } from '../model/status.ts';
import { systemDraft } from '../record/row.ts';
import type { TrafficLog } from '../record/traffic-log.ts';
import { Bans } from './bans.ts';
import { buildLanes } from './build-lanes.ts';
import { buildProtection } from './build-protection.ts';
import { ClockWatch } from './clock-watch.ts';
import { DataPlane } from './data-plane.ts';
import { buildEnforcement, endEnforcing, leaveFirewall } from './enforcement.ts';
import type { Fleet } from './fleet.ts';
import { joinFleet } from './fleet-join.ts';
import { createHandlers } from './handlers.ts';
import type { HostClock } from './host-clock.ts';
import { INCIDENT_KEY, Incidents } from './incidents.ts';
import type { Lanes } from './lanes.ts';
import { Lifetime } from './lifetime.ts';
import { buildLogWatch, type LogWatch } from './log-watch.ts';
import type { SystemdNotifier } from './notify-systemd.ts';
import { NOT_TRIPPED, Operator } from './operator.ts';
import { openPage } from './page.ts';
import { carryOutPanic, configInForce, describePanic, findPanic, type Panic } from './panic.ts';
import { DaemonProbes } from './probes.ts';
import type { Protection } from './protection.ts';
import { type Handover, Records } from './records.ts';
import { Reports } from './reports.ts';
import type { RunTotals, Totals } from './run-totals.ts';
import { assembleStatus, fixedStatus } from './status.ts';
import { openTraffic } from './traffic.ts';
import { type Trouble, Troubles } from './troubles.ts';
import { VERSION } from './version.ts';

/** Bans whose time is up are lifted within this. */
const EXPIRE_MS = 1000;
/** Messages get this long at a stop; the rest waits on disk. */
const DRAIN_MS = 2000;

export interface InstanceOptions {
  readonly loaded: LoadedConfig & { ok: true };
  readonly log: Log;
  readonly systemd: SystemdNotifier;
  readonly startReason: 'start' | 'reload';
  /** Aborted when the start is to be given up. */
  readonly signal: AbortSignal;
  readonly handover: Handover;
  readonly totals: RunTotals;
  /** Of the process. */
  readonly clock: HostClock;
  readonly onWarmStart: (progress: WarmStart) => void;
  readonly onReload: () => Promise<{ ok: boolean; message: string }>;
  /** Another instance is to take this one's place, with the same configuration. */
  readonly onRestart: () => void;
}

export interface Instance {
  /** One line for `systemctl status`. */
  summary(): string;
  /** A reload was asked for and refused. */
  refuseReload(problems: string): void;
  /** Judges what was read, saves where it is, and closes everything. Bans stay in the kernel. */
  stop(reason: 'stop' | 'reload'): Promise<void>;
}

/**
 * Builds and starts everything. Rejects with the typed error of the part that cannot work, or with the signal's reason
 * when it was aborted; nothing stays open then.
 */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const { loaded, log, signal, handover } = options;
  const lifetime = new Lifetime(log);
  try {
    const { config, version: configVersion } = loaded;
    const records = await Records.open({ config, configVersion, now: options.clock.now, log, signal, handover });
    lifetime.own('the database', () => records.close());
    const instance = new RunningInstance(options, records, lifetime);
    await instance.start();
    return instance;
  } catch (error) {
    // What fails beside that is in the log.
    await lifetime.close().catch(() => {});
    throw error;
  }
}

class RunningInstance implements Instance {
  private readonly options: InstanceOptions;
  private readonly panic: Panic | undefined;
  /** The configuration in force. */
  private readonly config: Config;
  private readonly records: Records;
  private readonly troubles: Troubles;
  private readonly reports: Reports;
  private readonly bans: Bans;
  private readonly lanes: Lanes;
  private readonly incidents: Incidents;
  private readonly traffic: TrafficLog;
  private readonly load = startLoadSampler();
  private readonly lifetime: Lifetime;
  private plane: DataPlane | undefined;
  private enforcer: Enforcer | undefined;
  private watch: LogWatch | undefined;
  private fleet: Fleet | undefined;
  private backend = 'none';
  /** Every part has started: what is read is judged, and what is judged is carried out. */
  private isLive = false;
  private stopping = false;
  private readonly probes = new DaemonProbes({
    now: () => performance.now(),
    isLive: () => this.isLive && !this.stopping,
    logs: () => this.plane?.logs() ?? [],
  });

  constructor(options: InstanceOptions, records: Records, lifetime: Lifetime) {
    const { loaded, log } = options;
    this.options = options;
    this.records = records;
    this.lifetime = lifetime;
    lifetime.own('the load sampler', () => this.load.stop());
    this.panic = findPanic(records);
    this.config = configInForce(loaded.config, this.panic);
    this.troubles = new Troubles({
      log,
      onBegin: (trouble) => this.tellTrouble(trouble, 'begin'),
      onEnd: (trouble) => this.tellTrouble(trouble, 'end'),
    });
    this.reports = new Reports({
      ...{ config: this.config, records, log, troubles: this.troubles },
      bans: () => this.bans,
      siteRate: () => this.plane?.engine?.siteRate,
    });
    lifetime.own('the channels', async () => {
      await records.settled();
      await this.reports.announcer.stop({ drainMs: this.isLive ? DRAIN_MS : 0 });
    });
    this.incidents = new Incidents(this.records.trail.loadState(INCIDENT_KEY));
    this.traffic = openTraffic(this.records.trail);
    this.lanes = buildLanes({
      config: this.config,
      trail: this.records.trail,
      troubles: this.troubles,
      record: (drafts, state) => this.bans.record(drafts, [], [], state),
      notify: (notifications) => this.reports.notify(notifications),
      onDrop: (id) => void this.plane?.pipeline.send({ kind: 'drop_lane', id }),
    });
    this.bans = new Bans({
      trail: this.records.trail,
      enforce: this.config.mode === 'enforce',
      now: this.options.clock.now,
      reconcile: () => this.reconcile(),
      notify: (notifications) => this.reports.notify(notifications),
      tell: (entries, events) => {
        this.records.lines.tell(entries, events);
        this.traffic.note(entries);
        this.fleet?.note(entries);
      },
      incidents: this.incidents,
      lanes: this.lanes,
    });
    this.reports.start();
  }

  /**
   * In the order of the data flow, the far end first: anyone who is told of something must be there. It is closed the other
   * way round: first who may ask for something, then what reads and judges, then what carries it out.
   */
  async start(): Promise<void> {
    const { log, startReason, signal } = this.options;
    const { config, records, bans, troubles, lifetime } = this;
    const offenders = () => records.offenders(config.mode === 'enforce');
    const clockWatch = this.watchClock(offenders);
    const { enforcer, backend } = await buildEnforcement({
      config,
      now: this.options.clock.now,
      log,
      troubles,
      desired: bans.desired,
      onResult: (result) => bans.onResult(result),
      adopt: records.loss === undefined ? undefined : (held) => records.adopt(held),
      signal,
    });
    this.enforcer = enforcer;
    this.backend = backend;
    lifetime.own('the enforcer', () => enforcer.stop());
    // What the last lines decided is enforced before the enforcer stops.
    lifetime.own('the last bans', () => this.isLive && this.reconcile());
    const plane = this.buildPlane();
    this.plane = plane;
    lifetime.own('the threads', () => plane.close());
    const { operator, protection } = this.buildOperator(plane);
    lifetime.own('the protection', () => protection.stop());
    this.watch = buildLogWatch({
      config,
      backend,
      protection,
      troubles,
      findActiveBan: (client) => records.trail.findActiveBan(client, this.options.clock.now()),
    });
    lifetime.own('the watch', () => this.watch?.settled());
    lifetime.own('the data plane', async () => records.learned.save(await plane.stop(), plane.judgedBytes));
    // The control plane opens first: when another daemon runs already, this one must not touch anything.
    await this.openControl(operator, plane);
    const closePage = await openPage({
      ...{ config, records, troubles, operator, log },
      status: () => this.status(),
      probes: this.probes,
      lanes: this.lanes,
      fleet: async () => this.fleet?.report(),
      annotate: (request) => this.reports.annotate(request),
      traffic: this.traffic,
      now: this.options.clock.now,
    });
    if (closePage) lifetime.own('the page', closePage);
    signal.throwIfAborted();
    await protection.start();
    signal.throwIfAborted();
    const what = `zban ${VERSION}, ${config.mode} mode, sensitivity ${config.sensitivity}, ${backend}`;
    bans.record([systemDraft(startReason, this.options.clock.now(), what)], [], []);
    const panics = this.panic !== undefined || records.loss !== undefined;
    if (config.mode === 'observe') await endEnforcing(config, records.trail, bans, panics, log, signal);
    signal.throwIfAborted();
    await enforcer.start();
    await this.lanes.start();
    lifetime.own('the lanes', () => this.lanes.settled());
    signal.throwIfAborted();
    await plane.start(offenders, this.incidents.known, signal);
    this.isLive = true;
    records.start(troubles, plane);
    lifetime.own('the timers of the records', () => records.pause());
    const expiry = setInterval(() => {
      void clockWatch.look();
      void bans.expireDue();
      void this.lanes.tick();
    }, EXPIRE_MS);
    lifetime.own('the timer of expiries', () => clearInterval(expiry));
    this.fleet = await joinFleet({
      ...{ config, records, bans, protection, pipeline: plane.pipeline, troubles, operator },
      reconcile: () => this.reconcile(),
      // The host where somebody panicked tells people.
      panic: (request) => this.carryOutPanic(request, () => {}),
    });
    lifetime.own('the fleet', () => this.fleet?.stop());
  }

  private findFleet(): Fleet | undefined {
    if (this.config.fleet && !this.fleet) throw new Error('zban is starting: it joins its fleet when that is done');
    return this.fleet;
  }

  summary(): string {
    const { mode, backend, active_bans, logs } = this.status();
    return `${mode} mode, ${backend}, ${active_bans} bans, following ${logs.length} ${logs.length === 1 ? 'log' : 'logs'}`;
  }

  refuseReload(problems: string): void {
    this.options.log('error', 'reload refused, the old configuration stays in force', { problems });
    this.bans.record([systemDraft('reload', this.options.clock.now(), `refused: ${problems}`)], [], []);
  }

  async stop(reason: 'stop' | 'reload'): Promise<void> {
    this.stopping = true;
    if (reason === 'stop')
      this.bans.record([systemDraft('stop', this.options.clock.now(), 'bans in force stay in the kernel')], [], []);
    try {
      await this.lifetime.close();
    } finally {
      this.options.totals.end(this.totals(), this.plane?.engine?.fuse);
    }
  }

  private watchClock(offenders: () => OffenderColumns): ClockWatch {
    const { records, bans } = this;
    const { clock, log } = this.options;
    return new ClockWatch({
      ...{ clock, trail: records.trail, bans, log },
      onMoved: async (seconds) => {
        await this.plane?.pipeline.send({ kind: 'set_bans', offenders: offenders(), steppedSeconds: seconds });
        await this.reconcile();
      },
    });
  }

  /** What was recorded reaches the firewall once it is on disk, or the disk has refused it. */
  private async reconcile(): Promise<void> {
    await this.records.settled();
    await this.enforcer?.changed();
  }

  private tellTrouble({ key, what, fix }: Trouble, phase: 'begin' | 'end'): void {
    // A start that is given up cuts off what is under way.
    if (this.options.signal.aborted) return;
    if (phase === 'begin') this.bans.record([systemDraft('trouble', this.options.clock.now(), what)], [], []);
    this.reports.notify([
      { kind: 'trouble', time: new Date(this.options.clock.now()).toISOString(), what, fix, phase, key },
    ]);
  }

  private buildPlane(): DataPlane {
    const { config, records, bans, troubles, traffic } = this;
    const { log, systemd } = this.options;
    const plane = new DataPlane({
      config,
      positions: records.trail.positions(),
      baseline: records.learned.load(),
      fuse: this.options.totals.fuse,
      now: this.options.clock.now,
      log,
      troubles,
      onEvents: (events, positions, isCurrent) => {
        records.noteRead(positions);
        if (events.length > 0) bans.onEvents(events, positions, isCurrent);
      },
      onBegin: (positions) => records.beginAt(positions),
      onMinutes: (minutes) => traffic.add(minutes),
      onFailure: (error) => {
        throw error;
      },
      onProgress: () => {
        systemd.watchdog();
        if (plane.warmStart) this.options.onWarmStart(plane.warmStart);
        this.probes.noteProgress();
        if (plane.engine) this.watch?.look(plane.engine);
        if (plane.isCurrent) bans.catchUp();
      },
    });
    return plane;
  }

  private buildOperator(plane: DataPlane): { operator: Operator; protection: Protection } {
    const { config, records, bans, troubles } = this;
    const protection = buildProtection({
      config,
      signal: this.options.signal,
      allowed: () => records.trail.allowed().map(({ entry }) => entry),
      troubles,
      onChange: async (networks) => {
        await this.lanes.setAllowed(networks);
        await plane.pipeline.send({ kind: 'never_banned', networks });
        await operator.liftProtected();
      },
    });
    const operator: Operator = new Operator({
      config,
      bans,
      trail: records.trail,
      protection,
      pipeline: plane.pipeline,
      now: this.options.clock.now,
      reconcile: () => this.reconcile(),
      onUnban: (request) => this.fleet?.noteUnban(request),
    });
    return { operator, protection };
  }

  private async openControl(operator: Operator, plane: DataPlane): Promise<void> {
    const { log, onReload } = this.options;
    const handlers = createHandlers({
      operator,
      announcer: this.reports.announcer,
      lanes: this.lanes,
      status: () => this.status(),
      busiest: () => plane.findBusiest(),
      panic: (request) => this.carryOutPanic(request),
      // A rehearsal has a fuse of its own, which stops nothing.
      resetFuse: async (request) => (this.isLive ? operator.resetFuse(request) : { ok: true, message: NOT_TRIPPED }),
      annotate: (request) => this.reports.annotate(request),
      reload: onReload,
      fleet: () => this.findFleet(),
    });
    const control = await startControlServer({ socket: this.config.control.socket, handlers, log });
    this.lifetime.own('the control socket', () => control.close());
  }

  private carryOutPanic(
    request: PanicRequest,
    notify = (notifications: readonly Notification[]) => this.reports.notify(notifications),
  ): Promise<PanicResult> {
    const { records, bans, config } = this;
    const { loaded, log, onRestart } = this.options;
    return carryOutPanic(request, {
      trail: records.trail,
      reserve: records.reserve,
      bans,
      mode: loaded.config.mode,
      now: this.options.clock.now,
      leaveFirewall: () => leaveFirewall(config, log),
      notify,
      restart: onRestart,
    });
  }

  /** What this instance counted. */
  private totals(): Totals {
    const { plane, bans } = this;
    const discarded = plane?.engine?.discarded ?? {};
    return { lines_total: 0, skipped: {}, ...plane?.counts(), discarded, ...bans.counts() };
  }

  private status(): Status {
    const { config, plane, records, reports, backend } = this;
    const totals = this.options.totals.plus(this.totals());
    const recorded = records.counts();
    return assembleStatus({
      fixed: fixedStatus(config, this.panic, this.options.loaded.version, backend),
      uptimeSeconds: process.uptime(),
      warmStart: plane?.warmStart ?? null,
      engine: plane?.engine,
      incident: plane?.incident() ?? null,
      lagSeconds: plane?.lagSeconds() ?? null,
      counts: {
        ...totals,
        ...recorded,
        discarded: { ...totals.discarded, ...recorded.discarded },
        outbox: reports.announcer.size(),
      },
      logs: plane?.logs() ?? [],
      fleet: this.fleet?.status(),
      load: this.load.current(),
      troubles: [...(this.panic ? [describePanic(this.panic)] : []), ...this.troubles.list()],
      stopping: this.stopping,
    });
  }
}
