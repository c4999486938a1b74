/** Puts the state of every part together: what status, dashboard and metrics show. */
import type { Config } from '../../config/schema.ts';
import type { Status } from '../../model/status.ts';
import { formatSecond } from '../../model/time.ts';
import { baselineEvent } from '../../traffic/baseline.ts';
import type { EngineStatus } from '../../workers/messages.ts';
import type { Panic } from '../orders/panic.ts';
import { hostName } from '../reports/announce.ts';
import { VERSION } from '../version.ts';

type Counts =
  | 'lines_total'
  | 'skipped'
  | 'discarded'
  | 'active_bans'
  | 'observed_bans'
  | 'bans_total'
  | 'unbans_total'
  | 'refused_total';
type Load = 'cpu_percent' | 'memory_bytes' | 'host_cpu_percent' | 'host_memory_percent';

type FixedStatus = Pick<
  Status,
  'mode' | 'panic' | 'profile' | 'sensitivity' | 'backend' | 'version' | 'config_version' | 'name'
>;

/** What never changes while an instance runs. */
export function fixedStatus(
  config: Config,
  panic: Panic | undefined,
  configVersion: string,
  backend: string,
): FixedStatus {
  const { mode, profile, sensitivity } = config;
  const name = hostName(config);
  const version = { version: VERSION, config_version: configVersion };
  return { mode, panic: panic ?? null, profile, sensitivity, backend, ...version, name };
}

/** What the parts say of themselves. */
export interface StatusSources {
  readonly fixed: FixedStatus;
  /** Of the process, not of the configuration in force. */
  readonly uptimeSeconds: number;
  readonly warmStart: Status['warm_start'];
  readonly engine: EngineStatus | undefined;
  readonly incident: Status['incident'];
  readonly lagSeconds: number | null;
  readonly counts: Pick<Status, Counts | 'outbox'>;
  readonly logs: Status['logs'];
  readonly load: Pick<Status, Load>;
  readonly fleet: Status['fleet'];
  readonly troubles: readonly string[];
  readonly stopping: boolean;
}

function stateOf({ stopping, troubles, engine }: StatusSources): Status['state'] {
  if (stopping) return 'stopping';
  if (troubles.length > 0) return 'trouble';
  if (!engine) return 'starting';
  return engine.effective.ready ? 'running' : 'warming_up';
}

export function assembleStatus(sources: StatusSources): Status {
  const { engine, incident, fixed, counts, load, logs, troubles } = sources;
  return {
    state: stateOf(sources),
    warm_start: sources.warmStart,
    ...fixed,
    uptime_seconds: Math.round(sources.uptimeSeconds),
    ...counts,
    log_lag_seconds: sources.lagSeconds,
    global_anomaly: incident !== null,
    incident,
    fuse_tripped: engine?.fuse !== undefined,
    fuse_until: engine?.fuse ? formatSecond(engine.fuse.until) : null,
    site_rate: engine?.siteRate ?? 0,
    site_rate_last: engine?.siteRateLast ?? 0,
    counted_rate: engine?.countedRate ?? 0,
    counted_rate_last: engine?.countedRateLast ?? 0,
    clients: engine?.clients ?? 0,
    baseline: engine ? baselineEvent(engine.effective, engine.second) : null,
    top_clients: engine?.topClients ?? [],
    logs,
    ...(sources.fleet && { fleet: sources.fleet }),
    ...load,
    troubles,
  };
}
