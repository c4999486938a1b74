/** Who would not have been banned, and why not: how near each came to a limit, or what protects it. */
import { LIMITS, type LimitName } from '../../detect/reach.ts';
import type { ClientHistory } from '../../engine/history-summary.ts';
import { countOf, formatCount, formatNumber, formatPercent, timesOf } from '../../english/number.ts';
import { briefReason } from '../../english/reason.ts';
import type { ReplayReport } from '../../replay/report.ts';
import { minute } from './banned.ts';
import { alignRight, section } from './section.ts';

const LISTED = 10;

/** `3.1/45` at the nearest: points or requests, of those tolerated at that time. */
export function describeUnbanned(heading: string, clients: readonly ClientHistory[]): string {
  const header = ['CLIENT', 'REQUESTS', 'ANSWERED', 'HOURS', ...LIMITS.map((limit) => limit.toUpperCase()), ''];
  const rows = clients.map((client) => [
    client.ip,
    formatCount(client.requests),
    formatPercent(client.answered / client.requests),
    formatCount(client.hours),
    ...LIMITS.map((limit) => describeReached(client, limit)),
    client.robot ? 'robot' : '',
  ]);
  return section(heading, alignRight({ header, rows }, [1, 2, 3, ...LIMITS.map((_, column) => column + 4)]));
}

function describeReached({ reached }: ClientHistory, limit: LimitName): string {
  const near = reached.find((one) => one.limit === limit);
  if (!near || near.tolerated === 0) return '–';
  const mark = near === reached[0] ? '*' : ' ';
  const digits = limit === 'rate' ? 0 : 1;
  const short = (value: number) => formatNumber(value, digits).replace(/\.0$/, '');
  return `${short(near.share * near.tolerated)}/${short(near.tolerated)}${mark}`;
}

/** Those that crossed a limit and were not banned. */
export function describeRefused({ refused: known, refusalsUnlisted }: ReplayReport, all: boolean): string {
  const clients = [...known.values()];
  const listed = clients.toSorted((a, b) => b.times - a.times).slice(0, all ? clients.length : LISTED);
  const header = ['CLIENT', 'FIRST TIME', 'TIMES', 'OVER ITS LIMIT', 'WHY NOT'];
  const rows = listed.map(({ refused, times }) => [
    refused.ip,
    minute(refused.time),
    formatCount(times),
    briefReason(refused.condition, refused),
    refused.detail,
  ]);
  const table = alignRight({ header, rows }, [2]);
  const beyond = refusalsUnlisted > 0 ? `; so did others, not listed, ${timesOf(refusalsUnlisted)}` : '';
  const heading = `${countOf(clients.length, 'client')} crossed a limit and would not have been banned${beyond}:`;
  return section(heading, table, clients.length - listed.length);
}
