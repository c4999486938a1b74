/** The daemon's state at one moment: `zban status --json`, the dashboard and the metrics show this one object. */
import type { LimitName } from '../detect/reach.ts';
import type { Sensitivity } from '../settings/sensitivity.ts';
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

/** How far a start has come with reading what the logs held before it. */
export interface WarmStart {
  /** Of the bytes, 0–1. */
  readonly share: number;
  readonly lines: number;
  readonly lines_per_second: number;
  /** Null while too little was read to tell. */
  readonly seconds_left: number | null;
}

export interface Status {
  /** `warming_up` until the baseline is ready; `trouble` while something in `troubles` stands. */
  readonly state: 'starting' | 'warming_up' | 'running' | 'trouble' | 'stopping';
  /** Null unless zban starts and reads the past of the logs. */
  readonly warm_start: WarmStart | null;
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
  /** Age of the newest line when it was read, seconds; null before the first line. */
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
  /** The fuse has tripped: clients with a history (in profile `classic` all) are not banned until `fuse_until`, RFC 3339; null otherwise. */
  readonly fuse_tripped: boolean;
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

/** How near a client is to the limit that it is nearest to. */
export interface NearestLimit {
  readonly limit: LimitName;
  /** From 1 on it would be banned. */
  readonly share: number;
  /** The limit: points, or requests in a window. */
  readonly tolerated: number;
}

/** A client of the window that is not banned. */
export interface TopClient extends TopEntry {
  readonly nearest: NearestLimit | null;
  /** Of its newest requests, without queries; null where they are no longer known. */
  readonly top_path: string | null;
  /** Its newest requests by the first digit of the status: 2xx, 3xx, 4xx, 5xx. */
  readonly statuses: readonly [number, number, number, number];
}

/** What `zban top` shows; gathered only when somebody asks. */
export interface Busiest {
  /** Newest second of the log, by the wall clock. */
  readonly second: number;
  /** The whole site in each second of the window, the oldest first, counted as its baseline is: no static files but in profile classic. */
  readonly site_rates: readonly number[];
  /** Those nearest to their limits and those with most requests, the nearest first. */
  readonly clients: readonly TopClient[];
}

/** The answer to `top`. */
export interface TopView extends Busiest {
  readonly status: Status;
}
