/**
 * What the engine can be told: each key with its default and its range. What is a limit for clients is declared as one
 * (limits.ts), and sensitivity moves it.
 */
import * as z from 'zod';
import { RULES, type RuleName } from '../detect/rules.ts';
import { formatDuration, parseDuration } from '../english/duration.ts';
import { BAN_MS_MAX } from '../model/limits.ts';
import { TRANSLATION_BITS } from '../net/embedded-ipv4.ts';
import { isHostName } from '../net/host-name.ts';
import { parsePrefix } from '../net/prefix.ts';
import { duration, positive, section, share } from './fields.ts';
import { limit, multiple, requests } from './limits.ts';

const bucket = (points: number, leak: number) => section({ limit: limit(points), leak: positive(leak) });
/** Points that every rule for one client tolerates at once, and points that drain a minute. */
const rules = Object.fromEntries(RULES.map((rule) => [rule.name, bucket(rule.limit, rule.leak)])) as Record<
  RuleName,
  ReturnType<typeof bucket>
>;

const points = section({ enabled: z.boolean().default(true), ...rules });

const translationPrefix = z.string().refine(
  (text) => {
    const prefix = text.includes('/') ? parsePrefix(text) : undefined;
    return prefix?.family === 6 && TRANSLATION_BITS.some((bits) => bits === prefix.bits);
  },
  `expected an IPv6 network of length ${TRANSLATION_BITS.join(', ')}, such as 2001:db8:64::/96`,
);

export const detection = section({
  window: duration('60s', '10s', '5m'),
  out_of_order: duration('60s', '0s', '5m'),
  ipv6_prefix: z.number().int().min(32).max(64).default(64),
  translation_prefixes: z.array(translationPrefix).default([]),
  clients_max: z.number().int().min(1000).max(4_000_000).default(1_000_000),
  static_extensions: z
    .array(z.string().regex(/^[a-z0-9]{1,8}$/, 'expected an extension without its dot, in lower case'))
    .default(
      [
        'css js mjs map png jpg jpeg gif svg ico webp avif bmp woff woff2 ttf otf eot mp3 mp4 webm ogg pdf',
        'm3u8 ts m4s mpd m4a aac vtt deb rpm jar pom tgz',
      ].flatMap((list) => list.split(' ')),
    ),
  z_score: limit(3),
  multiple: multiple(5),
  min_requests: requests(700),
  error_surge: section({
    ratio_multiple: multiple(3),
    min_errors: requests(60),
    min_requests: requests(60),
    z_score: limit(2),
    multiple: multiple(3),
  }),
  site: section({
    enabled: z.boolean().default(true),
    times: z.number().min(1).default(3),
    min_requests: z.number().int().min(1).default(200),
    client_requests: z.number().int().min(1).default(20),
    min_newcomers: z.number().int().min(1).default(40),
    min_clients: z.number().int().min(1).default(200),
    start_after: duration('15s', '1s', '60s'),
    end_after: duration('60s', '1s', '1h'),
  }),
  robots: section({ verify: z.boolean().default(true), list: z.string().min(1).optional() }),
  points,
  classic: section({
    mean_floor: positive(2),
    stddev_floor: positive(0.5),
  }),
});

export const baseline = section({
  window: duration('30m', '2m', '6h'),
  history: duration('1d', '0s', '31d'),
  recompute: duration('60s', '1s', '10m'),
  warmup: duration('2m', '0s', '1h'),
  warmup_max_requests: requests(300, 10),
  client_mean_floor: positive(6),
  client_stddev_floor: positive(6),
  site_mean_floor: positive(0.5),
  site_stddev_floor: positive(0.5),
  error_ratio_floor: z.number().min(0.001).max(1).default(0.1),
  hour_of_day: section({
    enabled: z.boolean().default(true),
    min_samples: z.number().int().min(1).default(60),
  }),
});

export const swarm = section({
  enabled: z.boolean().default(true),
  action: z.enum(['alert', 'hold', 'deny']).default('alert'),
  /** The widest networks that are banned. */
  ipv4_prefix: z.number().int().min(16).max(32).default(16),
  ipv6_prefix: z.number().int().min(32).max(64).default(32),
});

const TIER_ERROR = `expected a duration from 1s to ${formatDuration(BAN_MS_MAX)}, such as 10m, or permanent`;
const tier = z.union([z.string(), z.number()], { error: TIER_ERROR }).transform((value, context) => {
  if (value === 'permanent') return null;
  const ms = parseDuration(value);
  if (ms !== undefined && ms >= 1000 && ms <= BAN_MS_MAX) return ms;
  context.addIssue({ code: 'custom', message: TIER_ERROR });
  return z.NEVER;
});

const schedule = z
  .array(tier)
  .min(1, 'expected at least one tier')
  .max(20)
  .prefault(['10m', '30m', '2h', 'permanent'])
  .superRefine((tiers, context) => {
    for (const [index, ms] of tiers.entries()) {
      const before = index === 0 ? 0 : (tiers[index - 1] ?? null);
      if (before === null) {
        context.addIssue({ code: 'custom', path: [index], message: 'nothing can follow permanent' });
      } else if (ms !== null && ms < before) {
        const message = `shorter than the tier before, ${formatDuration(before)}`;
        context.addIssue({ code: 'custom', path: [index], message });
      }
    }
  });

const allowed = z
  .string()
  .refine(
    (entry) => parsePrefix(entry) !== undefined || isHostName(entry),
    'expected an address, a network such as 192.0.2.0/24, or a host name',
  );

export const bans = section({
  schedule,
  decay: duration('7d', '1s', '3650d'),
  allowlist: z.array(allowed).default([]),
  protect_cdn: z.boolean().default(true),
  cdn_ranges: z.string().min(1).optional(),
  max_per_minute: z.number().int().min(1).default(100),
  max_share: share(0.2),
  max_active: z.number().int().min(1).max(4_000_000).default(1_000_000),
});

export const profile = z.enum(['balanced', 'classic']).default('balanced');

/** The most that limits are divided by. */
export const SENSITIVITY_MAX = 4;

export const sensitivity = z
  .union([z.enum(['low', 'normal', 'high']), z.number().min(0.25).max(SENSITIVITY_MAX)], {
    error: `expected low, normal, high, or a number from 0.25 to ${SENSITIVITY_MAX}`,
  })
  .default('normal');

/** Durations are milliseconds. */
export type DetectionOptions = z.output<typeof detection>;
export type PointsOptions = DetectionOptions['points'];
export type BaselineOptions = z.output<typeof baseline>;
export type BanOptions = z.output<typeof bans>;
export type SwarmOptions = z.output<typeof swarm>;

export interface EngineOptions {
  readonly profile: z.output<typeof profile>;
  readonly detection: DetectionOptions;
  readonly baseline: BaselineOptions;
  readonly bans: BanOptions;
  readonly swarm: SwarmOptions;
  /** Key of the hashes that the parsers make. */
  readonly hashKey?: number;
  /** Keep what every client did, for reports: 84 bytes a client. */
  readonly history?: boolean;
}
