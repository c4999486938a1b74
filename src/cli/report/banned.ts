/** Who would have been banned, and who of them may be a customer. */

import { KNOWN_HOURS } from '../../engine/client-histories.ts';
import { formatSeconds } from '../../english/duration.ts';
import { countOf, formatCount } from '../../english/number.ts';
import { briefReason, phraseOf } from '../../english/reason.ts';
import type { Condition } from '../../model/event.ts';
import { printable } from '../../model/text.ts';
import type { BanEvent } from '../../model/told-event.ts';
import type { BannedClient } from '../../replay/report.ts';
import type { Column } from '../table.ts';
import { section } from './section.ts';

/** Clients listed of each kind, unless all are. */
const LISTED = 5;

/** One list for each condition, that of most clients first. `kept`: requests that the bans kept out, by client. */
export function describeBanned(
  clients: readonly BannedClient[],
  kept: ReadonlyMap<string, number>,
  all: boolean,
): string[] {
  const groups = Map.groupBy(clients, (client) => client.ban.condition);
  return [...groups]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([condition, members]) => describeGroup(condition, members, kept, all));
}

function describeGroup(
  condition: Condition,
  clients: readonly BannedClient[],
  kept: ReadonlyMap<string, number>,
  all: boolean,
): string {
  const keptOf = ({ ban }: BannedClient) => kept.get(ban.ip) ?? 0;
  const listed = clients
    .toSorted((a, b) => b.bans - a.bans || keptOf(b) - keptOf(a) || (a.ban.time < b.ban.time ? -1 : 1))
    .slice(0, all ? clients.length : LISTED);
  const table: readonly Column<BannedClient>[] = [
    { heading: 'CLIENT', cell: ({ ban }) => ban.ip },
    { heading: 'FIRST BAN', cell: ({ ban }) => minute(ban.time) },
    { heading: 'HOW LONG', cell: howLong },
    { heading: 'CAME BACK', cell: (client) => (keptOf(client) === 0 ? '–' : formatCount(keptOf(client))), right: true },
    { heading: 'ASKED FOR', cell: ({ ban }) => askedFor(ban) },
  ];
  const heading = `${countOf(clients.length, 'client')}: ${phraseOf(condition)} (${condition})`;
  return section(printable(heading), table, listed, clients.length - listed.length);
}

/** `2026-11-20 10:11`, as it stands in the event. */
export const minute = (time: string): string => time.slice(0, 16).replace('T', ' ');

function howLong({ bans, longestSeconds }: BannedClient): string {
  const longest = formatSeconds(longestSeconds);
  return bans === 1 ? longest : `${bans} x up to ${longest}`;
}

/** Its last requests before the ban, the same ones once, without their queries. */
function askedFor({ samples }: BanEvent): string {
  const requests = (samples ?? []).map(({ method, path, status }) => `${method} ${path.split('?', 1)[0]} ${status}`);
  return printable([...new Set(requests.reverse())].join(', '));
}

const KNOWN: readonly Column<BannedClient>[] = [
  { heading: 'CLIENT', cell: ({ ban }) => ban.ip },
  { heading: 'FIRST BAN', cell: ({ ban }) => minute(ban.time) },
  { heading: 'HOURS', cell: ({ past }) => formatCount(past?.hours ?? 0), right: true },
  {
    heading: 'ANSWERED',
    cell: ({ past }) => `${formatCount(past?.answered ?? 0)} of ${formatCount(past?.requests ?? 0)}`,
    right: true,
  },
  { heading: 'CONDITION', cell: ({ ban }) => briefReason(ban.condition, ban) },
];

/** Those that were no strangers when they were banned, the best known first. */
export function describeKnown(clients: readonly BannedClient[], all: boolean): string {
  const known = clients.filter(({ past }) => past !== undefined && past.hours >= KNOWN_HOURS);
  const means = `answered well in ${KNOWN_HOURS} or more different hours before`;
  if (known.length === 0) return `Customers? No banned client was known (${means}).`;
  const listed = known
    .toSorted((a, b) => (b.past?.hours ?? 0) - (a.past?.hours ?? 0))
    .slice(0, all ? known.length : 2 * LISTED);
  const heading = `Customers? ${countOf(known.length, 'banned client')} had been known (${means}):`;
  const advice = `  If these are customers: zban allow ADDRESS, or another sensitivity (zban tune LOG…).`;
  return `${section(heading, KNOWN, listed, known.length - listed.length)}\n${advice}`;
}
