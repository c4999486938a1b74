/** The report at the end of `zban replay`: what an operator must know before zban may ban. */

import type { Config } from '../../config/schema.ts';
import type { HistorySummary } from '../../engine/history-summary.ts';
import { formatSpan } from '../../english/duration.ts';
import { countOf, formatCount, formatNumber, formatPercent, timesOf } from '../../english/number.ts';
import { looked, peakOf, usualOf } from '../../english/site-reason.ts';
import { printable } from '../../model/text.ts';
import type { ReplaySummary } from '../../replay/replay.ts';
import type { Episode, ReplayReport } from '../../replay/report.ts';
import type { Column } from '../table.ts';
import { describeBanned, describeKnown, minute } from './banned.ts';
import { describeRefused, describeUnbanned } from './not-banned.ts';
import { NO_LINES, section } from './section.ts';

/** Days and anomalies listed, unless all are; clients that were not banned: the heaviest and the nearest. */
const LISTED = 10;
export const UNBANNED_LISTED = 10;
const NEAREST_LISTED = 5;
const DAY_SECONDS = 86_400;

/** What limits discard, by its name in `zban status`. */
const DISCARDED: Readonly<Record<string, string>> = {
  late_lines: 'lines that came too late',
  evicted_clients: 'clients forgotten (detection.clients_max)',
  window_entries: 'lines beyond what a window holds',
  banned_lines: 'lines of clients banned at the time',
};

export interface ReportInput {
  readonly config: Config;
  readonly report: ReplayReport;
  readonly history: HistorySummary;
  readonly summary: ReplaySummary;
  /** Cut no list. */
  readonly all: boolean;
}

/** The whole report, plain text of at most 100 columns but for very long names. */
export function formatReport(input: ReportInput): string {
  const { report, history, all } = input;
  const banned = [...report.banned.values()];
  const kept = new Map(history.shutOut.map(({ ip, requests }) => [ip, requests]));
  const parts = [
    describePeriod(input),
    describeTotals(input),
    ...describeBanned(banned, kept, all),
    ...(banned.length > 0 ? [describeKnown(banned, all)] : []),
    ...(history.days.length > 0 ? [describeDays(input)] : []),
    ...(report.refused.size > 0 ? [describeRefused(report, all)] : []),
    ...describeSite(input),
    ...describeUnbannedClients(input),
  ];
  return parts.join('\n\n');
}

function describeUnbannedClients({ history, all }: ReportInput): string[] {
  const { heaviest, nearest } = history;
  if (heaviest.length === 0) return [];
  const most = 'The heaviest clients that were not banned, and the most each reached of the limits (* the nearest):';
  const near = 'Those that came nearest to a ban:';
  return [
    describeUnbanned(most, heaviest),
    ...(nearest.length > 0 ? [describeUnbanned(near, all ? nearest : nearest.slice(0, NEAREST_LISTED))] : []),
    'Points of those tolerated; RATE: requests in a window, no static files.',
  ];
}

function describePeriod({ config, history, summary }: ReportInput): string {
  const { first, last } = history;
  if (first === null || last === null) return NO_LINES;
  const span = formatSpan(Date.parse(last) - Date.parse(first));
  const lines = [
    `${minute(first)} to ${minute(last)} UTC (${span}): ${countOf(summary.lines, 'line')} of ${countOf(summary.clients, 'client')}`,
    `profile ${config.profile}, sensitivity ${config.sensitivity}; ${countOf(history.knownClients, 'client')} known by the end`,
  ];
  const skipped = describeCounts(summary.skipped_by_reason);
  if (skipped !== '') lines.push(`skipped: ${skipped}`);
  const discarded = describeCounts(summary.discarded, DISCARDED);
  if (discarded !== '') lines.push(`not judged: ${discarded}`);
  const seconds = formatNumber(summary.seconds, 1);
  lines.push(`read in ${seconds} s, ${formatCount(summary.lines_per_second)} lines a second`);
  return lines.join('\n');
}

function describeCounts(
  counts: Readonly<Record<string, number>>,
  words: Readonly<Record<string, string>> = {},
): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return some.map(([name, count]) => `${formatCount(count)} ${words[name] ?? name.replaceAll('_', ' ')}`).join(', ');
}

function describeTotals({ report, history }: ReportInput): string {
  if (report.bans === 0) return 'Nobody would have been banned.';
  const { first, last } = history;
  const days = first === null || last === null ? 1 : (Date.parse(last) - Date.parse(first)) / 1000 / DAY_SECONDS;
  const daily = days < 1 ? '' : `, ${formatNumber(report.bans / days, 1)} bans a day`;
  const beyond = report.bansUnlisted > 0 ? `, and ${countOf(report.bansUnlisted, 'ban')} of clients not listed` : '';
  return `Would have been banned: ${countOf(report.banned.size, 'client')}, ${countOf(report.bans, 'ban')}${daily}${beyond}.`;
}

function describeDays({ report, history, all }: ReportInput): string {
  const days = all ? history.days : history.days.slice(-LISTED);
  const on = ({ day }: { readonly day: string }) => report.days.get(day) ?? { bans: 0, clients: 0 };
  const table: readonly Column<(typeof days)[number]>[] = [
    { heading: 'DAY', cell: ({ day }) => day },
    { heading: 'REQUESTS', cell: ({ requests }) => formatCount(requests), right: true },
    { heading: 'BANS', cell: (day) => formatCount(on(day).bans), right: true },
    { heading: 'CLIENTS BANNED', cell: (day) => formatCount(on(day).clients), right: true },
  ];
  return section('Day by day:', table, days, history.days.length - days.length, 'days before (--all)');
}

function describeSite({ report, all }: ReportInput): string[] {
  const parts: string[] = [];
  const { episodes, episodesUnlisted, fuse, fuseTrips } = report;
  if (episodes.length > 0) {
    const listed = all ? episodes : episodes.slice(-LISTED);
    const hidden = episodes.length + episodesUnlisted - listed.length;
    const count = timesOf(episodes.length + episodesUnlisted);
    parts.push(section(`The site as a whole was unusually busy ${count}; that bans nobody:`, EPISODE, listed, hidden));
  }
  if (fuse) {
    const when = `${timesOf(fuseTrips)}, first ${minute(fuse.time)}`;
    parts.push(printable(`The fuse would have tripped ${when}: ${fuse.detail}.`));
  }
  return parts;
}

const EPISODE: readonly Column<Episode>[] = [
  { heading: 'FROM', cell: ({ start }) => minute(start.time) },
  { heading: 'LASTED', cell: ({ end }) => (end ? formatSpan(end.duration_seconds * 1000) : 'to the end') },
  { heading: 'PEAK', cell: ({ start, end }) => `${peakOf(end ?? start)}, usually ${usualOf(start)}` },
  { heading: 'WHAT STOOD OUT', cell: ({ start }) => whatStoodOut(start) },
];

function whatStoodOut(start: Episode['start']): string {
  const [path] = start.top_paths;
  const newcomers = start.new_client_share === null ? '' : `, ${formatPercent(start.new_client_share)} new clients`;
  const top = path === undefined ? '' : `, ${formatPercent(path.share)} for ${path.name.slice(0, 30)}`;
  return `${looked(start)}${newcomers}${top}`;
}
