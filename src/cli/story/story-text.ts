/** A story in plain words: how it stands, what the client did, what was normal, how it goes on, how to undo it. */

import type { NearedLimit } from '../../detect/neared-limits.ts';
import { formatDuration, formatSeconds } from '../../english/duration.ts';
import { formatNumber, formatPercent } from '../../english/number.ts';
import { describeReason, nameClient, phraseOf } from '../../english/reason.ts';
import { sayRefusal } from '../../english/refusal.ts';
import { describeEnd, describeStartFully } from '../../english/site-reason.ts';
import type { ActiveBan, AuditEntry, DraftOf } from '../../model/audit.ts';
import type { JudgedNumbers } from '../../model/judged-numbers.ts';
import { printable } from '../../model/text.ts';
import { columnsOf } from '../style.ts';
import { formatParagraphs, type Paragraph } from '../table.ts';
import { formatRelative, formatTime, wrapText } from '../text.ts';
import { describeActivities, describeOwn, sampleLines } from './activity-text.ts';
import { describeLaneHits, describeOpenLanes } from './lane-hits.ts';
import type { Searched } from './log-search.ts';
import { endOf, type Story } from './story.ts';

const COLUMNS_MAX = 100;
const BEFORE_MAX = 3;

export interface StoryOptions extends Searched {
  readonly nowMs: number;
  /** After `zban` in the commands that are shown: ` --config FILE` where the operator named one. */
  readonly suffix: string;
  readonly decayMs: number;
  /** Who is behind the client, empty where nothing is known. */
  readonly who: string;
  /** The daemon may know more than the database, which its disk does not take. */
  readonly stale: boolean;
}

/** The whole story, no line wider than 100 columns, safe for a terminal. */
export function formatStory(story: Story, options: StoryOptions): string {
  const { title, paragraphs } = storyParagraphs(story, options);
  const columns = Math.min(COLUMNS_MAX, columnsOf(process.stdout));
  return `${wrapText(printable(title), columns)}\n\n${formatParagraphs(paragraphs, columns)}`;
}

/** The same for other screens, as it is: parts of it come from a log. */
export function storyParagraphs(story: Story, options: StoryOptions): { title: string; paragraphs: Paragraph[] } {
  const paragraphs = [
    ...(options.who === '' ? [] : [{ label: 'Who', text: options.who }]),
    ...describeDecision(story, options),
    ...describeAlso(story, options),
    ...describeWhy(story),
    ...describeActivities(options.activities, options.notes),
    ...describeOwn(story.asked, options.own),
    ...describeLaneHits(options.lanes, options.suffix),
    ...describeNearest(options.nearest),
    ...describeWithin(story),
    ...describeHistory(story, options),
    ...describeNext(story, options),
    ...describeCommands(story, options),
  ];
  const stopped = story.active ? '' : describeOpenLanes(options.lanes);
  const title = `${headline(story, options.nowMs)}${stopped}`;
  return { title: options.stale ? `As far as it is on disk, which may be out of date: ${title}` : title, paragraphs };
}

/** How it stands now. */
function headline({ asked, entry, active, results, within, isLatest }: Story, nowMs: number): string {
  if (asked === undefined) return `Entry #${entry?.id} is about no client.`;
  if (active) return ofActive(asked, active, nowMs);
  if (!isLatest) return `${asked} is not banned any more.`;
  if (entry?.action === 'refused') return `${asked} is not banned, although it crossed a limit.`;
  if (entry?.action === 'ban') {
    const ending = endingOf(entry, results, nowMs);
    if (!entry.enforced)
      return `${asked} is not banned: observe mode bans nobody. Its would-be ban is over: ${ending}.`;
    return `${asked} is not banned any more: ${ending}.`;
  }
  const inside =
    within.length > 0 ? `, but ${within.length === 1 ? 'one client within it was' : 'clients within it were'}` : '';
  return `${asked} is not banned and never was${inside}.`;
}

function ofActive(asked: string, { client, enforced, confirmed, untilMs, numbers }: ActiveBan, nowMs: number): string {
  const name = client === asked ? nameClient(client, numbers) : asked;
  const network = client === asked ? '' : `, with all of ${nameClient(client, numbers)}`;
  const end = untilMs === null ? 'for good' : `until ${formatMoment(untilMs, nowMs)}`;
  if (!enforced) return `${name} would be banned ${end}${network}; observe mode blocks nobody.`;
  if (!confirmed) return `${name} is to be banned ${end}${network}, but the firewall has not confirmed it: zban doctor`;
  return `${name} is banned ${end}${network}.`;
}

/** How a ban ended. */
function endingOf(ban: AuditEntry, results: readonly AuditEntry[], nowMs: number): string {
  const endMs = endOf(ban, results);
  const when = endMs === null ? '' : ` ${formatMoment(endMs, nowMs)}`;
  const lifted = results.find(({ action }) => action === 'unban');
  if (lifted === undefined || lifted.detail === 'expired') return `its time was up${when}`;
  return `${personOf(lifted)} lifted the ban${when}${lifted.detail === '' ? '' : `: ${lifted.detail}`}`;
}

function describeDecision({ entry, results, isLatest }: Story, { nowMs }: StoryOptions): Paragraph[] {
  if (entry === undefined) return [];
  const last = results.findLast((row) => row.action === 'ban_result' || row.action === 'unban_result');
  const trouble = last?.numbers.result === 'failed' ? ` The firewall: ${last.detail}.` : '';
  const ending = entry.action === 'ban' && !isLatest ? ` It is over: ${endingOf(entry, results, nowMs)}.` : '';
  return [{ label: 'Decision', text: `${decisionOf(entry, nowMs)} (entry #${entry.id}).${ending}${trouble}` }];
}

/** Other bans that cover the client: a release of one leaves it banned, `zban unban` lifts all. */
function describeAlso({ alsoActive }: Story, { nowMs }: StoryOptions): Paragraph[] {
  if (alsoActive.length === 0) return [];
  const each = alsoActive.map(({ client, untilMs, numbers, auditId }) => {
    const end = untilMs === null ? 'for good' : `until ${formatMoment(untilMs, nowMs)}`;
    return `${nameClient(client, numbers)} ${end} (entry #${auditId})`;
  });
  return [{ label: 'Also', text: `Another ban covers it: ${each.join('; ')}.` }];
}

function decisionOf(entry: AuditEntry, nowMs: number): string {
  const { action, detail, durationSeconds, enforced, timeMs, tier } = entry;
  const client = entry.client && nameClient(entry.client, judgedOf(entry));
  const when = formatMoment(timeMs, nowMs);
  const who = personOf(entry);
  switch (action) {
    case 'ban': {
      const length = durationSeconds === null ? 'for good' : `for ${formatSeconds(durationSeconds)}`;
      // What another host said was a ban there.
      const verb = enforced || entry.numbers?.origin !== undefined ? 'banned' : 'would have banned';
      const here = enforced || verb !== 'banned' ? '' : '; this host only observes';
      return `${when} ${who} ${verb} ${client} ${length}${tier ? `, tier ${tier}` : ''}${here}`;
    }
    case 'refused':
      return `${when} ${who} would have banned ${client}, but ${sayRefusal(entry.numbers)}`;
    default:
      return `${when} ${who}: ${[action.replaceAll('_', ' '), client, detail].filter(Boolean).join(' ')}`;
  }
}

/** Who decided: zban, zban on another host of the fleet, or the operator's name. */
function personOf({ actor }: AuditEntry): string {
  if (actor.startsWith('policy@')) return `zban on ${actor.slice('policy@'.length)}`;
  return actor.startsWith('operator:') ? actor.slice('operator:'.length) : 'zban';
}

/** The numbers of the judgement that the entry is about; null for other entries. */
function judgedOf(entry: AuditEntry): JudgedNumbers | null {
  return entry.action === 'ban' || entry.action === 'refused' ? entry.numbers : null;
}

function describeWhy({ entry }: Story): Paragraph[] {
  if (entry === undefined || entry.condition === null) return [];
  const { condition, detail } = entry;
  if (entry.action === 'global_anomaly') return describeAnomaly(entry);
  const numbers = judgedOf(entry) ?? {};
  const reason = describeReason(condition, numbers);
  if (!reason) {
    const remark = detail === '' ? '' : `: ${detail}`;
    const { origin } = numbers;
    const there = origin !== undefined && entry.actor.startsWith('policy@') ? ` Its evidence is on ${origin}.` : '';
    return [
      {
        label: 'Why',
        text: `${phraseOf(condition)}${condition === 'manual' || condition === 'list' ? ` by ${personOf(entry)}` : ''}${remark}.${there}`,
      },
    ];
  }
  const samples = sampleLines(numbers.samples);
  return [
    { label: 'Why', text: `${phraseOf(condition)} (${condition}). ${reason.did}` },
    { label: 'Normal', text: reason.normal },
    { label: 'Limit', text: reason.tolerated },
    ...(samples.length > 0 ? [{ label: 'Requests', lines: samples }] : []),
  ];
}

/** The site as a whole: all that other screens have no room for. */
function describeAnomaly({ condition, numbers }: DraftOf<'global_anomaly'>): Paragraph[] {
  const site = { ...numbers, condition };
  const why = { label: 'Why', text: `${phraseOf(condition)}.` };
  return numbers.phase === 'end'
    ? [why, { label: 'End', lines: describeEnd(site) }]
    : [why, { label: 'Seen', lines: describeStartFully(site) }];
}

/** What a client that was not judged was nearest to. */
function describeNearest([nearest]: readonly NearedLimit[]): Paragraph[] {
  if (nearest === undefined) return [];
  const { limit, share, tolerated, time } = nearest;
  const [reached, most] = [share * tolerated, tolerated].map((value) => formatNumber(value, 1));
  // Of the rate the share may be one of refused requests.
  const how =
    limit === 'rate'
      ? `${formatPercent(share, 1)} of the limit of its rate`
      : `${reached} points for ${limit}, where ${most} are tolerated`;
  return [{ label: 'Nearest', text: `The nearest it came to a ban, on ${formatTime(Date.parse(time))}: ${how}.` }];
}

function describeWithin({ within }: Story): Paragraph[] {
  if (within.length === 0) return [];
  const lines = within
    .slice(-10)
    .map(({ id, client, timeMs, condition }) => `#${id}  ${formatTime(timeMs)}  ${client}  ${condition ?? ''}`);
  return [{ label: 'Within', lines }];
}

function describeHistory({ entry, before }: Story, { nowMs }: StoryOptions): Paragraph[] {
  if (entry?.action !== 'ban' && entry?.action !== 'refused') return [];
  if (before.length === 0) return [{ label: 'History', text: 'It had not been banned before.' }];
  const shown = before.slice(-BEFORE_MAX).map(({ id, timeMs, condition, durationSeconds }) => {
    const length = durationSeconds === null ? 'for good' : formatSeconds(durationSeconds);
    return `${formatMoment(timeMs, nowMs)}, ${length}, ${condition ?? 'manual'} (#${id})`;
  });
  const more = before.length > BEFORE_MAX ? `, the last ${BEFORE_MAX}` : '';
  return [{ label: 'History', text: `It had been banned ${times(before.length)} before${more}: ${shown.join('; ')}.` }];
}

function describeNext({ entry, active, allowed, next }: Story, { nowMs, decayMs }: StoryOptions): Paragraph[] {
  if (entry?.action !== 'ban') return [];
  if (active?.untilMs === null) return [{ label: 'Next', text: 'It stays banned until somebody lifts the ban.' }];
  const end = active ? `It ends by itself ${formatMoment(active.untilMs, nowMs)}. ` : '';
  if (allowed !== undefined) return end === '' ? [] : [{ label: 'Next', text: end.trim() }];
  const length = next.durationMs === null ? 'a ban for good' : `a ban of ${formatDuration(next.durationMs)}`;
  const decay = next.tier > 1 ? `; every ${formatDuration(decayMs)} without a ban takes a tier off` : '';
  return [{ label: 'Next', text: `${end}The next offence means ${length} (tier ${next.tier})${decay}.` }];
}

/** The commands that undo the ban, and that allow the client or take that back, as a shell takes them. */
export function commandsOf(
  story: Story,
  suffix: string,
): Readonly<Partial<Record<'unban' | 'allow' | 'disallow', string>>> {
  const { asked, active, allowed, entry } = story;
  if (asked === undefined) return {};
  const target = active?.client ?? entry?.client ?? asked;
  const unban = active && { unban: `zban unban ${target}${suffix}` };
  // Nobody bans a network of which a part is allowed: to allow all of it would let its attackers go on.
  if (allowed === undefined) return { ...unban, allow: `zban allow ${asked}${suffix}` };
  if (allowed.by === 'configuration') return { ...unban };
  return { ...unban, disallow: `zban allow --remove ${allowed.entry}${suffix}` };
}

function describeCommands(story: Story, { suffix }: StoryOptions): Paragraph[] {
  const { unban, allow, disallow } = commandsOf(story, suffix);
  const { allowed } = story;
  const place = allowed?.by === 'operator' ? 'zban allow' : 'bans.allowlist';
  return [
    ...(unban ? [{ label: 'Undo', commands: [unban] }] : []),
    ...(allow ? [{ label: 'Never ban', commands: [allow] }] : []),
    ...(allowed ? [{ label: 'Allowed', text: `It is never banned, by ${allowed.entry} in ${place}.` }] : []),
    ...(disallow ? [{ label: 'Take back', commands: [disallow] }] : []),
  ];
}

/** `2026-11-20 10:11:12 (3m 2s ago)`. */
const formatMoment = (ms: number, nowMs: number): string => `${formatTime(ms)} (${formatRelative(ms, nowMs)})`;

const times = (count: number): string => (count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`);
