/** What an instance is made of: every part, wired to those that it needs, before any of them is started. */
import type { Config } from '../config/schema.ts';
import type { OnProgress, PanicRequest, PanicResult } from '../control/protocol.ts';
import type { ControlServer } from '../control/server.ts';
import type { OffenderColumns } from '../decide/offender-table.ts';
import type { Enforcer } from '../enforce/enforcer.ts';
import { startLoadSampler } from '../host/load.ts';
import type { RobotList } from '../host/robots.ts';
import type { HttpServer } from '../http/server.ts';
import type { Log } from '../model/log.ts';
import type { Changes } from '../model/reconcile.ts';
import type { WarmStart } from '../model/status.ts';
import { systemDraft } from '../record/row/row.ts';
import type { TrafficLog } from '../record/traffic/traffic-log.ts';
import { DaemonProbes } from './answers/probes.ts';
import { Bans } from './bans/bans.ts';
import { leaveFirewall } from './bans/enforcement.ts';
import type { Fleet } from './fleet/fleet.ts';
import { buildLanes } from './lanes/build-lanes.ts';
import type { Lanes } from './lanes/lanes.ts';
import type { Lifetime } from './lifetime.ts';
import type { SystemdNotifier } from './notify-systemd.ts';
import { buildOperator } from './orders/build-operator.ts';
import type { Operator } from './orders/operator.ts';
import { carryOutPanic, configInForce, findPanic, type Panic } from './orders/panic.ts';
import type { Protection } from './orders/protection.ts';
import { buildPlane } from './plane/build-plane.ts';
import type { DataPlane } from './plane/data-plane.ts';
import { openRobotList } from './plane/robots.ts';
import type { ConfigInForce } from './read-config.ts';
import { findOffenders } from './records/offenders.ts';
import type { Handover } from './records/record-store.ts';
import type { Records } from './records/records.ts';
import { openTraffic } from './records/traffic.ts';
import { noteRefusedReload } from './refused-reload.ts';
import { INCIDENT_KEY, Incidents } from './reports/incidents.ts';
import { Reports } from './reports/reports.ts';
import type { RunTotals } from './run-totals.ts';
import { type Trouble, Troubles } from './troubles.ts';
import { ClockWatch } from './watch/clock-watch.ts';
import type { HostClock } from './watch/host-clock.ts';
import { LogWatch } from './watch/log-watch.ts';

/** Messages get this long at a stop; the rest waits on disk. */
const DRAIN_MS = 2000;

/** What the process has, and one instance leaves to the next. */
export interface KeptParts {
  readonly log: Log;
  readonly systemd: SystemdNotifier;
  readonly handover: Handover;
  readonly totals: RunTotals;
  readonly clock: HostClock;
  readonly control: ControlServer;
  readonly dashboard: HttpServer;
}

export interface InstanceOptions extends KeptParts {
  readonly loaded: ConfigInForce;
  readonly startReason: 'start' | 'reload';
  /** Why a newer configuration than this one was refused, one problem a line. */
  readonly refused: string | undefined;
  /** Aborted when the start is to be given up. */
  readonly signal: AbortSignal;
  readonly onWarmStart: (progress: WarmStart) => void;
  readonly onReload: () => Promise<{ ok: boolean; message: string }>;
  /** Another instance is to take this one's place, with the same configuration. */
  readonly onRestart: () => void;
}

export class InstanceParts {
  readonly options: InstanceOptions;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Aborted when the start is to be given up. */
  readonly signal: AbortSignal;
  readonly panic: Panic | undefined;
  /** The configuration in force. */
  readonly config: Config;
  readonly records: Records;
  readonly troubles: Troubles;
  readonly reports: Reports;
  readonly bans: Bans;
  readonly lanes: Lanes;
  readonly incidents: Incidents;
  readonly traffic: TrafficLog;
  readonly load = startLoadSampler();
  readonly lifetime: Lifetime;
  readonly robots: RobotList;
  readonly plane: DataPlane;
  readonly operator: Operator;
  readonly protection: Protection;
  readonly watch: LogWatch;
  readonly clockWatch: ClockWatch;
  /** Once it is known what the firewall takes. */
  enforcer: Enforcer | undefined;
  backend = 'none';
  /** Last of all, and where one is configured. */
  fleet: Fleet | undefined;
  /** Every part has started: what is read is judged, and what is judged is carried out. */
  isLive = false;
  /** Why it ends: after `reload` another instance takes its place. */
  stopping: 'stop' | 'reload' | undefined;
  readonly probes = new DaemonProbes({
    now: () => performance.now(),
    isLive: () => this.isLive && !this.stopping,
    logs: () => this.plane.logs(),
  });

  constructor(options: InstanceOptions, records: Records, lifetime: Lifetime) {
    const { loaded, log } = options;
    this.options = options;
    this.log = log;
    this.now = options.clock.now;
    this.signal = options.signal;
    this.records = records;
    this.lifetime = lifetime;
    lifetime.own('the load sampler', () => this.load.stop());
    this.panic = findPanic(records);
    this.config = configInForce(loaded.config, this.panic);
    this.troubles = new Troubles({ log, before: options.totals.troubles });
    this.robots = openRobotList(this.config, this.troubles, log);
    this.reports = new Reports(this);
    lifetime.own('the channels', async () => {
      await records.settled();
      await this.reports.announcer.stop({ drainMs: this.isLive ? DRAIN_MS : 0 });
    });
    this.incidents = new Incidents(this.records.trail.loadState(INCIDENT_KEY));
    this.traffic = openTraffic(this.records.trail, this.config.profile);
    this.lanes = buildLanes(this);
    this.bans = new Bans({
      trail: this.records.trail,
      enforce: this.config.mode === 'enforce',
      now: this.now,
      reconcile: (which) => this.reconcile(which),
      notify: (notifications) => this.reports.notify(notifications),
      tell: (entries, events) => {
        this.records.lines.tell(entries, events);
        this.traffic.note(entries);
        this.fleet?.note(entries);
      },
      incidents: this.incidents,
      lanes: this.lanes,
    });
    this.plane = buildPlane(this);
    lifetime.own('the threads', () => this.plane.close());
    ({ operator: this.operator, protection: this.protection } = buildOperator(this));
    this.watch = new LogWatch(this);
    this.clockWatch = this.watchClock();
    if (options.refused !== undefined) noteRefusedReload(this.troubles, options.refused);
    this.troubles.tell({
      onBegin: (trouble) => this.reportTrouble(trouble, 'begin'),
      onEnd: (trouble) => this.reportTrouble(trouble, 'end'),
    });
  }

  /** What was recorded reaches the firewall once it is on disk, or the disk has refused it: a few changes before many. */
  async reconcile(which?: Changes): Promise<void> {
    await this.records.settled();
    await this.enforcer?.changed(which);
  }

  /** Bans in force and past offences, as the engine wants them. */
  offenders(): OffenderColumns {
    const { config, records, now } = this;
    return findOffenders(records.trail, config.mode === 'enforce', config.detection, now());
  }

  private watchClock(): ClockWatch {
    const { options, records, bans, log } = this;
    return new ClockWatch({
      ...{ clock: options.clock, trail: records.trail, bans, log },
      onMoved: async (seconds) => {
        await this.plane.pipeline.send({ kind: 'set_bans', offenders: this.offenders(), steppedSeconds: seconds });
        await this.reconcile();
      },
    });
  }

  private reportTrouble({ key, what, fix }: Trouble, phase: 'begin' | 'end'): void {
    // A start that is given up cuts off what is under way.
    if (this.signal.aborted) return;
    if (phase === 'begin') this.bans.record([systemDraft('trouble', this.now(), what)]);
    this.reports.notify([{ kind: 'trouble', time: new Date(this.now()).toISOString(), what, fix, phase, key }]);
  }

  carryOutPanic(
    request: PanicRequest,
    { onProgress, silent = false }: { readonly onProgress?: OnProgress | undefined; readonly silent?: boolean } = {},
  ): Promise<PanicResult> {
    const { records, bans, config, log, now } = this;
    const { loaded, onRestart } = this.options;
    return carryOutPanic(request, {
      trail: records.trail,
      reserve: records.reserve,
      bans,
      config: loaded.config,
      now,
      leaveFirewall: async () => {
        // It would repair what is taken out; the instance that follows has its own.
        if (config.mode === 'enforce') await this.enforcer?.stop();
        return leaveFirewall(config, log, { trail: records.trail });
      },
      notify: (notifications) => !silent && this.reports.notify(notifications),
      onProgress,
      waiting: () => this.reports.announcer.size(),
      restart: onRestart,
    });
  }
}
