/** A judgement told in plain words: what was normal, what the client did, what followed, how to undo it. */

import { formatDuration } from '../config/duration.ts';
import type { ActiveBan, AuditEntry } from '../core/audit.ts';
import type { Sample } from '../core/event.ts';
import { formatNumber } from '../core/reason.ts';
import { formatRelative, formatShare, formatSpan, formatTime, printable } from './text.ts';

export interface Story {
  /** The judgement. */
  readonly entry: AuditEntry;
  /** What followed until the next ban: results, releases. */
  readonly results: readonly AuditEntry[];
  /** Every ban of the client up to this one, oldest first. */
  readonly offences: readonly AuditEntry[];
  /** Its ban in force. */
  readonly active: ActiveBan | undefined;
}

/** The whole story; paragraphs of plain text, safe for a terminal. */
export function explainEntry(story: Story, nowMs: number): string {
  const { entry } = story;
  const parts = [tellWhat(entry, nowMs)];
  if (entry.numbers !== null && typeof entry.numbers['rate'] === 'number') parts.push(...tellWhy(entry, entry.numbers));
  if (entry.action === 'ban') parts.push(tellSchedule(story), tellNow(story, nowMs));
  return parts.filter((part) => part !== '').join('\n\n');
}

function tellWhat({ id, client, action, actor, timeMs, detail, enforced }: AuditEntry, nowMs: number): string {
  const when = `${formatTime(timeMs)} (${formatRelative(timeMs, nowMs)})`;
  const who = actor === 'policy' ? 'zban' : actor === 'system' ? 'zban itself' : (actor.split(':')[1] ?? actor);
  const remark = detail === '' ? '' : `: ${detail}`;
  const name = client ?? 'the site';
  switch (action) {
    case 'ban':
      return printable(`${when} ${who} ${enforced ? 'banned' : 'would have banned'} ${name} (entry #${id})${remark}.`);
    case 'refused':
      return printable(`${when} ${name} crossed a limit but was not banned (entry #${id})${remark}.`);
    default:
      return printable(`${when} ${who}: ${action.replaceAll('_', ' ')} ${name} (entry #${id})${remark}.`);
  }
}

const RULES: Readonly<Record<string, string>> = {
  z_score: 'its rate is too many standard deviations above the mean (z_score)',
  multiplier: 'its rate is too many times the mean (multiplier)',
  error_surge: 'it draws so many more errors than usual that tighter limits hold for it (error_surge)',
  warmup_ceiling: 'it passed the absolute ceiling that holds while zban is still learning (warmup_ceiling)',
  surprise: 'it kept asking for what nobody else gets here, and was refused or sent elsewhere (surprise)',
  repetition: 'it sent the same POST again and again, as those do who guess passwords or flood a form (repetition)',
  work: 'it asked for far more, and more unusual things, than anybody does here (work)',
  site_z_score: 'the site as a whole is too many standard deviations above its mean (site_z_score)',
  site_multiplier: 'the site as a whole is too many times above its mean (site_multiplier)',
  manual: 'an operator decided it',
};

function tellWhy(entry: AuditEntry, numbers: Readonly<Record<string, unknown>>): string[] {
  const number = (name: string, digits = 2) => formatNumber(numbers[name], digits);
  const span =
    typeof numbers['window_seconds'] === 'number' ? formatSpan(numbers['window_seconds'] * 1000) : 'the window';
  const whose = entry.client === null ? 'the site' : 'a client';
  const normal = `Normal for ${whose} was ${number('mean')} ± ${number('stddev')} requests/s`;
  const errors = `with ${formatShare(numbers['baseline_error_ratio'])} of the answers being 4xx errors`;
  const did = `In the last ${span} it made ${number('requests', 0)} requests, ${number('rate')}/s by weight (static files weigh nothing)`;
  const times = `that is z = ${number('z', 1)} and ${number('multiple', 1)} times the mean; up to ${number('limit')}/s would have been tolerated`;
  const drew = `${number('errors', 0)} of them (${formatShare(numbers['error_ratio'])}) were answered with 4xx errors`;
  const points =
    typeof numbers['points'] === 'number'
      ? ` That is ${number('points', 1)} points; ${number('points_limit', 1)} are tolerated.`
      : '';
  const rule = `Rule: ${RULES[entry.condition ?? ''] ?? entry.condition}.${points}`;
  if (entry.client === null) return [`${normal}; then it was ${number('rate')}/s: ${times}.`, rule].map(printable);
  return [`${normal}, ${errors}.`, `${did}: ${times}. ${drew}.`, rule]
    .map(printable)
    .concat(tellSamples(numbers['samples']));
}

function tellSamples(samples: unknown): string[] {
  if (!Array.isArray(samples) || samples.length === 0) return [];
  const lines = (samples as Partial<Sample>[]).map(({ time, method, path, status, user_agent }) =>
    printable(`  ${time ?? ''}  ${method ?? ''} ${path ?? ''}  ${status ?? ''}  ${user_agent ?? ''}`),
  );
  return [['Some of its requests:', ...lines].join('\n')];
}

function tellSchedule({ entry, offences }: Story): string {
  const { tier, durationSeconds } = entry;
  const length = formatDuration(durationSeconds === null ? null : durationSeconds * 1000);
  if (tier === null || tier === 0) return `The ban: ${length}, as the operator said.`;
  const before = offences.filter((other) => other.id < entry.id);
  const times = before.length === 1 ? 'once' : `${before.length} times`;
  const history = before.length === 0 ? 'It had not been banned before' : `It had been banned ${times} before`;
  return printable(`${history}; tier ${tier} of the schedule means ${length === 'permanent' ? 'for good' : length}.`);
}

function tellNow({ entry, active, results }: Story, nowMs: number): string {
  const { client } = entry;
  const lines = results.map(({ timeMs, action, detail }) =>
    printable(`  ${formatTime(timeMs)} ${action.replaceAll('_', ' ')}: ${detail || 'done'}`),
  );
  const followed = lines.length > 0 ? `What followed:\n${lines.join('\n')}\n\n` : '';
  if (active === undefined || active.auditId !== entry.id) return `${followed}This ban is over.`;
  const end =
    active.untilMs === null
      ? 'for good'
      : `until ${formatTime(active.untilMs)} (${formatRelative(active.untilMs, nowMs)})`;
  const state = !active.enforced
    ? `Nothing is enforced (observe mode); it would last ${end}.`
    : `${active.confirmed ? 'The kernel drops its packets' : 'The firewall has not confirmed it yet'}; it lasts ${end}.`;
  return `${followed}${printable(state)}\n\nTo undo it:             zban unban ${client}\nTo never ban it again:  zban allow ${client}`;
}
