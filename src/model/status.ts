/** The daemon's state at one moment: `zban status --json`, the dashboard and the metrics show this one object. */
import type { Sensitivity } from '../detect/sensitivity.ts';
import type { SurgeNumbers } from '../site/surge.ts';
import type { BaselineEvent, TopEntry } from './event.ts';
import type { FleetStatus } from './fleet.ts';

export interface LogStatus {
  readonly path: string;
  /** `following`, `missing`, or the error that keeps it from being read, in words. */
  readonly state: string;
  /** Bytes not read yet. */
  readonly behind_bytes: number;
}

export interface Status {
  /** `warming_up` until the baseline is ready; `trouble` while something in `troubles` stands. */
  readonly state: 'starting' | 'warming_up' | 'running' | 'trouble' | 'stopping';
  /** The mode in force: observe while a panic stands. */
  readonly mode: 'observe' | 'enforce';
  /** Somebody stopped all banning, whatever the configuration says. */
  readonly panic: { readonly since: string; readonly by: string; readonly reason: string } | null;
  readonly profile: string;
  readonly sensitivity: Sensitivity;
  readonly backend: string;
  readonly version: string;
  readonly config_version: string;
  readonly name: string;
  readonly uptime_seconds: number;
  readonly lines_total: number;
  /** Refused lines by reason. */
  readonly skipped: Readonly<Record<string, number>>;
  /** What limits discarded, by limit (late lines, evicted clients, …). */
  readonly discarded: Readonly<Record<string, number>>;
  /** Wall time minus the newest log time, seconds; null before the first line. */
  readonly log_lag_seconds: number | null;
  readonly active_bans: number;
  /** Would-be bans of observe mode. */
  readonly observed_bans: number;
  readonly bans_total: number;
  readonly unbans_total: number;
  readonly refused_total: number;
  readonly global_anomaly: boolean;
  /** The anomaly of the site that was reported and has not ended; `ongoing` is false once the last seconds were calm. */
  readonly incident: (SurgeNumbers & { readonly ongoing: boolean }) | null;
  /** The fuse has tripped: nobody is banned until `fuse_until`, RFC 3339; null otherwise. */
  readonly fuse_blown: boolean;
  readonly fuse_until: string | null;
  /** Requests a second over the last window, and in the last closed second. */
  readonly site_rate: number;
  readonly site_rate_last: number;
  /** The same of the requests that the site's baseline is about: no static files, but in profile classic. */
  readonly counted_rate: number;
  readonly counted_rate_last: number;
  readonly clients: number;
  readonly baseline: BaselineEvent | null;
  readonly top_clients: readonly TopEntry[];
  readonly logs: readonly LogStatus[];
  readonly outbox: number;
  readonly cpu_percent: number;
  readonly memory_bytes: number;
  readonly host_cpu_percent: number;
  readonly host_memory_percent: number;
  /** Only where a fleet is configured. */
  readonly fleet?: FleetStatus | undefined;
  readonly troubles: readonly string[];
}
