/** What followed from a row, read from its line in the text audit log: bans can be taken from it when the database is lost. */

import { parseDuration } from '../../english/duration.ts';
import { presentCondition } from '../../english/former.ts';
import type { AuditDraft } from '../../model/audit.ts';
import { BLANK } from '../row/row.ts';
import { readActor } from '../row/stored-facts.ts';
import { withoutNumber } from './line-number.ts';

const LINE = /^\[([^\]]+)\] (.*)$/;
const SUBJECT = /^(WOULD )?(BAN|UNBAN|ALLOW|DISALLOW) (\S+)$/;
const ACTIONS: ReadonlyMap<string, 'unban' | 'allow' | 'disallow'> = new Map([
  ['UNBAN', 'unban'],
  ['ALLOW', 'allow'],
  ['DISALLOW', 'disallow'],
]);

/**
 * What followed from a row, as far as its line tells: bans, releases and entries of the allowlist; undefined for other
 * lines. `schedule` (milliseconds, null is permanent) gives the tier, which lines of bans leave out.
 */
export function readDraft(line: string, schedule: readonly (number | null)[]): AuditDraft | undefined {
  const [, time = '', text = ''] = LINE.exec(withoutNumber(line)) ?? [];
  const timeMs = Date.parse(time);
  const [subject = '', ...rest] = text.split(' | ');
  const [, would, verb = '', client = ''] = SUBJECT.exec(subject) ?? [];
  if (Number.isNaN(timeMs) || verb === '') return undefined;
  const by = rest.find((part) => /^(operator:\S*|policy@\S+)$/.test(part));
  const action = ACTIONS.get(verb);
  const actor = readActor(by ?? (action ? 'system' : 'policy'));
  const draft = { ...BLANK, timeMs, actor, client, enforced: would === undefined, detail: '' };
  if (action) return { ...draft, action };
  const condition = presentCondition((rest[0] ?? '').split(' ')[0] ?? 'manual');
  const lasts = rest.at(-1) ?? '';
  const lastsMs = lasts === 'permanent' ? null : parseDuration(lasts);
  if (lastsMs === undefined) return undefined;
  const isPolicy = by === undefined || by.startsWith('policy@');
  const tier = isPolicy && condition !== 'import' ? Math.max(0, schedule.indexOf(lastsMs)) + 1 : 0;
  return { ...draft, action: 'ban', condition, tier, durationSeconds: lastsMs === null ? null : lastsMs / 1000 };
}
