/**
 * The status as Prometheus metrics, set at scrape time. Names and units follow
 * https://prometheus.io/docs/practices/naming/: base units, `_total` for what only grows, ratios 0–1.
 */
import type { Status } from '../model/status.ts';
import { FLEET_COUNTERS, FLEET_GAUGES } from './fleet-metrics.ts';

export interface Metrics {
  readonly contentType: string;
  /** The text for one scrape. */
  render(status: Status): Promise<string>;
}

type Labels = Readonly<Record<string, string>>;
/** A value of null is left out of the scrape. */
type Sample = readonly [labels: Labels, value: number | null];
type Read = (status: Status) => readonly Sample[];
export type Metric = readonly [name: string, help: string, labels: readonly string[], read: Read];

const one =
  (read: (status: Status) => number | null): Read =>
  (status) => [[{}, read(status)]];
const byKey = (label: string, counts: Readonly<Record<string, number>>): Sample[] =>
  Object.entries(counts).map(([key, count]) => [{ [label]: key }, count]);
const byScope =
  (level: 'mean' | 'stddev'): Read =>
  ({ baseline }) => [
    [{ scope: 'site' }, baseline?.learned.site ? baseline.site[level] : null],
    [{ scope: 'client' }, baseline?.learned.client ? baseline.client[level] : null],
  ];

const COUNTERS: readonly Metric[] = [
  ['zban_lines_total', 'Log lines read.', [], one((status) => status.lines_total)],
  [
    'zban_skipped_lines_total',
    'Log lines refused, by reason.',
    ['reason'],
    (status) => byKey('reason', status.skipped),
  ],
  [
    'zban_discarded_total',
    'What a limit discarded, by limit.',
    ['limit'],
    (status) => byKey('limit', status.discarded),
  ],
  ['zban_bans_total', 'Bans decided since the start.', [], one((status) => status.bans_total)],
  ['zban_unbans_total', 'Bans ended since the start.', [], one((status) => status.unbans_total)],
  [
    'zban_refused_total',
    'Bans refused by the allowlist, a protection, the fuse or a limit.',
    [],
    one((status) => status.refused_total),
  ],
  [
    'process_cpu_seconds_total',
    'CPU time of the process, all threads.',
    [],
    () => {
      const { user, system } = process.cpuUsage();
      return [[{}, (user + system) / 1e6]];
    },
  ],
  ...FLEET_COUNTERS,
];

const GAUGES: readonly Metric[] = [
  ['zban_active_bans', 'Bans in force.', [], one((status) => status.active_bans)],
  ['zban_observed_bans', 'Bans that would be in force outside observe mode.', [], one((s) => s.observed_bans)],
  ['zban_requests_per_second', 'Requests a second over the last window.', [], one((status) => status.site_rate)],
  ['zban_clients', 'Clients in the window.', [], one((status) => status.clients)],
  [
    'zban_baseline_mean',
    'Effective mean of the baseline, requests a second; absent until it is learned.',
    ['scope'],
    byScope('mean'),
  ],
  [
    'zban_baseline_stddev',
    'Effective deviation, requests a second; absent until it is learned.',
    ['scope'],
    byScope('stddev'),
  ],
  [
    'zban_baseline_ready',
    '1 once the baseline is learned, 0 while warming up.',
    [],
    one((status) => Number(status.baseline?.ready ?? false)),
  ],
  [
    'zban_error_ratio',
    'Share of client errors in the baseline; absent until it is learned.',
    [],
    one((status) => status.baseline?.learned.error_ratio ?? null),
  ],
  ['zban_log_lag_seconds', 'Wall time minus the newest log time.', [], one((status) => status.log_lag_seconds)],
  [
    'zban_log_following',
    '1 while a log is followed, 0 while it is not.',
    ['path'],
    ({ logs }) => logs.map(({ path, state }) => [{ path }, Number(/^(following|the same file)/.test(state))]),
  ],
  [
    'zban_log_behind_bytes',
    'Bytes of a log not read yet.',
    ['path'],
    ({ logs }) => logs.map((log) => [{ path: log.path }, log.behind_bytes]),
  ],
  ['zban_uptime_seconds', 'Seconds since the start.', [], one((status) => status.uptime_seconds)],
  [
    'zban_global_anomaly',
    '1 while the site as a whole is anomalous.',
    [],
    one((status) => Number(status.global_anomaly)),
  ],
  [
    'zban_fuse_until_timestamp_seconds',
    'When the fuse that has tripped lets banning resume, epoch seconds; absent otherwise.',
    [],
    one((status) => (status.fuse_until === null ? null : Date.parse(status.fuse_until) / 1000)),
  ],
  [
    'zban_fuse_tripped',
    '1 while the fuse is tripped: clients that the site has served well are not banned.',
    [],
    one((status) => Number(status.fuse_tripped)),
  ],
  ['zban_outbox_size', 'Messages waiting for a channel.', [], one((status) => status.outbox)],
  ['zban_troubles', 'Troubles that stand; zban status names them.', [], one((status) => status.troubles.length)],
  ['zban_host_cpu_ratio', 'CPU of the host in use, 0–1.', [], one((status) => status.host_cpu_percent / 100)],
  ['zban_host_memory_ratio', 'Memory of the host in use, 0–1.', [], one((status) => status.host_memory_percent / 100)],
  [
    'zban_build_info',
    '1, with what runs as labels.',
    ['version', 'mode', 'backend', 'profile', 'sensitivity'],
    ({ version, mode, backend, profile, sensitivity }) => [
      [{ version, mode, backend, profile, sensitivity: String(sensitivity) }, 1],
    ],
  ],
  ['process_resident_memory_bytes', 'Resident memory.', [], () => [[{}, process.memoryUsage.rss()]]],
  [
    'process_start_time_seconds',
    'Start of the process, epoch seconds.',
    [],
    () => [[{}, Math.round(performance.timeOrigin) / 1000]],
  ],
  ...FLEET_GAUGES,
];

/**
 * Builds a registry of its own; nothing is collected between scrapes. The library is loaded with the first scrape: it
 * takes 7 MiB, and most hosts have no Prometheus.
 */
export function createMetrics(): Metrics {
  let loading: Promise<Metrics['render']> | undefined;
  return {
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    render: async (status) => {
      loading ??= loadRenderer();
      return (await loading)(status);
    },
  };
}

async function loadRenderer(): Promise<Metrics['render']> {
  const { Counter, Gauge, Registry } = await import('prom-client');
  const registry = new Registry();
  const registers = [registry];
  const counters = COUNTERS.map(([name, help, labelNames, read]) => {
    const counter = new Counter({ name, help, labelNames: [...labelNames], registers });
    return { metric: counter, set: (labels: Labels, value: number) => counter.inc(labels, value), read };
  });
  const gauges = GAUGES.map(([name, help, labelNames, read]) => {
    const gauge = new Gauge({ name, help, labelNames: [...labelNames], registers });
    return { metric: gauge, set: (labels: Labels, value: number) => gauge.set(labels, value), read };
  });
  return (status) => {
    for (const { metric, set, read } of [...counters, ...gauges]) {
      metric.reset();
      for (const [labels, value] of read(status)) {
        if (value !== null) set(labels, value);
        else metric.remove(labels);
      }
    }
    return registry.metrics();
  };
}
