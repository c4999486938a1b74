/** Bans: of the engine, of operators, and many at once. */

import { describeActivity } from '../../english/activity.ts';
import { spellDuration } from '../../english/duration.ts';
import { markDefault } from '../../english/learned.ts';
import { countBans, countOf, formatCount, formatLevel, formatNumber } from '../../english/number.ts';
import { describeReason, nameClient, phraseOf, usualErrors } from '../../english/reason.ts';
import type { NotificationOf } from '../../model/notification.ts';
import type { BanEvent } from '../../model/told-event.ts';
import { type Content, type IncidentMark, noted } from '../message.ts';

const SAMPLES_MAX = 5;
const NOT_CONFIRMED = 'The firewall has not confirmed this ban yet, so the client may still get through.';
/** In the headline: a push preview shows nothing else. */
const NOT_YET = ', not in the firewall yet';

export const markBan = (target: string, phase: IncidentMark['phase']): IncidentMark => ({
  key: `ban/${target}`,
  phase,
  level: 'info',
});

function endOf(time: string, seconds: number | null): { readonly until?: string } {
  const untilMs = Date.parse(time) + (seconds ?? Number.NaN) * 1000;
  return Number.isNaN(untilMs) ? {} : { until: new Date(untilMs).toISOString() };
}

const spellTerm = (seconds: number | null): string => (seconds === null ? 'permanent' : spellDuration(seconds * 1000));

/** `for 10 min` or `permanently`, to follow a verb. */
const formatTerm = (seconds: number | null): string => (seconds === null ? 'permanently' : `for ${spellTerm(seconds)}`);

export function banContent({ event, enforced, confirmed, who, after }: NotificationOf<'ban'>): Content {
  const client = nameClient(event.ip, event);
  const activity = describeActivity(event.condition, event) ?? phraseOf(event.condition);
  const reason = describeReason(event.condition, event);
  const samples = event.samples.slice(0, SAMPLES_MAX);
  const undo = [['Undo', `zban unban ${event.ip}`]] as const;
  return {
    icon: enforced ? '⛔' : '👀',
    headline: ` ${enforced ? 'banned' : 'would ban'} ${client} ${formatTerm(event.duration_seconds)}${enforced && !confirmed ? NOT_YET : ''}: ${activity}`,
    details: [
      ...(reason ? [reason.did, spellNormal(reason.normal), reason.tolerated] : []),
      ...(enforced ? [] : ['Observe mode: nothing is blocked.']),
      ...(enforced && !confirmed ? [NOT_CONFIRMED] : []),
    ],
    facts: [
      ['Client', who === undefined ? client : `${client}, ${who}`],
      ['Condition', `${phraseOf(event.condition)} (${event.condition})`],
      ...numbersOf(event),
      ['Ban', `${spellTerm(event.duration_seconds)}${event.tier > 0 ? `, tier ${formatNumber(event.tier, 0)}` : ''}`],
      ...noted(after),
    ],
    lines: samples.length === 0 ? undefined : { title: 'Evidence', lines: samples.map(formatSample) },
    commands: [
      ...(enforced ? undo : []),
      ['Why', `zban explain ${event.ip}`],
      ...(enforced && !confirmed ? [['Firewall', 'zban status'] as const] : []),
    ],
    incident: { ...markBan(event.ip, 'open'), ...endOf(event.time, event.duration_seconds) },
  };
}

/** `0.70 ± 0.55 requests …` and `Not known yet.` follow a verb, `Nothing learned lately, …` is a sentence. */
const spellNormal = (normal: string): string =>
  normal.startsWith('Nothing') ? normal : `Normal is ${normal.charAt(0).toLowerCase()}${normal.slice(1)}`;

function numbersOf(event: BanEvent): [string, string][] {
  if (typeof event.rate !== 'number') return [];
  return [
    ['Requests', `${formatNumber(event.rate)}/s, normal ${formatLevel(event)}${markDefault(event)}`],
    ['Refused (4xx)', `${formatCount(event.errors)} of ${formatCount(event.requests)}, normal ${usualErrors(event)}`],
  ];
}

const formatSample = ({ time, method, path, status, user_agent }: BanEvent['samples'][number]): string =>
  `${clip(time, 32)}  ${clip(method, 10)} ${clip(path, 120)} ${status}  "${clip(user_agent, 80)}"`;

const clip = (text: unknown, charactersMax: number): string => {
  const whole = String(text ?? '');
  return whole.length > charactersMax ? `${whole.slice(0, charactersMax - 1)}…` : whole;
};

export function orderContent(notification: NotificationOf<'order'>): Content {
  const { action, target, operator, reason, durationSeconds = null, enforced, confirmed } = notification;
  const why = reason === '' ? '' : `: ${reason}`;
  if (action === 'ban') {
    const verb = enforced ? 'banned manually' : 'would be banned manually';
    return {
      icon: enforced ? '⛔' : '👀',
      headline: `: ${target} ${verb} by ${operator} ${formatTerm(durationSeconds)}${enforced && !confirmed ? NOT_YET : ''}${why}`,
      details: enforced
        ? confirmed
          ? []
          : [NOT_CONFIRMED]
        : ['Observe mode: the ban is recorded, and nothing is blocked.'],
      commands: [['Undo', `zban unban ${target}`]],
      incident: { ...markBan(target, 'open'), ...endOf(notification.time, durationSeconds) },
    };
  }
  const isAdded = action === 'allow';
  return {
    icon: isAdded ? '🤝' : '✂️',
    headline: `: ${target} ${isAdded ? 'added to' : 'removed from'} the allowlist by ${operator}${why}`,
    details: [isAdded ? 'It is never banned, and its bans are lifted.' : 'It can be banned again.'],
    commands: [['Undo', `zban allow ${isAdded ? '--remove ' : ''}${target}`]],
  };
}

export function manyContent({
  action,
  operator,
  count,
  wouldBe = 0,
  clients,
  reason,
}: NotificationOf<'many'>): Content {
  const by = operator === null ? '' : ` by ${operator}`;
  const lines = [...clients];
  if (count > lines.length) lines.push(`… ${formatCount(count - lines.length)} more`);
  const isBan = action === 'ban';
  const verb = wouldBe > 0 ? 'would be banned' : 'banned';
  const done = isBan ? `${countOf(count, 'client')} ${verb}` : `${countBans(count - wouldBe, wouldBe)} lifted`;
  return {
    icon: wouldBe === count ? '👀' : isBan ? '⛔' : '🔓',
    headline: `: ${done}${by}${reason === '' ? '' : `: ${reason}`}`,
    lines: lines.length === 0 ? undefined : { title: 'Clients', lines },
    commands: isBan
      ? [
          ['All of them', 'zban list'],
          ['Undo', 'zban unban ADDRESS'],
        ]
      : [['History', 'zban audit']],
  };
}
