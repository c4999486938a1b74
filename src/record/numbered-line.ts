/**
 * The end of a line in the text audit log says which row of the trail it is: `… | 10m | #17 9f86d081884c7d65`. So the log
 * knows what the database should hold, and bans can be taken from it when the database is lost.
 */

import type { AuditDraft, AuditEntry } from '../model/audit.ts';
import { parseDuration } from '../words/duration.ts';
import { formatAuditLine } from './audit-line.ts';
import { readActor } from './stored-facts.ts';
import type { ChainEnd } from './trail-statements.ts';

/** Hex digits of a row's hash in its line: enough that nobody makes another row that fits. */
const HASH_DIGITS = 16;
const NOT_DURABLE = 'not yet durable';
const NUMBER = new RegExp(` \\| #(\\d+) ([0-9a-f]{${HASH_DIGITS}}|${NOT_DURABLE})$`);
const LINE = /^\[([^\]]+)\] (.*)$/;
const SUBJECT = /^(WOULD )?(BAN|UNBAN|ALLOW|DISALLOW) (\S+)$/;
const ACTIONS: ReadonlyMap<string, 'unban' | 'allow' | 'disallow'> = new Map([
  ['UNBAN', 'unban'],
  ['ALLOW', 'allow'],
  ['DISALLOW', 'disallow'],
]);

/** The line of a row, numbered; undefined for rows without a line. A row that is not on disk may never be there: its line has no hash. */
export function formatEntryLine(entry: AuditEntry, isWritten: boolean): string | undefined {
  const line = formatAuditLine(entry);
  return line && `${line} | #${entry.id} ${isWritten ? entry.hash.slice(0, HASH_DIGITS) : NOT_DURABLE}`;
}

/** Which row a line is; `hash` holds its first 16 digits, undefined where the row was not on disk yet. */
export function readNumber(line: string): { readonly id: number; readonly hash: string | undefined } | undefined {
  const [, id, hash] = NUMBER.exec(line) ?? [];
  return id === undefined ? undefined : { id: Number(id), hash: hash === NOT_DURABLE ? undefined : hash };
}

/** True when a row's hash is the one that its line was written with. */
export function fitsHash(rowHash: string, end: ChainEnd): boolean {
  return rowHash.slice(0, HASH_DIGITS) === end.hash.slice(0, HASH_DIGITS);
}

/**
 * What followed from a row, as far as its line tells: bans, releases and entries of the allowlist; undefined for other
 * lines. `schedule` (milliseconds, null is permanent) gives the tier, which lines of bans leave out.
 */
export function readDraft(line: string, schedule: readonly (number | null)[]): AuditDraft | undefined {
  const [, time = '', text = ''] = LINE.exec(line.replace(NUMBER, '')) ?? [];
  const timeMs = Date.parse(time);
  const [subject = '', ...rest] = text.split(' | ');
  const [, would, verb = '', client = ''] = SUBJECT.exec(subject) ?? [];
  if (Number.isNaN(timeMs) || verb === '') return undefined;
  const by = rest.find((part) => /^(operator:\S*|policy@\S+)$/.test(part));
  const action = ACTIONS.get(verb);
  const actor = readActor(by ?? (action ? 'system' : 'policy'));
  const draft = { timeMs, actor, client, numbers: null, enforced: would === undefined, detail: '' };
  if (action) return { ...draft, action, condition: null, tier: null, durationSeconds: null };
  const [condition = 'manual'] = (rest[0] ?? '').split(' ');
  const lasts = rest.at(-1) ?? '';
  const lastsMs = lasts === 'permanent' ? null : parseDuration(lasts);
  if (lastsMs === undefined) return undefined;
  const isPolicy = by === undefined || by.startsWith('policy@');
  const tier = isPolicy && condition !== 'import' ? Math.max(0, schedule.indexOf(lastsMs)) + 1 : 0;
  return { ...draft, action: 'ban', condition, tier, durationSeconds: lastsMs === null ? null : lastsMs / 1000 };
}
