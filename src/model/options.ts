/** What the engine needs of the configuration, under the configuration's own names. Durations are milliseconds. */

import type { RuleName } from '../detect/rules.ts';

/** Points tolerated at once, and points that drain a minute, by rule. */
export type PointsOptions = { readonly enabled: boolean } & Readonly<
  Record<RuleName, { readonly limit: number; readonly leak: number }>
>;

export interface DetectionOptions {
  readonly window: number;
  readonly out_of_order: number;
  readonly ipv6_prefix: number;
  readonly translation_prefixes: readonly string[];
  readonly clients_max: number;
  readonly z_score: number;
  readonly multiple: number;
  readonly min_requests: number;
  readonly error_surge: {
    readonly ratio_multiple: number;
    readonly min_errors: number;
    readonly min_requests: number;
    readonly z_score: number;
    readonly multiple: number;
  };
  readonly site: {
    readonly enabled: boolean;
    readonly times: number;
    readonly min_requests: number;
    readonly client_requests: number;
    readonly min_newcomers: number;
    readonly min_clients: number;
    readonly start_after: number;
    readonly end_after: number;
  };
  readonly points: PointsOptions;
  readonly classic: { readonly mean_floor: number; readonly stddev_floor: number };
}

export interface BaselineOptions {
  readonly window: number;
  readonly recompute: number;
  readonly warmup: number;
  readonly warmup_max_requests: number;
  readonly client_mean_floor: number;
  readonly client_stddev_floor: number;
  readonly site_mean_floor: number;
  readonly site_stddev_floor: number;
  readonly error_ratio_floor: number;
  readonly hour_of_day: { readonly enabled: boolean; readonly min_samples: number };
}

export interface BanOptions {
  readonly schedule: readonly (number | null)[];
  readonly decay: number;
  readonly max_per_minute: number;
  readonly max_share: number;
  readonly max_share_min_bans: number;
  readonly fuse_hold: number;
  readonly max_active: number;
}

export interface SwarmOptions {
  readonly enabled: boolean;
  readonly action: 'alert' | 'hold' | 'deny';
  /** Share of the usual requests that all lanes together may touch, 0–1. */
  readonly honest_share: number;
  /** The widest networks that are banned. */
  readonly ipv4_prefix: number;
  readonly ipv6_prefix: number;
}

export interface EngineOptions {
  readonly profile: 'balanced' | 'classic';
  readonly detection: DetectionOptions;
  readonly baseline: BaselineOptions;
  readonly bans: BanOptions;
  /** Key of the hashes that the parsers make. */
  readonly hashKey?: number;
  readonly swarm: SwarmOptions;
  /** Keep what every client did, for reports: 69 bytes a client. */
  readonly history?: boolean;
}
