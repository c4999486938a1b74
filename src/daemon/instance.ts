import type { SocketTrouble } from '../control/listener.ts';
import type { Enforcer } from '../enforce/enforcer.ts';
import type { Status } from '../model/status.ts';
import { systemDraft } from '../record/row/row.ts';
import { createHandlers } from './answers/handlers.ts';
import { openPage } from './answers/page.ts';
import { assembleStatus, fixedStatus } from './answers/status.ts';
import { buildEnforcement, endEnforcing } from './bans/enforcement.ts';
import type { Fleet } from './fleet/fleet.ts';
import { joinFleet } from './fleet/fleet-join.ts';
import { type InstanceOptions, InstanceParts } from './instance-parts.ts';
import { Lifetime } from './lifetime.ts';
import { buildOperator } from './orders/build-operator.ts';
import { NOT_TRIPPED, type Operator } from './orders/operator.ts';
import { describePanic } from './orders/panic.ts';
import type { Protection } from './orders/protection.ts';
import { buildPlane } from './plane/build-plane.ts';
import type { DataPlane } from './plane/data-plane.ts';
import { Records } from './records/records.ts';
import type { Totals } from './run-totals.ts';
import { VERSION } from './version.ts';
import type { ClockWatch } from './watch/clock-watch.ts';
import { buildLogWatch } from './watch/log-watch.ts';

/** Bans whose time is up are lifted within this. */
const EXPIRE_MS = 1000;
/** Names the trouble of a control socket that cannot be made. */
const SOCKET_KEY = 'control socket';
/** What waits for everybody else. */
interface Opened {
  readonly clockWatch: ClockWatch;
  readonly enforcer: Enforcer;
  readonly plane: DataPlane;
  readonly operator: Operator;
  readonly protection: Protection;
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
    const onProgress = (status: string) => options.systemd.starting(status);
    const now = options.clock.now;
    const records = await Records.open({ config, configVersion, now, log, signal, handover, onProgress });
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

class RunningInstance extends InstanceParts implements Instance {
  /**
   * In the order of the data flow, the far end first: anyone who is told of something must be there. It is closed the other
   * way round: first who may ask for something, then what reads and judges, then what carries it out.
   */
  async start(): Promise<void> {
    const { log, systemd, signal } = this.options;
    const { config, records, bans, troubles, lifetime } = this;
    const clockWatch = this.watchClock();
    const { enforcer, backend } = await buildEnforcement({
      config,
      now: this.now,
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
    const plane = buildPlane({
      ...{ config, records, bans, troubles, traffic: this.traffic, probes: this.probes, systemd, now: this.now, log },
      engineOptions: this.options.loaded.engine,
      fuse: this.options.totals.fuse,
      watch: () => this.watch,
      onWarmStart: this.options.onWarmStart,
    });
    this.plane = plane;
    lifetime.own('the threads', () => plane.close());
    const { operator, protection } = buildOperator({
      ...{ config, records, bans, lanes: this.lanes, troubles, plane, now: this.now, signal },
      reconcile: () => this.reconcile(),
      onUnban: (request) => this.fleet?.noteUnban(request),
    });
    lifetime.own('the protection', () => protection.stop());
    this.watch = buildLogWatch({
      config,
      backend,
      protection,
      troubles,
      findActiveBan: (client) => records.trail.findActiveBan(client, this.now()),
    });
    lifetime.own('the watch', () => this.watch?.settled());
    lifetime.own('the data plane', async () => records.learned.save(await plane.stop(), plane.judgedBytes));
    // The control plane opens first: when another daemon runs already, this one must not touch anything.
    await this.openControl(operator, plane);
    const closePage = await openPage({
      ...{ config, records, troubles, operator, log },
      status: () => this.status(),
      rate: () => plane.engine?.countedRateLast ?? null,
      probes: this.probes,
      lanes: this.lanes,
      fleet: async () => this.fleet?.report(),
      annotate: (request) => this.reports.annotate(request),
      traffic: this.traffic,
      now: this.now,
    });
    if (closePage) lifetime.own('the page', closePage);
    signal.throwIfAborted();
    await this.goLive({ clockWatch, enforcer, plane, operator, protection });
  }

  /** Once everybody is there: what is held, then what is opened, then the lines. */
  private async goLive({ clockWatch, enforcer, plane, operator, protection }: Opened): Promise<void> {
    const { log, startReason, signal } = this.options;
    const { config, records, bans, troubles, lifetime, backend } = this;
    await protection.start();
    signal.throwIfAborted();
    const what = `zban ${VERSION}, ${config.mode} mode, sensitivity ${config.sensitivity}, ${backend}`;
    bans.record([systemDraft(startReason, this.now(), what)]);
    const panics = this.panic !== undefined || records.loss !== undefined;
    if (config.mode === 'observe')
      await endEnforcing(config, records.trail.activeBans(this.now()), bans, panics, log, signal);
    signal.throwIfAborted();
    await enforcer.start();
    await this.lanes.start();
    lifetime.own('the lanes', () => this.lanes.settled());
    signal.throwIfAborted();
    await plane.start(() => this.offenders(), this.incidents.known, signal);
    this.isLive = true;
    records.start(troubles, plane);
    lifetime.own('the timers of the records', () => records.pause());
    const expiry = setInterval(() => {
      void clockWatch.look();
      void bans.expireDue();
      void this.lanes.tick();
    }, EXPIRE_MS);
    lifetime.own('the timer of expiries', () => clearInterval(expiry));
    await this.join(operator, protection, plane);
  }

  private async join(operator: Operator, protection: Protection, { pipeline }: DataPlane): Promise<void> {
    const { config, records, bans, troubles } = this;
    this.fleet = await joinFleet({
      ...{ config, records, bans, protection, pipeline, troubles, operator, now: this.now },
      reconcile: () => this.reconcile(),
      // The host where somebody panicked tells people.
      panic: (request) => this.carryOutPanic(request, () => {}),
    });
    this.lifetime.own('the fleet', () => this.fleet?.stop());
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
    this.bans.record([systemDraft('reload', this.now(), `refused: ${problems}`)]);
  }

  async stop(reason: 'stop' | 'reload'): Promise<void> {
    this.stopping = reason;
    if (reason === 'stop') this.bans.record([systemDraft('stop', this.now(), 'bans in force stay in the kernel')]);
    try {
      await this.lifetime.close();
    } finally {
      this.options.totals.end(this.totals(), this.plane?.engine?.fuse);
    }
  }

  private async openControl(operator: Operator, plane: DataPlane): Promise<void> {
    const { control, onReload } = this.options;
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
    const onTrouble = (trouble: SocketTrouble | undefined) =>
      trouble ? this.troubles.begin(SOCKET_KEY, trouble.what, trouble.fix) : this.troubles.end(SOCKET_KEY);
    await control.serve({ socket: this.config.control.socket, handlers, onTrouble });
    this.lifetime.own('the control socket', () => (this.stopping === 'stop' ? control.close() : control.suspend()));
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
      stopping: this.stopping !== undefined,
    });
  }
}
