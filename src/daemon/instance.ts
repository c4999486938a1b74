/**
 * The composition root: builds every part for one configuration, wires them in the order of the data flow, and takes
 * them down again in the order that loses nothing.
 */
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { PanicRequest, PanicResult } from '../control/protocol.ts';
import { startControlServer } from '../control/server.ts';
import type { Status } from '../core/status.ts';
import type { Enforcer } from '../enforce/enforcer.ts';
import { findConnections } from '../host/connections.ts';
import { startLoadSampler } from '../host/load.ts';
import type { Notifier } from '../notify/notifier.ts';
import { Bans } from './bans.ts';
import { buildProtection } from './build-protection.ts';
import { DataPlane } from './data-plane.ts';
import { systemDraft } from './drafts.ts';
import { Efficacy } from './efficacy.ts';
import { buildEnforcement, endEnforcing, leaveFirewall } from './enforcement.ts';
import { createHandlers } from './handlers.ts';
import type { Log } from './log.ts';
import { LogWatch } from './log-watch.ts';
import type { SystemdNotifier } from './notify-systemd.ts';
import { Operator } from './operator.ts';
import { openPage } from './page.ts';
import { carryOutPanic, configInForce, describePanic, findPanic, type Panic } from './panic.ts';
import type { Protection } from './protection.ts';
import { Records } from './records.ts';
import { assembleStatus, fixedStatus } from './status.ts';
import { buildNotifier } from './telling.ts';
import { type Trouble, Troubles } from './troubles.ts';
import { VERSION } from './version.ts';

/** Bans whose time is up are lifted within this. */
const EXPIRE_MS = 250;
/** Messages get this long at a stop; the rest waits on disk. */
const DRAIN_MS = 2000;

export interface InstanceOptions {
  readonly loaded: LoadedConfig & { ok: true };
  readonly log: Log;
  readonly systemd: SystemdNotifier;
  readonly startReason: 'start' | 'reload';
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

/** Builds and starts everything. Rejects with the typed error of the part that cannot work; nothing stays open then. */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const instance = new RunningInstance(options);
  try {
    await instance.start();
  } catch (error) {
    await instance.close();
    throw error;
  }
  return instance;
}

class RunningInstance implements Instance {
  private readonly options: InstanceOptions;
  private readonly panic: Panic | undefined;
  /** The configuration in force. */
  private readonly config: Config;
  private readonly startedMs = Date.now();
  private readonly records: Records;
  private readonly troubles: Troubles;
  private readonly notifier: Notifier | undefined;
  private readonly bans: Bans;
  private readonly load = startLoadSampler();
  /** What to take down, the last first. */
  private readonly closers: (() => unknown)[] = [];
  private plane: DataPlane | undefined;
  private enforcer: Enforcer | undefined;
  private watch: LogWatch | undefined;
  private backend = 'none';
  private stopping = false;

  constructor(options: InstanceOptions) {
    const { loaded, log } = options;
    this.options = options;
    this.records = new Records({ config: loaded.config, configVersion: loaded.version, now: Date.now, log });
    this.panic = findPanic(this.records.trail);
    this.config = configInForce(loaded.config, this.panic);
    this.closers.push(() => this.records.close());
    this.troubles = new Troubles({ log, onBegin: (trouble) => this.tellTrouble(trouble) });
    this.notifier = buildNotifier(this.config, this.records.outbox, Date.now, log, this.troubles);
    this.closers.push(() => this.notifier?.stop({ drainMs: DRAIN_MS }));
    this.bans = new Bans({
      trail: this.records.trail,
      enforce: this.config.mode === 'enforce',
      now: Date.now,
      reconcile: () => this.reconcile(),
      notify: (notifications) => this.notifier?.notify(notifications),
      tell: (entries, events) => this.records.tell(entries, events),
    });
    this.closers.push(() => this.load.stop());
  }

  /** In the order of the data flow, the far end first: whoever is told of something must be there. */
  async start(): Promise<void> {
    const { log, startReason } = this.options;
    const { config, records, bans, troubles } = this;
    const { enforcer, backend } = await buildEnforcement({
      config,
      now: Date.now,
      log,
      troubles,
      desired: bans.desired,
      onResult: (result) => bans.onResult(result),
    });
    this.enforcer = enforcer;
    this.backend = backend;
    this.closers.push(() => enforcer.stop());
    const plane = this.buildPlane();
    this.plane = plane;
    const { operator, protection } = this.buildOperator(plane);
    this.watch = this.buildWatch(protection);
    // The control plane opens first: when another daemon runs already, this one must not touch anything.
    await this.openControl(operator);
    const closePage = await openPage(config.http.listen, () => this.status(), records, log);
    if (closePage) this.closers.push(closePage);
    this.closers.push(
      () => this.watch?.settled(),
      // What the last lines decided is enforced before the enforcer stops.
      () => this.reconcile(),
      async () => records.saveBaseline(await plane.stop()),
      () => protection.stop(),
    );
    await protection.start();
    const what = `zban ${VERSION}, ${config.mode} mode, sensitivity ${config.sensitivity}, ${backend}`;
    bans.record([systemDraft(Date.now(), startReason, what)], [], []);
    if (config.mode === 'observe') await endEnforcing(config, records.trail, bans, this.panic !== undefined, log);
    await enforcer.start();
    await plane.start(() => records.offenders(config.mode === 'enforce'));
    records.start(troubles, () => plane.takeBaseline());
    this.closers.push(() => records.pause());
    const expiry = setInterval(() => bans.expireDue(), EXPIRE_MS);
    this.closers.push(() => clearInterval(expiry));
  }

  summary(): string {
    const { mode, backend, active_bans, logs } = this.status();
    return `${mode} mode, ${backend}, ${active_bans} bans, following ${logs.length} ${logs.length === 1 ? 'log' : 'logs'}`;
  }

  refuseReload(problems: string): void {
    this.options.log('error', 'reload refused, the old configuration stays in force', { problems });
    this.bans.record([systemDraft(Date.now(), 'reload', `refused: ${problems}`)], [], []);
  }

  async stop(reason: 'stop' | 'reload'): Promise<void> {
    this.stopping = true;
    if (reason === 'stop')
      this.bans.record([systemDraft(Date.now(), 'stop', 'bans in force stay in the kernel')], [], []);
    await this.close();
  }

  async close(): Promise<void> {
    for (const close of this.closers.splice(0).reverse()) await close();
  }

  private reconcile(): Promise<void> {
    return this.enforcer?.changed() ?? Promise.resolve();
  }

  private tellTrouble({ what, mend }: Trouble): void {
    this.bans.record([systemDraft(Date.now(), 'trouble', what)], [], []);
    this.notifier?.notify([{ kind: 'trouble', time: new Date().toISOString(), what, mend }]);
  }

  private buildPlane(): DataPlane {
    const { config, records, bans, troubles } = this;
    const { log, systemd } = this.options;
    const plane = new DataPlane({
      config,
      positions: records.trail.positions(),
      baseline: records.loadBaseline(),
      now: Date.now,
      log,
      troubles,
      onEvents: (events, positions) => {
        records.noteRead(positions);
        if (events.length > 0) bans.onEvents(events, positions);
      },
      onFailure: (error) => {
        throw error;
      },
      onProgress: () => {
        systemd.watchdog();
        if (plane.engine) this.watch?.look(plane.engine);
      },
    });
    return plane;
  }

  private buildWatch(protection: Protection): LogWatch {
    const { config, records, troubles } = this;
    const efficacy = new Efficacy({
      backend: () => this.backend,
      openPorts: config.firewall.protect_ports,
      ipv6Bits: config.detection.ipv6_prefix,
      findActiveBan: (client) => records.trail.findActiveBan(client, Date.now()),
      connections: () => findConnections(),
      troubles,
    });
    return new LogWatch({ efficacy: config.mode === 'enforce' ? efficacy : undefined, protection, troubles });
  }

  private buildOperator(plane: DataPlane): { operator: Operator; protection: Protection } {
    const { config, records, bans, troubles } = this;
    const protection = buildProtection({
      config,
      allowed: () => records.trail.allowed().map(({ entry }) => entry),
      troubles,
      onChange: async (networks) => {
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
      now: Date.now,
      reconcile: () => this.reconcile(),
    });
    return { operator, protection };
  }

  private async openControl(operator: Operator): Promise<void> {
    const { log, onReload } = this.options;
    const handlers = createHandlers({
      operator,
      notifier: this.notifier,
      status: () => this.status(),
      panic: (request) => this.carryOutPanic(request),
      reload: onReload,
    });
    const control = await startControlServer({ socket: this.config.control.socket, handlers, log });
    this.closers.push(() => control.close());
  }

  private carryOutPanic(request: PanicRequest): Promise<PanicResult> {
    const { records, bans, config } = this;
    const { loaded, log, onRestart } = this.options;
    return carryOutPanic(request, {
      trail: records.trail,
      bans,
      mode: loaded.config.mode,
      now: Date.now,
      leaveFirewall: () => leaveFirewall(config, log),
      reconcile: () => this.reconcile(),
      notify: (notifications) => this.notifier?.notify(notifications),
      restart: onRestart,
    });
  }

  private status(): Status {
    const { config, plane, records, bans, notifier, backend } = this;
    return assembleStatus({
      fixed: fixedStatus(config, this.panic, this.options.loaded.version, backend),
      startedMs: this.startedMs,
      nowMs: Date.now(),
      engine: plane?.engine,
      lagSeconds: plane?.lagSeconds() ?? null,
      counts: {
        lines_total: 0,
        skipped: {},
        ...plane?.counts(),
        ...records.counts(),
        ...bans.counts(),
        outbox: notifier?.size() ?? 0,
      },
      logs: plane?.logs() ?? [],
      load: this.load.current(),
      troubles: [...(this.panic ? [describePanic(this.panic)] : []), ...this.troubles.list()],
      stopping: this.stopping,
    });
  }
}
