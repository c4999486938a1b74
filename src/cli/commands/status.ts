import { formatDuration, formatSpan } from '../../english/duration.ts';
import { describeTripped } from '../../english/fuse.ts';
import { describeBaseline } from '../../english/learned.ts';
import { countOf, formatCount, formatNumber, formatPercent } from '../../english/number.ts';
import { describeProgress, progressOf } from '../../english/progress.ts';
import { peakOf } from '../../english/site-reason.ts';
import { looks } from '../../english/surge.ts';
import type { FleetStatus } from '../../model/fleet.ts';
import type { Status } from '../../model/status.ts';
import { printable } from '../../model/text.ts';
import { type Context, requireSocket } from '../context.ts';
import { EXIT } from '../exit.ts';
import { reachDaemon } from '../reach-daemon.ts';
import { columnsOf } from '../style.ts';
import { type Column, formatPairs, formatTable } from '../table.ts';
import { foldLine, formatBans, formatBytes, formatRelative, formatTime } from '../text.ts';

/** `zban status`: the daemon's own account of itself. */
export async function status(context: Context): Promise<number> {
  const { output, json } = context;
  const now = await reachDaemon(context, requireSocket(context), 'status');
  if (json) output.json(now);
  else output.data(formatStatus(now, context.now(), columnsOf(process.stdout)));
  return EXIT.done;
}

const LOGS: readonly Column<Status['logs'][number]>[] = [
  { heading: 'LOG', cell: ({ path }) => path },
  { heading: 'BEHIND', cell: ({ behind_bytes }) => formatBytes(behind_bytes) },
  { heading: 'STATE', cell: ({ state }) => state },
];

const BUSIEST: readonly Column<Status['top_clients'][number]>[] = [
  { heading: 'BUSIEST CLIENT', cell: ({ name }) => name },
  { heading: 'REQUESTS', cell: ({ requests }) => formatCount(requests) },
  { heading: 'SHARE', cell: ({ share }) => formatPercent(share, 1) },
];

/** The status as a page of text. */
export function formatStatus(status: Status, nowMs: number, columns: number): string {
  const parts = [formatPairs([...ofDaemon(status), ...ofBans(status, nowMs), ...ofTraffic(status)], columns)];
  const { logs, top_clients } = status;
  if (logs.length > 0) parts.push(formatTable(LOGS, logs, columns));
  if (top_clients.length > 0) parts.push(formatTable(BUSIEST, top_clients, columns));
  for (const trouble of status.troubles) parts.push(foldLine(`trouble: ${printable(trouble)}`, columns));
  return parts.join('\n\n');
}

function ofDaemon(status: Status): [string, string][] {
  return [
    ['state', describeState(status)],
    ['host', status.name],
    [
      'mode',
      status.panic ? 'PANIC: observe (bans nobody)' : status.mode === 'observe' ? 'observe (bans nobody)' : 'enforce',
    ],
    ['profile', `${status.profile}, sensitivity ${status.sensitivity}`],
    ['backend', status.backend],
    ['version', `${status.version}, configuration ${status.config_version}`],
    ['uptime', formatSpan(status.uptime_seconds * 1000)],
    ['CPU, memory', `${formatNumber(status.cpu_percent, 1)} %, ${formatBytes(status.memory_bytes)}`],
  ];
}

function describeState({ state, warm_start }: Status): string {
  const name = state.replace('_', ' ');
  return warm_start
    ? `${name}: reading the past of the logs, ${describeProgress(progressOf(warm_start), 'lines')}`
    : name;
}

function ofBans(status: Status, nowMs: number): [string, string][] {
  const observed = status.observed_bans > 0 ? `, ${formatCount(status.observed_bans)} only observed` : '';
  const totals = [
    `${countOf(status.bans_total, 'ban')} decided`,
    `${formatCount(status.unbans_total)} ended`,
    `${formatCount(status.refused_total)} spared`,
  ].join(', ');
  return [
    ['bans in force', `${formatBans(status.active_bans, status.pending_bans)}${observed}`],
    ['since the start', totals],
    ['fuse', status.fuse_until === null ? 'OK' : describeFuse(Date.parse(status.fuse_until), status.profile, nowMs)],
    ...(status.fleet ? ([['fleet', describeFleet(status.fleet)]] as [string, string][]) : []),
    ['waiting to be sent', countOf(status.outbox, 'message')],
  ];
}

function describeFleet({ name, host, state, since, hosts, waiting }: FleetStatus): string {
  const wait = waiting > 0 ? `, ${countOf(waiting, 'decision')} still to be sent` : '';
  const company = hosts > 1 ? countOf(hosts, 'host') : 'no other host that shares counts';
  if (state === 'connected') return `${name}, as ${host}, ${company}${wait}`;
  const what = state === 'away' ? 'its server is AWAY' : state === 'left' ? 'this host has left it' : 'connecting';
  return `${name}, as ${host}: ${what} since ${formatTime(Date.parse(since))}${wait}`;
}

function describeFuse(untilMs: number, profile: string, nowMs: number): string {
  const until = `${formatTime(untilMs)} (${formatRelative(untilMs, nowMs)})`;
  return `TRIPPED until ${until}: ${describeTripped(profile)} (reset: zban fuse reset)`;
}

function ofTraffic(status: Status): [string, string][] {
  const { baseline } = status;
  const { banned_lines = 0, ...discarded } = status.discarded;
  const ofBanned = banned_lines > 0 ? ` (${formatCount(banned_lines)} of banned clients)` : '';
  const told = baseline && describeBaseline(baseline);
  const learned: [string, string][] =
    told === null
      ? [['normal', 'not known yet']]
      : [
          ['normal site', told.site],
          ['normal client', told.client],
          ['normal 4xx', told.error_ratio],
        ];
  const lag = status.log_lag_seconds;
  return [
    [
      'site',
      `${formatNumber(status.site_rate)} requests/s, ${countOf(status.clients, 'client')} (without banned ones)`,
    ],
    ['site anomaly', describeIncident(status)],
    ...learned,
    [
      'lines',
      `${formatCount(status.lines_total)}${ofBanned}${formatCounts(', skipped', status.skipped)}${formatCounts(', discarded', discarded)}`,
    ],
    ['log lag', lag === null ? 'no line yet' : lag < 1 ? 'less than 1s' : formatDuration(Math.round(lag) * 1000)],
  ];
}

/** A daemon of an older version tells no more than whether there is one. */
function describeIncident({ global_anomaly, incident }: Status): string {
  if (!incident) return global_anomaly ? 'YES' : 'no';
  const { since, ongoing } = incident;
  const now = ongoing ? '' : '; calm now, it ends when that lasts';
  return `YES, since ${formatTime(Date.parse(since))}, peak ${peakOf(incident)}: ${looks(incident.verdict)}${now}`;
}

function formatCounts(what: string, counts: Readonly<Record<string, number>>): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return some.length === 0 ? '' : `${what} ${some.map(([name, count]) => `${name} ${formatCount(count)}`).join(', ')}`;
}
