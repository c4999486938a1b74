/** What a client did in some stretch of time, as paragraphs of a story. */

import { formatCount } from '../../english/number.ts';
import type { TopEntry } from '../../model/event.ts';
import type { JudgedNumbers } from '../../model/judged-numbers.ts';
import type { Paragraph } from '../table.ts';
import { cutText, formatClock, formatTime, width } from '../text.ts';
import type { ActivitySummary } from './activity.ts';
import type { StretchActivity } from './client-lines.ts';

const NAME_COLUMNS = 40;
const LINE_COLUMNS = 88;
const PATH_COLUMNS = 46;
/** Requests that were under way when the ban began are answered within so many milliseconds. */
const UNDER_WAY_MS = 10_000;

/** Labels, and the words before what is told. */
const STRETCHES: Readonly<Record<string, readonly [label: string, when: string]>> = {
  hour_before: ['Before', 'In the hour before: '],
  while_banned: ['Meanwhile', 'While it was banned: '],
  after_ban: ['Afterwards', 'After the ban: '],
  since: ['Since', 'In the hour since: '],
  last_hour: ['Last hour', ''],
};

/** One paragraph a stretch, and one for what could not be looked at. */
export function describeActivities(activities: readonly StretchActivity[], notes: readonly string[]): Paragraph[] {
  return [...activities.map(describeActivity), ...notes.map((text) => ({ label: 'Note', text: `${text}.` }))];
}

function describeActivity({ name, fromMs, activity }: StretchActivity): Paragraph {
  const [label, when] = STRETCHES[name] ?? [name, ''];
  if (!activity) return { label, text: `${when}no request is in the log.` };
  const comesThrough = name === 'while_banned' && Date.parse(activity.last) > fromMs + UNDER_WAY_MS;
  const warning = comesThrough ? ' They got past the firewall: zban doctor.' : '';
  const { paths, user_agents, addresses, top_paths, top_user_agents, top_addresses } = activity;
  return {
    label,
    text: `${when}${requestsOf(activity)}${warning}`,
    lines: [
      nameLine(paths, 'path', top_paths),
      nameLine(user_agents, 'user agent', top_user_agents),
      ...(addresses > 1 ? [nameLine(addresses, 'address', top_addresses)] : []),
      ...(name === 'last_hour' ? sampleLines(activity.samples) : []),
    ],
  };
}

/** What one address has to do with what its network did; nothing where the logs tell of it alone. */
export function describeOwn(asked: string | undefined, own: number | undefined): Paragraph[] {
  if (asked === undefined || own === undefined) return [];
  const sent = own === 0 ? 'none' : formatCount(own);
  return [{ label: 'Itself', text: `${asked} sent ${sent} of these requests.` }];
}

const DATE_LENGTH = '2026-11-20'.length;
const isSameDay = (one: string, other: string) => one.slice(0, DATE_LENGTH) === other.slice(0, DATE_LENGTH);

function requestsOf({ requests, answers, first, last, busiest_minute: busiest }: ActivitySummary): string {
  const given = Object.entries(answers).filter(([, count]) => count > 0);
  const answered = given.map(([kind, count]) => `${kind} (${formatCount(count)})`).join(', ');
  const [from, until] = [Date.parse(first), Date.parse(last)].map((ms) => formatTime(ms)) as [string, string];
  if (requests === 1) return `1 request, ${from}: ${given[0]?.[0]}.`;
  if (first === last) return `${formatCount(requests)} requests within a second, ${from}: ${answered}.`;
  const most = busiest.requests === requests ? '' : `, at most ${formatCount(busiest.requests)} a minute`;
  const end = isSameDay(from, until) ? formatClock(Date.parse(last)) : until;
  return `${formatCount(requests)} requests from ${from} to ${end}${most}: ${answered}.`;
}

/** `301 paths: GET /a (12), GET /b (3), …`. */
function nameLine(different: number, noun: string, top: readonly TopEntry[]): string {
  const names = top.map(
    ({ name, requests }) => `${cutText(name === '' ? '–' : name, NAME_COLUMNS)} (${formatCount(requests)})`,
  );
  const plural = different === 1 ? noun : noun === 'address' ? 'addresses' : `${noun}s`;
  return cutText(
    `${formatCount(different)} ${plural}: ${names.join(', ')}${different > top.length ? ', …' : ''}`,
    LINE_COLUMNS,
  );
}

/** Time, status, method and path, user agent, equal ones once; the samples of an old row may lack any of them. */
export function sampleLines(samples: JudgedNumbers['samples'] = []): string[] {
  const listed = samples.map(({ time = '', method, path, ...rest }) => ({
    ...{ time, ...rest },
    request: cutText(`${method ?? ''} ${path ?? ''}`, PATH_COLUMNS),
  }));
  const columns = Math.max(...listed.map(({ request }) => width(request)));
  const groups: { clock: string; rest: string; count: number }[] = [];
  for (const { time, request, status, user_agent } of listed) {
    const ms = Date.parse(time);
    const clock = Number.isNaN(ms) ? time : formatClock(ms);
    const rest = `${status || '–'}  ${request}${' '.repeat(columns - width(request))}  ${user_agent ?? ''}`;
    const last = groups.at(-1);
    if (last?.rest === rest) last.count++;
    else groups.push({ clock, rest, count: 1 });
  }
  return groups.map(({ clock, rest, count }) => {
    const line = `${clock}  ${rest}`;
    return count === 1 ? cutText(line, LINE_COLUMNS) : `${cutText(line, LINE_COLUMNS - 5).trimEnd()}  (${count}x)`;
  });
}
