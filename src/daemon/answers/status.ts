/** Puts the state of every part together: what status, dashboard and metrics show. */

import type { Status } from '../../model/status.ts';
import { formatSecond } from '../../model/time.ts';
import { toTold } from '../../model/told-event.ts';
import { baselineEvent } from '../../traffic/baseline.ts';
import type { InstanceParts } from '../instance-parts.ts';
import { describePanic } from '../orders/panic.ts';
import { hostName } from '../reports/announce.ts';
import type { Totals } from '../run-totals.ts';
import { VERSION } from '../version.ts';

function stateOf({ stopping, plane }: InstanceParts, troubles: readonly string[]): Status['state'] {
  if (stopping) return 'stopping';
  if (troubles.length > 0) return 'trouble';
  if (!plane.engine) return 'starting';
  return plane.engine.effective.ready ? 'running' : 'warming_up';
}

/** What this instance counted. */
export function countTotals({ plane, bans }: InstanceParts): Totals {
  return { ...plane.counts(), discarded: plane.engine?.discarded ?? {}, ...bans.counts() };
}

export function assembleStatus(parts: InstanceParts): Status {
  const { options, config, panic, records, reports, plane } = parts;
  const { mode, profile, sensitivity } = config;
  const { engine } = plane;
  const incident = plane.incident();
  const fleet = parts.fleet?.status();
  const troubles = [...(panic ? [describePanic(panic)] : []), ...parts.troubles.list()];
  const totals = options.totals.plus(countTotals(parts));
  const recorded = records.counts();
  return {
    state: stateOf(parts, troubles),
    warm_start: plane.warmStart,
    ...{ mode, panic: panic ?? null, profile, sensitivity, backend: parts.backend },
    ...{ version: VERSION, config_version: options.loaded.version, name: hostName(config) },
    uptime_seconds: Math.round(process.uptime()),
    ...totals,
    ...recorded,
    discarded: { ...totals.discarded, ...recorded.discarded },
    outbox: reports.announcer.size(),
    log_lag_seconds: plane.lagSeconds(),
    global_anomaly: incident !== null,
    incident,
    fuse_tripped: engine?.fuse !== undefined,
    fuse_until: engine?.fuse ? formatSecond(engine.fuse.until) : null,
    site_rate: engine?.siteRate ?? 0,
    site_rate_last: engine?.siteRateLast ?? 0,
    counted_rate: engine?.countedRate ?? 0,
    counted_rate_last: engine?.countedRateLast ?? 0,
    clients: engine?.clients ?? 0,
    baseline: engine ? toTold(baselineEvent(engine.effective, engine.second)) : null,
    top_clients: engine?.topClients ?? [],
    logs: plane.logs(),
    ...(fleet && { fleet }),
    ...parts.load.current(),
    troubles,
  };
}
