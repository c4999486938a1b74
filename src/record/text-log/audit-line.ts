/** Lines of the text audit log: one per decision, for people and for `tail -f`. */

import { formatSeconds } from '../../english/duration.ts';
import { describeBaseline, markDefault } from '../../english/learned.ts';
import { formatNumber } from '../../english/number.ts';
import { briefReason } from '../../english/reason.ts';
import { describeEnd, describeStart } from '../../english/site-reason.ts';
import type { AuditDraft, DraftOf } from '../../model/audit.ts';
import type { Level } from '../../model/event.ts';
import type { JudgedNumbers } from '../../model/judged-numbers.ts';
import { joinLines } from '../../model/text.ts';
import type { BaselineEvent } from '../../model/told-event.ts';

/**
 * The line of an audit row, such as
 * `[2026-11-20T10:11:12.123Z] BAN 203.0.113.9 | multiplier 7.4x | rate 5.20/s | baseline 0.70±0.55/s | 10m`; without its
 * line feed, and with nothing in it that a terminal would obey. Undefined for results that went as they should: the
 * decision's line says it.
 */
export function formatAuditLine(draft: AuditDraft): string | undefined {
  const parts = partsOf(draft);
  if (parts === undefined) return undefined;
  return line(draft.timeMs, parts);
}

/** The line of recalculated baselines. */
export function formatBaselineLine(event: BaselineEvent): string {
  const { site, client, error_ratio } = describeBaseline(event, level, percent);
  return line(Date.parse(event.time), [
    event.ready ? 'BASELINE' : 'BASELINE (warming up)',
    `site ${site}`,
    `client ${client}`,
    `errors ${error_ratio}`,
    event.origin,
    `${event.site_samples} s, ${event.client_samples} client-minutes`,
  ]);
}

function line(timeMs: number, parts: readonly string[]): string {
  const date = new Date(timeMs);
  const time = Number.isNaN(date.getTime()) ? String(timeMs) : date.toISOString();
  // One text from the beginning: each that is added to makes another two.
  return joinLines(`[${time}] ${parts.filter(Boolean).join(' | ')}`);
}

function partsOf(draft: AuditDraft): readonly string[] | undefined {
  const { action, actor, detail, tier } = draft;
  const client = draft.client ?? '';
  const by = actor === 'policy' || actor === 'system' ? '' : actor;
  const would = draft.enforced ? '' : 'WOULD ';
  switch (action) {
    case 'ban':
      return [`${would}BAN ${client}`, ...reasons(draft), by, formatSeconds(draft.durationSeconds)];
    case 'unban':
      return [`${would}UNBAN ${client}`, detail, by, tier ? `tier ${tier}` : ''];
    case 'ban_result':
    case 'unban_result': {
      if (draft.numbers.result === 'ok') return undefined;
      return [`${action === 'ban_result' ? 'BAN' : 'UNBAN'} FAILED ${client}`, detail.replace(/^failed: /, '')];
    }
    case 'lane':
    case 'lane_keep':
    case 'lane_end': {
      const verb = { lane: 'LANE', lane_keep: 'KEEP LANE', lane_end: 'END LANE' }[action];
      return [`${would}${verb} ${draft.numbers.id}`, detail, by];
    }
    case 'lane_result':
      return draft.numbers.result === 'ok' ? undefined : [`LANE FAILED ${draft.numbers.id}`, detail];
    case 'refused':
      return [`REFUSED ${client}`, ...reasons(draft), detail];
    case 'allow':
    case 'disallow':
      return [`${action.toUpperCase()} ${client}`, by, detail];
    case 'global_anomaly':
      return anomaly(draft);
    default:
      return [action.toUpperCase().replace('_', ' '), by, detail];
  }
}

function anomaly({ condition, numbers }: DraftOf<'global_anomaly'>): readonly string[] {
  const site = { ...numbers, condition };
  return numbers.phase === 'start'
    ? ['GLOBAL ANOMALY', ...describeStart(site)]
    : ['GLOBAL ANOMALY ENDED', ...describeEnd(site)];
}

/** Condition, rate and baseline. */
function reasons({ condition, numbers, detail }: DraftOf<'ban' | 'refused'>): readonly string[] {
  if (numbers === null || numbers.origin !== undefined) return [`${condition}${detail === '' ? '' : ` "${detail}"`}`];
  const { rate, ipv4 } = numbers;
  const compared =
    typeof rate !== 'number'
      ? []
      : [`rate ${formatNumber(rate, 2)}/s`, `baseline ${level(numbers)}${markDefault(numbers)}`];
  return [briefReason(condition, numbers), ...compared, ipv4 === undefined ? '' : `IPv4 ${ipv4}`];
}

const level = ({ mean, stddev }: Level | JudgedNumbers): string =>
  `${formatNumber(mean, 2)}±${formatNumber(stddev, 2)}/s`;

const percent = (share: number): string => `${formatNumber(share * 100, 1)}%`;
