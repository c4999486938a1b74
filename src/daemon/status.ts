/** Puts the state of every part together: what status, dashboard and metrics show. */
import type { Status } from '../core/status.ts';
import { baselineEvent } from '../core/traffic/baseline.ts';
import type { EngineStatus } from '../workers/messages.ts';

/** Where the parts of a Status come from. */
export interface StatusSources {
  readonly fixed: Pick<Status, 'mode' | 'profile' | 'backend' | 'version' | 'config_version' | 'name'>;
  readonly startedMs: number;
  readonly now: () => number;
  readonly engine: () => EngineStatus | undefined;
  readonly lagSeconds: () => number | null;
  readonly counts: () => Pick<
    Status,
    'lines_total' | 'skipped' | 'active_bans' | 'observed_bans' | 'bans_total' | 'unbans_total' | 'refused_total' | 'outbox'
  >;
  readonly logs: () => Status['logs'];
  readonly load: () => Pick<Status, 'cpu_percent' | 'memory_bytes' | 'host_cpu_percent' | 'host_memory_percent'>;
  readonly troubles: () => readonly string[];
  readonly stopping: () => boolean;
}

function stateOf(sources: StatusSources, engine: EngineStatus | undefined): Status['state'] {
  if (sources.stopping()) return 'stopping';
  if (sources.troubles().length > 0) return 'trouble';
  if (!engine) return 'starting';
  return engine.effective.ready ? 'running' : 'warming_up';
}

export function assembleStatus(sources: StatusSources): Status {
  const engine = sources.engine();
  return {
    state: stateOf(sources, engine),
    ...sources.fixed,
    uptime_seconds: Math.round((sources.now() - sources.startedMs) / 1000),
    ...sources.counts(),
    discarded: engine?.discarded ?? {},
    log_lag_seconds: sources.lagSeconds(),
    global_anomaly: engine?.globalAnomaly ?? false,
    fuse_blown: engine?.fuseBlown ?? false,
    site_rate: engine?.siteRate ?? 0,
    site_rate_last: engine?.siteRateLast ?? 0,
    clients: engine?.clients ?? 0,
    baseline: engine ? baselineEvent(engine.effective, engine.second) : null,
    top_clients: engine?.topClients ?? [],
    logs: sources.logs(),
    ...sources.load(),
    troubles: [...sources.troubles()],
  };
}
