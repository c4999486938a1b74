import type { Enforcer } from '../enforce/enforcer.ts';
import { systemDraft } from '../record/row/row.ts';
import { controlOf } from './answers/control.ts';
import { pageOf } from './answers/dashboard.ts';
import { assembleStatus, countTotals } from './answers/status.ts';
import { buildEnforcement, endEnforcing } from './bans/enforcement.ts';
import { lockNginxFiles } from './bans/nginx-files.ts';
import { lockChain } from './bans/own-chain.ts';
import { endCured } from './cured.ts';
import { everySecond } from './every-second.ts';
import { joinFleet } from './fleet/fleet-join.ts';
import { type InstanceOptions, InstanceParts } from './instance-parts.ts';
import { Lifetime } from './lifetime.ts';
import { Records } from './records/records.ts';
import { noteRefusedReload } from './refused-reload.ts';
import { VERSION } from './version.ts';

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
    const instance = new Instance(options, records, lifetime);
    await instance.start();
    return instance;
  } catch (error) {
    // What fails beside that is in the log.
    await lifetime.close().catch(() => {});
    throw error;
  }
}

export class Instance extends InstanceParts {
  /**
   * In the order of the data flow, the far end first: anyone who is told of something must be there. It is closed the other
   * way round: first who may ask for something, then what reads and judges, then what carries it out.
   */
  async start(): Promise<void> {
    const { records, plane, protection, watch, lifetime, signal } = this;
    const { control, dashboard } = this.options;
    lockNginxFiles(this.config, lifetime);
    await lockChain(this);
    const { enforcer, backend } = await buildEnforcement(this);
    this.enforcer = enforcer;
    this.backend = backend;
    lifetime.own('the enforcer', () => enforcer.stop());
    // What the last lines decided is enforced before the enforcer stops.
    lifetime.own('the last bans', () => this.isLive && this.reconcile());
    lifetime.own('the protection', () => protection.stop());
    lifetime.own('the watch', () => watch.settled());
    lifetime.own('the data plane', async () => records.learned.save(await plane.stop(), plane.judgedBytes));
    // The control plane opens first: when another daemon runs already, this one must not touch anything.
    await control.serve(controlOf(this));
    lifetime.own('the control socket', () => (this.stopping === 'stop' ? control.close() : control.suspend()));
    lifetime.own('the dashboard', () => (this.stopping === 'stop' ? dashboard.close() : dashboard.suspend()));
    await dashboard.serve(pageOf(this));
    signal.throwIfAborted();
    await this.goLive(enforcer);
  }

  /** Once everybody is there: what is held, then what is opened, then the lines. */
  private async goLive(enforcer: Enforcer): Promise<void> {
    const { config, records, bans, lanes, plane, troubles, clockWatch, lifetime, backend, signal } = this;
    await this.protection.start();
    signal.throwIfAborted();
    const what = `zban ${VERSION}, ${config.mode} mode, sensitivity ${config.sensitivity}, ${backend}`;
    bans.record([systemDraft(this.options.startReason, this.now(), what)]);
    if (config.mode === 'observe') await endEnforcing(this);
    signal.throwIfAborted();
    await enforcer.start();
    await lanes.start();
    lifetime.own('the lanes', () => lanes.settled());
    signal.throwIfAborted();
    await plane.start(() => this.offenders(), this.incidents.known, signal);
    this.isLive = true;
    records.start(troubles, plane);
    endCured(this);
    lifetime.own('the timers of the records', () => records.pause());
    const endExpiry = everySecond(() => {
      void clockWatch.look();
      void bans.expireDue();
      void lanes.tick();
    });
    lifetime.own('the timer of expiries', endExpiry);
    this.fleet = await joinFleet(this);
    lifetime.own('the fleet', () => this.fleet?.stop());
  }

  /** One line for `systemctl status`. */
  summary(): string {
    const { mode, backend, active_bans, logs } = assembleStatus(this);
    return `${mode} mode, ${backend}, ${active_bans} bans, following ${logs.length} ${logs.length === 1 ? 'log' : 'logs'}`;
  }

  /** A reload was asked for and refused. */
  refuseReload(problems: string): void {
    this.log('error', 'reload refused, the old configuration stays in force', { problems });
    this.bans.record([systemDraft('reload', this.now(), `refused: ${problems}`)]);
    noteRefusedReload(this.troubles, problems);
  }

  /** Judges what was read, saves where it is, and closes everything. Bans stay in the kernel. */
  async stop(reason: 'stop' | 'reload'): Promise<void> {
    this.stopping = reason;
    if (reason === 'stop') this.bans.record([systemDraft('stop', this.now(), 'bans in force stay in the kernel')]);
    try {
      await this.lifetime.close();
    } finally {
      this.options.totals.end(countTotals(this), this.plane.engine?.fuse, this.troubles.standingNow());
    }
  }
}
