/**
 * zban's own lists as JSON: an array of what `zban list --json` prints without the numbers, `until: null` for good.
 * Arrays of CrowdSec's decisions, and of its alerts with their decisions (`cscli decisions list -o json`), are read too.
 */

import { presentCondition } from '../../english/former.ts';
import type { ActiveBan } from '../../model/audit.ts';
import { messageOf } from '../../model/coded-error.ts';
import { isConditionWord } from '../../model/event.ts';
import { TIER_MAX } from '../../model/limits.ts';
import { isNumber, isRecord, isText } from '../../model/shape.ts';
import { printable } from '../../model/text.ts';
import { CommandError, EXIT } from '../exit.ts';
import { safeJson } from '../text.ts';
import { readDecision } from './crowdsec.ts';
import { type BanList, type Entry, listOf, quote } from './list.ts';

/** Entries are counted instead of lines. Text that is no JSON ends the command with exit code 1. */
export function parseJson(text: string): BanList {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const message = `the list is not JSON: ${printable(messageOf(error))}`;
    throw new CommandError(EXIT.failed, message, { cause: error });
  }
  if (!Array.isArray(value)) throw new CommandError(EXIT.failed, 'the list is JSON, but not an array');
  const entries = value.flatMap((item: unknown, index) => readItem(item).map((entry) => ({ line: index + 1, entry })));
  return listOf(entries);
}

function readItem(item: unknown): Entry[] {
  if (!isRecord(item)) return ['not an object'];
  const { decisions, value } = item;
  if (Array.isArray(decisions)) return decisions.map((one) => readCrowdsec(one));
  return [value === undefined ? readBan(item) : readCrowdsec(item)];
}

function readCrowdsec(item: unknown): Entry {
  if (!isRecord(item)) return 'not an object';
  const { scenario, ...rest } = item;
  return readDecision({ reason: scenario, ...rest });
}

function readBan({ ip, until, tier, condition, reason }: Readonly<Record<string, unknown>>): Entry {
  if (typeof ip !== 'string') return 'an entry without "ip" is neither an address nor a network';
  const name = quote(ip);
  const untilMs = typeof until === 'string' ? Date.parse(until) : undefined;
  if (Number.isNaN(untilMs) || (until !== undefined && until !== null && untilMs === undefined))
    return `${name}: "until" is not a time such as 2026-11-20T10:11:12Z, or null`;
  if (tier !== undefined && !(isNumber(tier) && Number.isInteger(tier) && tier >= 0 && tier <= TIER_MAX))
    return `${name}: "tier" is not a whole number from 0 to ${TIER_MAX}`;
  if (condition !== undefined && !(isText(condition) && isConditionWord(condition)))
    return `${name}: "condition" is not a word`;
  return {
    target: ip,
    ...(until === null ? { forMs: null } : { untilMs }),
    tier,
    // An older version may have exported it.
    condition: condition && presentCondition(condition),
    reason: reason === undefined ? undefined : String(reason),
  };
}

/** One entry a line. */
export function formatJson(bans: readonly ActiveBan[]): string {
  const entries = bans.map(({ client, tier, sinceMs, untilMs, condition, actor, reason }) =>
    safeJson({
      ip: client,
      tier,
      since: new Date(sinceMs).toISOString(),
      until: untilMs === null ? null : new Date(untilMs).toISOString(),
      condition,
      actor,
      reason,
    }),
  );
  return entries.length === 0 ? '[]' : `[\n${entries.join(',\n')}\n]`;
}
