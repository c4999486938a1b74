/** Who would not have been banned, and why not: how near each came to a limit, or what protects it. */
import { LIMITS, type LimitName } from '../../detect/reach.ts';
import type { ClientHistory } from '../../engine/history-summary.ts';
import { countOf, formatCount, formatNumber, formatPercent, timesOf } from '../../english/number.ts';
import { briefReason } from '../../english/reason.ts';
import type { RefusedClient, ReplayReport } from '../../replay/report.ts';
import type { Column } from '../table.ts';
import { minute } from './banned.ts';
import { section } from './section.ts';

const LISTED = 10;

const UNBANNED: readonly Column<ClientHistory>[] = [
  { heading: 'CLIENT', cell: ({ ip }) => ip },
  { heading: 'REQUESTS', cell: ({ requests }) => formatCount(requests), right: true },
  { heading: 'ANSWERED', cell: ({ answered, requests }) => formatPercent(answered / requests), right: true },
  { heading: 'HOURS', cell: ({ hours }) => formatCount(hours), right: true },
  ...LIMITS.map((limit) => ({
    heading: limit.toUpperCase(),
    cell: (client: ClientHistory) => describeReached(client, limit),
    right: true as const,
  })),
  { heading: '', cell: ({ robot }) => (robot ? 'robot' : '') },
];

export function describeUnbanned(heading: string, clients: readonly ClientHistory[]): string {
  return section(heading, UNBANNED, clients);
}

/** `3.1/45` at the nearest: points or requests, of those tolerated at that time. */
function describeReached({ reached }: ClientHistory, limit: LimitName): string {
  const near = reached.find((one) => one.limit === limit);
  if (!near || near.tolerated === 0) return '–';
  const mark = near === reached[0] ? '*' : ' ';
  const digits = limit === 'rate' ? 0 : 1;
  const short = (value: number) => formatNumber(value, digits).replace(/\.0$/, '');
  return `${short(near.share * near.tolerated)}/${short(near.tolerated)}${mark}`;
}

const REFUSED: readonly Column<RefusedClient>[] = [
  { heading: 'CLIENT', cell: ({ refused }) => refused.ip },
  { heading: 'FIRST TIME', cell: ({ refused }) => minute(refused.time) },
  { heading: 'TIMES', cell: ({ times }) => formatCount(times), right: true },
  { heading: 'OVER ITS LIMIT', cell: ({ refused }) => briefReason(refused.condition, refused) },
  { heading: 'WHY NOT', cell: ({ refused }) => refused.detail },
];

/** Those that crossed a limit and were not banned. */
export function describeRefused({ refused: known, refusalsUnlisted }: ReplayReport, all: boolean): string {
  const clients = [...known.values()];
  const listed = clients.toSorted((a, b) => b.times - a.times).slice(0, all ? clients.length : LISTED);
  const beyond = refusalsUnlisted > 0 ? `; so did others, not listed, ${timesOf(refusalsUnlisted)}` : '';
  const heading = `${countOf(clients.length, 'client')} crossed a limit and would not have been banned${beyond}:`;
  return section(heading, REFUSED, listed, clients.length - listed.length);
}
