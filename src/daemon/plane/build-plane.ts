/** The data plane with everything that what it reads goes to. */
import { freeMemory } from '../../workers/free-memory.ts';
import type { InstanceParts } from '../instance-parts.ts';
import { DataPlane } from './data-plane.ts';

export function buildPlane(parts: InstanceParts): DataPlane {
  const { config, records, bans, troubles, robots, traffic, probes, now, log } = parts;
  const { systemd, loaded, totals, onWarmStart } = parts.options;
  const plane = new DataPlane({
    config,
    engineOptions: loaded.engine,
    robots,
    positions: records.trail.positions(),
    baseline: records.learned.load(),
    fuse: totals.fuse,
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
      if (plane.warmStart) onWarmStart(plane.warmStart);
      probes.noteProgress();
      if (plane.engine) parts.watch.look(plane.engine);
      if (plane.isCurrent) bans.catchUp();
    },
  });
  return plane;
}
