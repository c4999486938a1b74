/** The daemon's state at one moment: `zban status --json`, the dashboard and the metrics show this one object. */

import type { BusyClient } from '../engine/busiest.ts';
import { isFleetStatus } from './fleet.ts';
import {
  each,
  isBoolean,
  isEither,
  isList,
  isNumber,
  isObject,
  isOneOf,
  isOptional,
  isRecord,
  isText,
  orNull,
  type Shape,
  type Value,
} from './shape.ts';
import type { BaselineEvent, SurgeNumbers, Told } from './told-event.ts';

/** Counts by name. */
const areCounts = (value: unknown): value is Readonly<Record<string, number>> =>
  isRecord(value) && Object.values(value).every(isNumber);

const isLevel = isObject(each(isNumber, 'mean', 'stddev'));
const isBaseline: Shape<BaselineEvent> = isObject({
  event: isOneOf('baseline'),
  time: isText,
  ready: isBoolean,
  ...each(isLevel, 'site', 'client'),
  learned: isObject({ ...each(orNull(isLevel), 'site', 'client'), error_ratio: orNull(isNumber) }),
  origin: isOneOf('rolling', 'hour', 'floor'),
  ...each(isNumber, 'error_ratio', 'site_samples', 'client_samples'),
});
const isIncident: Shape<SurgeNumbers & { readonly ongoing: boolean }> = isObject({
  condition: isOneOf('site_requests', 'site_newcomers', 'site_clients', 'site_z_score', 'site_multiplier'),
  verdict: isOneOf('attack', 'visitors', 'unclear'),
  since: isText,
  ...each(isNumber, 'peak_rate', 'peak_measured'),
  ongoing: isBoolean,
});

const isLogStatus = isObject({
  path: isText,
  /** `following`, `missing`, or the error that keeps it from being read, in words. */
  state: isText,
  /** Bytes not read yet. */
  behind_bytes: isNumber,
});
export type LogStatus = Value<typeof isLogStatus>;

/** How far a start has come with reading what the logs held before it. */
const isWarmStart = isObject({
  /** Of the bytes, 0–1. */
  share: isNumber,
  ...each(isNumber, 'lines', 'lines_per_second'),
  /** Null while too little was read to tell. */
  seconds_left: orNull(isNumber),
});
export type WarmStart = Value<typeof isWarmStart>;

export const topEntry = { name: isText, ...each(isNumber, 'requests', 'share') };

export const isStatus = isObject({
  /** `warming_up` until the baseline is ready; `trouble` while something in `troubles` stands. */
  state: isOneOf('starting', 'warming_up', 'running', 'trouble', 'stopping'),
  /** Null unless zban starts and reads the past of the logs. */
  warm_start: orNull(isWarmStart),
  /** The mode in force: observe while a panic stands. */
  mode: isOneOf('observe', 'enforce'),
  /** Somebody stopped all banning, whatever the configuration says. */
  panic: orNull(isObject(each(isText, 'since', 'by', 'reason'))),
  sensitivity: isEither(isOneOf('low', 'normal', 'high'), isNumber),
  ...each(isText, 'profile', 'backend', 'version', 'config_version', 'name'),
  ...each(isNumber, 'uptime_seconds', 'lines_total'),
  /** Refused lines by reason; what limits discarded, by limit (late lines, evicted clients, …). */
  ...each(areCounts, 'skipped', 'discarded'),
  /** Age of the newest line when it was read, seconds; null before the first line. */
  log_lag_seconds: orNull(isNumber),
  /** Bans in force, and would-be bans of observe mode. */
  ...each(isNumber, 'active_bans', 'observed_bans'),
  /** Of `active_bans` those that the firewall was not yet seen to hold; older versions do not tell. */
  pending_bans: isOptional(isNumber),
  ...each(isNumber, 'bans_total', 'unbans_total', 'refused_total'),
  global_anomaly: isBoolean,
  /** The anomaly of the site that was reported and has not ended; `ongoing` is false once the last seconds were calm. */
  incident: orNull(isIncident),
  /** The fuse has tripped: clients with a history (in profile `classic` all) are not banned until `fuse_until`, RFC 3339; null otherwise. */
  fuse_tripped: isBoolean,
  fuse_until: orNull(isText),
  /** Requests a second over the last window, and in the last closed second. */
  ...each(isNumber, 'site_rate', 'site_rate_last'),
  /** The same of the requests that the site's baseline is about: no static files, but in profile classic. */
  ...each(isNumber, 'counted_rate', 'counted_rate_last'),
  clients: isNumber,
  baseline: orNull(isBaseline),
  top_clients: isList(isObject(topEntry)),
  logs: isList(isLogStatus),
  ...each(isNumber, 'outbox', 'cpu_percent', 'memory_bytes', 'host_cpu_percent', 'host_memory_percent'),
  /** Only where a fleet is configured. */
  fleet: isOptional(isFleetStatus),
  troubles: isList(isText),
});
export type Status = Value<typeof isStatus>;

/** A client of the window that is not banned. */
export type TopClient = Told<BusyClient>;

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
