/** Numbers, conditions and single-line summaries, the same in single messages and digests. */

import type { BanEvent, FuseEvent, GlobalAnomalyStart } from '../model/event.ts';
import type { Notification } from '../model/notification.ts';
import { formatDuration } from '../words/duration.ts';
import { briefReason, formatNumber, phraseOf } from '../words/reason.ts';
import { listExcess, tellEnd, tellStart } from '../words/site-reason.ts';
import { escapeText } from './markup.ts';

/** A condition by its name and in words, safe in Slack; one that a newer version wrote to disk is shown as it is. */
export function describeCondition(condition: string): string {
  const phrase = phraseOf(condition);
  const isNamed = phrase !== condition && condition !== 'manual';
  return escapeText(isNamed ? `${condition}: ${phrase}` : phrase, 120);
}

export const formatRate = (rateRps: number): string => `${formatNumber(rateRps)}/s`;
export const formatMultiple = (multiple: number): string => `${formatNumber(multiple, 1)}x`;

export const formatBaseline = (level: { readonly mean: number; readonly stddev: number }): string =>
  `${formatNumber(level.mean)}±${formatNumber(level.stddev)}/s`;

/** Seconds as `10m`; null is `permanent`. */
export const formatSeconds = (seconds: number | null): string =>
  formatDuration(seconds === null ? null : seconds * 1000);

/** `for 10m` or `permanently`, to follow a verb. */
export const formatTerm = (seconds: number | null): string =>
  seconds === null ? 'permanently' : `for ${formatSeconds(seconds)}`;

/** `12:34:56 GET /path 404 "user agent"`, safe in a code block. */
export const sampleLines = (event: BanEvent): string[] =>
  event.samples
    .slice(0, 5)
    .map(
      (sample) =>
        `${escapeText(sample.time, 32)} ${escapeText(sample.method, 10)} ${escapeText(sample.path, 120)} ` +
        `${escapeText(sample.status, 5)} "${escapeText(sample.user_agent, 80)}"`,
    );

/** `path      99 %  (usually 3 %)   /search`, safe in a code block: what a surge has more of than ordinary traffic. */
export const excessLines = (event: GlobalAnomalyStart): string[] =>
  listExcess(event, 3).map(
    ({ kind, name, share, usual }) =>
      `${kind.padEnd(7)}  ${share.padStart(5)}  ${(usual && `(${usual})`).padEnd(15)}  ${escapeText(name, 100)}`,
  );

const tellPhase = ({ phase, until }: FuseEvent): string =>
  phase === 'reset' ? 'reset' : `tripped${until === undefined ? '' : ` until ${escapeText(until, 32)}`}`;

/** `what: reason`, or the one of them that there is. */
const withReason = (what: string, reason: string): string => [what, reason].filter(Boolean).join(': ');

/** One line that says it all, safe in a code block: the entries of a digest. */
export function summaryLine(notification: Notification): string {
  switch (notification.kind) {
    case 'ban': {
      const { event } = notification;
      const numbers =
        event.condition === 'manual' ? '' : `  ${formatRate(event.rate)}, usually ${formatBaseline(event)}`;
      const why = escapeText(briefReason(event.condition, event), 80);
      const term = event.duration_seconds === null ? 'permanent' : formatSeconds(event.duration_seconds);
      const tier = event.tier > 0 ? `, tier ${formatNumber(event.tier, 0)}` : '';
      return `${escapeText(event.ip, 50)}  ${why}${numbers}  ${term}${tier}`;
    }
    case 'unban': {
      const { time, ip, reason, operator, blockedBy = [], failure } = notification;
      const blocked =
        failure !== undefined ? 'still in the firewall' : blockedBy[0] && `still blocked by ${blockedBy[0]}`;
      const parts = [time, ip, blocked, withReason(operator ? `by ${operator}` : '', reason)];
      return parts.flatMap((part) => (part ? [escapeText(part, 150)] : [])).join('  ');
    }
    case 'global_anomaly': {
      const { event } = notification;
      const parts =
        event.phase === 'start'
          ? ['began', ...tellStart(event)]
          : ['ended', ...tellEnd(event, formatSeconds(event.duration_seconds))];
      return `${escapeText(event.time, 32)}  ${escapeText(parts.join(', '), 300)}`;
    }
    case 'fuse': {
      const { event } = notification;
      return `${escapeText(event.time, 32)}  ${tellPhase(event)}: ${escapeText(event.detail, 200)}`;
    }
    case 'trouble':
      return `${escapeText(notification.time, 32)}  ${escapeText(notification.what, 200)}`;
    case 'many': {
      const { action, count, operator, reason } = notification;
      const by = operator === null ? '' : ` by ${escapeText(operator, 64)}`;
      const what = `${formatNumber(count, 0)} ${action === 'ban' ? 'banned' : 'lifted'}${by}`;
      return `${escapeText(notification.time, 32)}  ${withReason(what, escapeText(reason, 100))}`;
    }
    case 'panic': {
      const { phase, operator, reason } = notification;
      const what = `${phase === 'start' ? 'begun' : 'ended'} by ${escapeText(operator, 64)}`;
      return `${escapeText(notification.time, 32)}  ${withReason(what, escapeText(reason, 100))}`;
    }
    case 'test':
      return `${escapeText(notification.time, 32)}  test`;
  }
}
