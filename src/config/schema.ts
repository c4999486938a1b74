/**
 * The configuration: every key, its default, its range. Durations are written as people write them (`10m`, `2h`) and
 * arrive here in milliseconds. Unknown keys are errors. config.yaml at the top of the project shows every key.
 */
import { z } from 'zod';
import { RULES, type RuleName } from '../detect/rules.ts';
import { TRANSLATION_BITS } from '../net/embedded-ipv4.ts';
import { parsePrefix } from '../net/prefix.ts';
import { FIELD_NAMES } from '../parse/fields.ts';
import { LOG_FORMATS } from '../parse/formats.ts';
import { formatDuration, parseDuration } from '../words/duration.ts';
import { duration, path, positive, program, section, share } from './fields.ts';
import { notify } from './notify.ts';

const fieldKeys = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
  error: "expected the log's name of the field, or a list of names",
});

const log = z.strictObject({
  path: z.string().min(1),
  format: z.enum(LOG_FORMATS).default('auto'),
  fields: z.partialRecord(z.enum(FIELD_NAMES), fieldKeys).default({}),
});

const logs = z
  .array(log)
  .min(1, 'expected at least one log')
  .default([{ path: '/var/log/nginx/access.log', format: 'auto', fields: {} }])
  .superRefine((entries, context) => {
    for (const [index, { path }] of entries.entries()) {
      const first = entries.findIndex((entry) => entry.path === path);
      if (first === index) continue;
      context.addIssue({ code: 'custom', path: [index, 'path'], message: `logs[${first}] has the same path` });
    }
  });

const source = section({
  poll_interval: duration('20ms', '5ms', '100ms'),
  line_bytes_max: z.number().int().min(1024).max(1_048_576).default(65_536),
  discover_interval: duration('1s', '100ms', '60s'),
});

const bucket = (limit: number, leak: number) => section({ limit: positive(limit), leak: positive(leak) });
/** Limit and leak of every rule for one client. */
const rules = Object.fromEntries(RULES.map(({ name, limit, leak }) => [name, bucket(limit, leak)])) as Record<
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

const detection = section({
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
  z_score: positive(3),
  multiple: z.number().min(1).default(5),
  min_requests: z.number().int().min(1).default(700),
  error_surge: section({
    ratio_multiple: z.number().min(1).default(3),
    min_errors: z.number().int().min(1).default(60),
    min_requests: z.number().int().min(1).default(60),
    z_score: positive(2),
    multiple: z.number().min(1).default(3),
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

const baseline = section({
  window: duration('30m', '2m', '6h'),
  history: duration('1d', '0s', '31d'),
  recompute: duration('60s', '1s', '10m'),
  warmup: duration('2m', '0s', '1h'),
  warmup_max_requests: z.number().int().min(10).default(300),
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

const swarm = section({
  enabled: z.boolean().default(true),
  action: z.enum(['alert', 'hold', 'deny']).default('alert'),
  honest_share: z.number().min(0.00001).max(0.01).default(0.001),
  ipv4_prefix: z.number().int().min(16).max(32).default(16),
  ipv6_prefix: z.number().int().min(32).max(64).default(32),
});

const TIER_ERROR = 'expected a duration of at least 1s, such as 10m, or permanent';
const tier = z.union([z.string(), z.number()], { error: TIER_ERROR }).transform((value, context) => {
  if (value === 'permanent') return null;
  const ms = parseDuration(value);
  if (ms !== undefined && ms >= 1000 && Number.isFinite(ms)) return ms;
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

const HOST_NAME = /^(?=.*[a-z])[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.?$/i;
/** True for a DNS name such as `office.example.com` (RFC 1123); an address is none. */
export function isHostName(text: string): boolean {
  return text.length <= 253 && HOST_NAME.test(text);
}

const allowed = z
  .string()
  .refine(
    (entry) => parsePrefix(entry) !== undefined || isHostName(entry),
    'expected an address, a network such as 192.0.2.0/24, or a host name',
  );

const bans = section({
  schedule,
  decay: duration('7d', '1s', '3650d'),
  allowlist: z.array(allowed).default([]),
  allowlist_resolve: duration('5m', '1s', '1d'),
  protect_cdn: z.boolean().default(true),
  cdn_ranges: z.string().min(1).optional(),
  max_per_minute: z.number().int().min(1).default(100),
  max_share: share(0.2),
  max_share_min_bans: z.number().int().min(1).default(10),
  fuse_hold: duration('10m', '1s', '1d'),
  max_active: z.number().int().min(1).max(4_000_000).default(1_000_000),
});

/** Chains and targets that others own: flushing them would take down the host's own rules. */
const RESERVED_CHAIN =
  /^(INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING|ACCEPT|DROP|QUEUE|RETURN|REJECT|LOG|DOCKER.*|KUBE-.*)$/i;

const firewall = section({
  backend: z.enum(['auto', 'ipset', 'nftables', 'iptables', 'nginx', 'exec', 'dry-run']).default('auto'),
  chain: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_-]{0,19}$/, 'expected up to 20 letters, digits, _ or -')
    .refine((name) => !RESERVED_CHAIN.test(name), 'belongs to the kernel or to docker: zban needs a chain of its own')
    .default('ZBAN'),
  protect_ports: z.array(z.number().int().min(1).max(65_535)).max(15).default([22]),
  reconcile: duration('30s', '1s', '10m'),
  command_timeout: duration('10s', '100ms', '5m'),
  nginx: section({
    file: path('/etc/nginx/zban.conf'),
    lanes: z.string().min(1).optional(),
    format: z.enum(['deny', 'geo']).default('deny'),
    test: program.prefault(['nginx', '-T']),
    reload: program.prefault(['nginx', '-s', 'reload']),
  }),
  exec: section({ apply: program.optional(), list: program.optional() }),
});

const FLEET_URL_ERROR = 'expected redis://HOST:PORT, rediss://HOST:PORT (TLS) or unix:///PATH';
const fleetUrl = z
  .string()
  .refine((url) => URL.canParse(url) && /^(rediss?|unix):$/.test(new URL(url).protocol), FLEET_URL_ERROR);
/** Stands in names of keys and in the audit trail. */
const fleetName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'expected up to 64 letters, digits, ., _ or -');

/** Absent means off. */
const fleet = z.strictObject({
  url: z.union([fleetUrl, z.array(fleetUrl).min(1)], { error: `${FLEET_URL_ERROR}, or a list` }),
  password_file: z.string().min(1).optional(),
  kind: z.enum(['single', 'cluster', 'sentinel']).default('single'),
  master: z.string().min(1).default('mymaster'),
  ca_file: z.string().min(1).optional(),
  name: fleetName.default('default'),
  host: fleetName.optional(),
  share: z
    .array(z.enum(['bans', 'counts']))
    .min(1)
    .default(['bans', 'counts']),
  accept_from: z
    .union([z.literal('any'), z.array(fleetName)], { error: 'expected any, or a list of hosts' })
    .default('any'),
});

const sensitivity = z
  .union([z.enum(['low', 'normal', 'high']), z.number().min(0.25).max(4)], {
    error: 'expected low, normal, high, or a number from 0.25 to 4',
  })
  .default('normal');

/** The whole configuration. Keys of paths, so that several instances and tests run side by side. */
export const configSchema = z.strictObject({
  name: z.string().min(1).max(100).optional(),
  mode: z.enum(['observe', 'enforce']).default('observe'),
  profile: z.enum(['balanced', 'classic']).default('balanced'),
  sensitivity,
  logs,
  source,
  detection,
  baseline,
  bans,
  swarm,
  firewall,
  fleet: fleet.optional(),
  notify,
  who: section({ table: path('/var/lib/zban/who.table'), dns: z.boolean().default(true) }),
  state: section({ database: path('/var/lib/zban/zban.db'), checkpoint: duration('1s', '100ms', '60s') }),
  audit: section({
    log: path('/var/log/zban/audit.log'),
    log_bytes_max: z.number().int().min(10_000).default(20_000_000),
    log_keep: z.number().int().min(1).max(100).default(5),
    retention: duration('365d', '1h', '36500d'),
    entries_max: z.number().int().min(1000).default(500_000),
  }),
  control: section({
    // sun_path of unix(7) holds 108 bytes with the closing zero.
    socket: z
      .string()
      .min(1)
      .refine((text) => new TextEncoder().encode(text).length < 108, 'expected a path of at most 107 bytes')
      .default('/run/zban/zban.sock'),
  }),
  http: section({
    listen: z
      .string()
      .regex(/^(off|(\[[0-9a-fA-F:.]+\]|[^:\s]+):\d{1,5})$/, 'expected HOST:PORT, such as 127.0.0.1:9617, or off')
      .refine((text) => text === 'off' || Number(/:(\d+)$/.exec(text)?.[1]) <= 65_535, 'expected a port up to 65535')
      .default('127.0.0.1:9617'),
    actions: z.boolean().default(false),
    token_file: z.string().min(1).optional(),
  }),
  log_level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

export type Config = z.output<typeof configSchema>;
