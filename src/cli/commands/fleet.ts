import type { FleetHost, FleetReport } from '../../model/fleet.ts';
import { printOutcome } from '../ask-daemon.ts';
import { type Context, requireSocket } from '../context.ts';
import type { Given } from '../definitions/command.ts';
import type { FLEET } from '../definitions/daemon.ts';
import { EXIT } from '../exit.ts';
import { reachDaemon } from '../reach-daemon.ts';
import { columnsOf } from '../style.ts';
import { type Column, formatPairs, formatTable } from '../table.ts';
import { formatBans, formatBytes, formatTime } from '../text.ts';

/** `zban fleet status` and `zban fleet leave`, asked of the running daemon. */
export async function fleet(context: Context, { action }: Given<typeof FLEET>): Promise<number> {
  const { output, json } = context;
  const socket = requireSocket(context);
  if (action === 'leave') return printOutcome(context, await reachDaemon(context, socket, 'fleetLeave'));
  const report = await reachDaemon(context, socket, 'fleetStatus');
  if (json) output.json(report);
  else if (!report) output.talk('no fleet is configured: set fleet.url in config.yaml and reload');
  else output.data(formatFleet(report));
  return EXIT.done;
}

const HOSTS: readonly Column<FleetHost>[] = [
  { heading: 'HOST', cell: ({ host }) => host },
  { heading: 'STATE', cell: ({ live, silent_seconds }) => (live ? 'live' : `silent for ${silent_seconds} s`) },
  { heading: 'MODE', cell: ({ mode }) => mode },
  { heading: 'VERSION', cell: ({ version }) => version },
  { heading: 'LAG', cell: ({ lag_seconds }) => `${lag_seconds} s` },
  { heading: 'BANS', cell: ({ bans, pending }) => formatBans(bans, pending) },
  { heading: 'ON WATCH', cell: ({ watched }) => String(watched) },
  { heading: 'TRAFFIC', cell: ({ bytes_per_second }) => `${formatBytes(bytes_per_second)}/s` },
];

/** The fleet as a page of text. */
export function formatFleet({ status, hosts }: FleetReport, columns = columnsOf(process.stdout)): string {
  const { state, since } = status;
  const clock = status.clock_ahead_seconds;
  const pairs: [string, string][] = [
    ['fleet', `${status.name}, this host is ${status.host}`],
    ['server', `${state === 'away' ? 'AWAY' : state} since ${formatTime(Date.parse(since))}`],
    ['shares', status.share.join(', ')],
    ['hosts that share counts', String(status.hosts)],
    ['clients on watch', String(status.watched)],
    ['traffic', `${formatBytes(status.bytes_per_second)}/s`],
    ['clock', `${Math.abs(clock)} s ${clock < 0 ? 'ahead of' : 'behind'} the server's`],
    ['decisions waiting', String(status.waiting)],
    ['counts', `${status.counts_sent} sent, ${status.counts_left_out} left out, ${status.counts_dropped} dropped`],
    ['entries skipped', `${status.unknown_entries} not understood, ${status.unheard_entries} of hosts not accepted`],
  ];
  const parts = [formatPairs(pairs, columns)];
  if (hosts.length > 0) parts.push(formatTable(HOSTS, hosts, columns));
  return parts.join('\n\n');
}
