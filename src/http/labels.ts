/** What a row of the trail is called in lists, and what it says. */

import { briefReason, phraseOf } from '../english/reason.ts';
import { describeEnd, describeStart } from '../english/site-reason.ts';
import type { AuditAction, AuditEntry } from '../model/audit.ts';
import type { Tone } from './verdict.ts';

export interface Label {
  readonly label: string;
  readonly tone: Tone | '';
}

/** Of those that are called the same whatever they say. */
const LABELS = {
  ban_result: { label: 'firewall', tone: '' },
  unban_result: { label: 'firewall', tone: '' },
  refused: { label: 'spared', tone: 'info' },
  allow: { label: 'allowed', tone: 'info' },
  disallow: { label: 'no longer allowed', tone: '' },
  panic: { label: 'panic', tone: 'bad' },
  panic_end: { label: 'panic over', tone: 'good' },
  start: { label: 'started', tone: '' },
  stop: { label: 'stopped', tone: '' },
  reload: { label: 'reloaded', tone: '' },
  lane_keep: { label: 'lane kept', tone: 'info' },
  lane_end: { label: 'lane ended', tone: 'good' },
  lane_result: { label: 'nginx', tone: '' },
  trouble: { label: 'trouble', tone: 'bad' },
  prune: { label: 'pruned', tone: '' },
  annotate: { label: 'note', tone: 'info' },
} as const satisfies Partial<Record<AuditAction, Label>>;

export function labelOf(entry: AuditEntry): Label {
  switch (entry.action) {
    case 'ban':
      return entry.enforced ? { label: 'banned', tone: 'bad' } : { label: 'would ban', tone: 'warn' };
    case 'unban':
      return { label: entry.actor.startsWith('operator:') ? 'unbanned' : 'released', tone: 'good' };
    case 'lane':
      return entry.enforced ? { label: 'lane opened', tone: 'bad' } : { label: 'lane found', tone: 'warn' };
    case 'global_anomaly':
      return entry.numbers.phase === 'end'
        ? { label: 'site calm', tone: 'good' }
        : { label: 'site anomaly', tone: 'warn' };
    case 'fuse':
      return entry.numbers.phase === 'reset'
        ? { label: 'fuse reset', tone: 'good' }
        : { label: 'fuse tripped', tone: 'bad' };
    default:
      return LABELS[entry.action];
  }
}

/** The firewall did what it should: no news. */
export function isRoutine(entry: AuditEntry): boolean {
  const isResult = entry.action === 'ban_result' || entry.action === 'unban_result' || entry.action === 'lane_result';
  return isResult && entry.numbers.result === 'ok';
}

/** What the row says, in one line; parts of it may come from a log or from an operator. */
export function textOf(entry: AuditEntry): string {
  switch (entry.action) {
    case 'ban':
      return entry.actor === 'policy' ? explain(entry.condition, entry.numbers ?? {}) : entry.detail;
    case 'refused':
      return `${entry.numbers.because || entry.detail}; ${explain(entry.condition, entry.numbers)}`;
    case 'global_anomaly': {
      const site = { ...entry.numbers, condition: entry.condition };
      return (site.phase === 'end' ? describeEnd(site).slice(1, 3) : describeStart(site)).join(', ');
    }
    case 'lane':
      return entry.detail.replace(/^(hold|deny) /, `${entry.enforced ? '' : 'would '}$1 requests with `);
    default:
      return entry.detail;
  }
}

function explain(condition: string, numbers: Parameters<typeof briefReason>[1]): string {
  const phrase = phraseOf(condition);
  const brief = briefReason(condition, numbers);
  const name = brief.split(' ', 1)[0] ?? '';
  const number = brief.slice(name.length + 1);
  const rest = number !== '' && condition.endsWith('z_score') ? `z ${number}` : number;
  // Rows of older versions lack numbers.
  return rest === '' || rest.includes('–') ? phrase : `${phrase} (${rest})`;
}
