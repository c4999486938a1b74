/** The data plane with everything that what it reads goes to. */
import type { Config } from '../../config/schema.ts';
import type { FuseHold } from '../../decide/fuse.ts';
import type { Log } from '../../model/log.ts';
import type { WarmStart } from '../../model/status.ts';
import type { TrafficLog } from '../../record/traffic/traffic-log.ts';
import type { EngineOptions } from '../../settings/engine-settings.ts';
import { freeMemory } from '../../workers/free-memory.ts';
import type { DaemonProbes } from '../answers/probes.ts';
import type { Bans } from '../bans/bans.ts';
import type { SystemdNotifier } from '../notify-systemd.ts';
import type { Records } from '../records/records.ts';
import type { Troubles } from '../troubles.ts';
import type { LogWatch } from '../watch/log-watch.ts';
import { DataPlane } from './data-plane.ts';

export interface BuildPlaneOptions {
  readonly config: Config;
  readonly engineOptions: EngineOptions;
  readonly records: Records;
  readonly bans: Bans;
  readonly troubles: Troubles;
  readonly traffic: TrafficLog;
  readonly probes: DaemonProbes;
  readonly systemd: SystemdNotifier;
  readonly now: () => number;
  readonly log: Log;
  /** Of the instance before. */
  readonly fuse: FuseHold | undefined;
  readonly watch: () => LogWatch | undefined;
  readonly onWarmStart: (progress: WarmStart) => void;
}

export function buildPlane(options: BuildPlaneOptions): DataPlane {
  const { config, engineOptions, records, bans, troubles, traffic, probes, systemd, now, log, fuse } = options;
  const plane = new DataPlane({
    config,
    engineOptions,
    positions: records.trail.positions(),
    baseline: records.learned.load(),
    fuse,
    now,
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
    onQuiet: () => {
      freeMemory();
      records.thread.call('freeMemory', undefined, () => {});
    },
    onProgress: () => {
      systemd.watchdog();
      if (plane.warmStart) options.onWarmStart(plane.warmStart);
      probes.noteProgress();
      if (plane.engine) options.watch()?.look(plane.engine);
      if (plane.isCurrent) bans.catchUp();
    },
  });
  return plane;
}
