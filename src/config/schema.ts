/**
 * The configuration: every key, its default, its range; those of the engine are in settings/engine-settings.ts. Durations are
 * written as people write them (`10m`, `2h`) and arrive here in milliseconds. Unknown keys are errors. config.yaml at the top of
 * the project shows every key.
 */
import * as z from 'zod';
import { FIELD_NAMES } from '../parse/fields.ts';
import { LOG_FORMATS } from '../parse/formats.ts';
import { bans, baseline, detection, profile, sensitivity, swarm } from '../settings/engine-settings.ts';
import { duration, path, section } from '../settings/fields.ts';
import { firewall } from '../settings/firewall-settings.ts';
import { notify } from '../settings/notify-settings.ts';

// Parsed once in a process: to compile what parses it would take longer.
z.config({ jitless: true });

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

const FLEET_URL_ERROR = 'expected redis://HOST:PORT, rediss://HOST:PORT (TLS) or unix:///PATH';
const fleetUrl = z
  .string()
  .refine((url) => URL.canParse(url) && /^(rediss?|unix):$/.test(new URL(url).protocol), FLEET_URL_ERROR);
/** Stands in names of keys and in the audit trail. */
const fleetName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'expected a letter or digit, then up to 63 of those, ., _ or -');

/** Absent means off. */
const fleet = z.strictObject({
  url: z.union([fleetUrl, z.array(fleetUrl).min(1)], { error: `${FLEET_URL_ERROR}, or a list` }),
  password_file: z.string().min(1).optional(),
  master: z.string().min(1).optional(),
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

/** The whole configuration. Keys of paths, so that several instances and tests run side by side. */
export const configSchema = z.strictObject({
  name: z.string().min(1).max(100).optional(),
  mode: z.enum(['observe', 'enforce']).default('observe'),
  profile,
  sensitivity,
  logs,
  detection,
  baseline,
  bans,
  swarm,
  firewall,
  fleet: fleet.optional(),
  notify,
  who: section({ table: path('/var/lib/zban/who.table'), dns: z.boolean().default(true) }),
  state: section({
    database: z
      .string()
      // SQLite's names for a database without a file.
      .refine((text) => !['', ':memory:'].includes(text.trim()), 'expected a file')
      .default('/var/lib/zban/zban.db'),
  }),
  audit: section({
    log: path('/var/log/zban/audit.log'),
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
    token_file: z.string().min(1).optional(),
  }),
});

export type Config = z.output<typeof configSchema>;
