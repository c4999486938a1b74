/**
 * The status as Prometheus metrics, made at scrape time. Names and units follow
 * https://prometheus.io/docs/practices/naming/: base units, `_total` for what only grows, ratios 0–1.
 */
import type { Status } from '../model/status.ts';
import { FLEET_COUNTERS, FLEET_GAUGES } from './fleet-metrics.ts';

/** Prometheus' text format. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

type Labels = Readonly<Record<string, string>>;
/** Null is left out of the scrape. */
type Value = number | null;
export type Samples = readonly (readonly [labels: Labels, value: Value])[];
/** What is read is one value, or samples, all with the same labels. */
export type Metric = readonly [name: string, help: string, read: (status: Status) => Value | Samples];

const byKey = (label: string, counts: Readonly<Record<string, number>>): Samples =>
  Object.entries(counts).map(([key, count]) => [{ [label]: key }, count]);
const byScope = ({ baseline }: Status, level: 'mean' | 'stddev'): Samples => [
  [{ scope: 'site' }, baseline?.learned.site ? baseline.site[level] : null],
  [{ scope: 'client' }, baseline?.learned.client ? baseline.client[level] : null],
];

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

const COUNTERS: readonly Metric[] = [
  ['zban_lines_total', 'Log lines read.', (status) => status.lines_total],
  ['zban_skipped_lines_total', 'Log lines refused, by reason.', (status) => byKey('reason', status.skipped)],
  ['zban_discarded_total', 'What a limit discarded, by limit.', (status) => byKey('limit', status.discarded)],
  ['zban_bans_total', 'Bans decided since the start.', (status) => status.bans_total],
  ['zban_unbans_total', 'Bans ended since the start.', (status) => status.unbans_total],
  [
    'zban_refused_total',
    'Bans refused by the allowlist, a protection, the fuse or a limit.',
    (status) => status.refused_total,
  ],
  ['process_cpu_seconds_total', 'CPU time of the process, all threads.', cpuSeconds],
  ...FLEET_COUNTERS,
];

const GAUGES: readonly Metric[] = [
  ['zban_active_bans', 'Bans in force.', (status) => status.active_bans],
  ['zban_observed_bans', 'Bans that would be in force outside observe mode.', (status) => status.observed_bans],
  ['zban_requests_per_second', 'Requests a second over the last window.', (status) => status.site_rate],
  ['zban_clients', 'Clients in the window.', (status) => status.clients],
  [
    'zban_baseline_mean',
    'Effective mean of the baseline, requests a second; absent until it is learned.',
    (status) => byScope(status, 'mean'),
  ],
  [
    'zban_baseline_stddev',
    'Effective deviation, requests a second; absent until it is learned.',
    (status) => byScope(status, 'stddev'),
  ],
  [
    'zban_baseline_ready',
    '1 once the baseline is learned, 0 while warming up.',
    (status) => Number(status.baseline?.ready ?? false),
  ],
  [
    'zban_error_ratio',
    'Share of client errors in the baseline; absent until it is learned.',
    (status) => status.baseline?.learned.error_ratio ?? null,
  ],
  ['zban_log_lag_seconds', 'Age of the newest line when it was read.', (status) => status.log_lag_seconds],
  [
    'zban_log_following',
    '1 while a log is followed, 0 while it is not.',
    ({ logs }) => logs.map(({ path, state }) => [{ path }, Number(/^(following|the same file)/.test(state))]),
  ],
  [
    'zban_log_behind_bytes',
    'Bytes of a log not read yet.',
    ({ logs }) => logs.map((log) => [{ path: log.path }, log.behind_bytes]),
  ],
  ['zban_uptime_seconds', 'Seconds since the start.', (status) => status.uptime_seconds],
  ['zban_global_anomaly', '1 while the site as a whole is anomalous.', (status) => Number(status.global_anomaly)],
  [
    'zban_fuse_until_timestamp_seconds',
    'When the fuse that has tripped lets banning resume, epoch seconds; absent otherwise.',
    ({ fuse_until }) => (fuse_until === null ? null : Date.parse(fuse_until) / 1000),
  ],
  [
    'zban_fuse_tripped',
    '1 while the fuse is tripped: clients that the site has served well are not banned.',
    (status) => Number(status.fuse_tripped),
  ],
  ['zban_outbox_size', 'Messages waiting for a channel.', (status) => status.outbox],
  ['zban_troubles', 'Troubles that stand; zban status names them.', (status) => status.troubles.length],
  ['zban_host_cpu_ratio', 'CPU of the host in use, 0–1.', (status) => status.host_cpu_percent / 100],
  ['zban_host_memory_ratio', 'Memory of the host in use, 0–1.', (status) => status.host_memory_percent / 100],
  [
    'zban_build_info',
    '1, with what runs as labels.',
    ({ version, mode, backend, profile, sensitivity }) => [
      [{ version, mode, backend, profile, sensitivity: String(sensitivity) }, 1],
    ],
  ],
  ['process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss()],
  [
    'process_start_time_seconds',
    'Start of the process, epoch seconds.',
    () => Math.round(performance.timeOrigin) / 1000,
  ],
  ...FLEET_GAUGES,
];

/** The text of one scrape. The library is loaded with the first: it takes 7 MiB, and most hosts have no Prometheus. */
export async function renderMetrics(status: Status): Promise<string> {
  const { Counter, Gauge, Registry } = await import('prom-client');
  const registry = new Registry();
  const add = (Kind: typeof Counter | typeof Gauge, [name, help, read]: Metric) => {
    const value = read(status);
    const samples: Samples = typeof value === 'object' && value !== null ? value : [[{}, value]];
    const metric = new Kind({ name, help, labelNames: Object.keys(samples[0]?.[0] ?? {}), registers: [registry] });
    // What has no labels begins with a sample of 0.
    metric.remove({});
    for (const [labels, amount] of samples) if (amount !== null) metric.inc(labels, amount);
  };
  for (const metric of COUNTERS) add(Counter, metric);
  for (const metric of GAUGES) add(Gauge, metric);
  return registry.metrics();
}
