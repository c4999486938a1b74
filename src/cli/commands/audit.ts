import { setTimeout as sleep } from 'node:timers/promises';
import { formatSeconds } from '../../english/duration.ts';
import { markDefault } from '../../english/learned.ts';
import { formatCount, formatLevel, formatNumber } from '../../english/number.ts';
import { briefReason, type ReasonNumbers } from '../../english/reason.ts';
import { describeEnd, describeStart } from '../../english/site-reason.ts';
import type { AuditEntry } from '../../model/audit.ts';
import { messageOf } from '../../model/coded-error.ts';
import { printable } from '../../model/text.ts';
import { formatPrefix } from '../../net/prefix.ts';
import { type Verified, verifyAudit } from '../../record/chain/verify.ts';
import { compareWithLog } from '../../record/text-log/log-check.ts';
import { findLogFiles } from '../../record/text-log/text-log-lines.ts';
import { type OpenTrail, withTrail } from '../../record/trail/open-trail.ts';
import type { Query } from '../../record/trail/trail-reader.ts';
import { type Context, requireSections } from '../context.ts';
import type { Given } from '../definitions/command.ts';
import type { AUDIT } from '../definitions/reading.ts';
import { EXIT, wrongUsage } from '../exit.ts';
import { readCount, readPrefix, readSpan } from '../options.ts';
import { warnIfStale } from '../stale.ts';
import { formatTime } from '../text.ts';

/** How often `--follow` looks; nobody reads faster. */
const FOLLOW_INTERVAL_MS = 250;
/** Entries fetched at a time, so that a trail of a year never sits in memory whole. */
const PAGE_ENTRIES = 1000;
const FOLLOW_LAST = 10;
const LINES_MAX = 100_000;

/** `zban audit`: the trail as lines, or one JSON object a line; `verify` proves it whole, `--follow` goes on. */
export async function audit(context: Context, options: Given<typeof AUDIT>): Promise<number> {
  const { follow = false } = options;
  if (options.action === 'verify' && follow) throw wrongUsage('audit verify does not follow');
  const last = readCount('lines', options.lines, 0, LINES_MAX) ?? (follow ? FOLLOW_LAST : undefined);
  const sinceSpan = readSpan('since', options.since);
  const sinceMs = sinceSpan === undefined ? undefined : context.now() - sinceSpan;
  const client = readPrefix('client', options.client);
  const filter = { sinceMs, client: client && formatPrefix(client) };
  const { state, audit: places } = requireSections(context, ['state', 'audit']);
  return withTrail(state.database, async (trail) => {
    await warnIfStale(context);
    if (options.action === 'verify') return verify(context, trail, findLogFiles(places.log, places.log_keep));
    const lastId = printPages(context, trail, filter, last);
    if (follow) await followFrom(context, trail, filter, lastId);
    return EXIT.done;
  });
}

type Filter = Pick<Query, 'sinceMs' | 'client'>;

function print({ output, json }: Context, entries: readonly AuditEntry[]): void {
  for (const entry of entries) {
    if (json) output.json(entryJson(entry));
    else output.say(formatEntry(entry));
  }
}

/** Prints what is there and returns the last id that was looked at. */
function printPages(context: Context, trail: OpenTrail, filter: Filter, last: number | undefined): number {
  const { reader } = trail;
  if (last === undefined) return printFrom(context, trail, filter, 0);
  const newest = reader.query({ newestFirst: true, limit: 1 })[0]?.id ?? 0;
  // The newest have to be turned round, so they are held at once.
  if (last > 0) print(context, reader.query({ ...filter, newestFirst: true, limit: last }).reverse());
  return newest;
}

/** Prints what came after `afterId`, a page at a time, and returns the last id. */
function printFrom(context: Context, { reader }: OpenTrail, filter: Filter, afterId: number): number {
  for (let lastId = afterId; ; ) {
    const page = reader.query({ ...filter, afterId: lastId, limit: PAGE_ENTRIES });
    print(context, page);
    lastId = page.at(-1)?.id ?? lastId;
    if (page.length < PAGE_ENTRIES) return lastId;
  }
}

async function followFrom(context: Context, trail: OpenTrail, filter: Filter, lastId: number): Promise<never> {
  for (let afterId = lastId; ; await sleep(FOLLOW_INTERVAL_MS)) afterId = printFrom(context, trail, filter, afterId);
}

function verify({ output, json }: Context, { database }: OpenTrail, files: readonly string[]): number {
  const own = verifyAudit(database);
  const verdict = own.ok ? (compareWithFiles(database, files, output) ?? own) : own;
  if (json) output.json(verdict.ok ? verifiedJson(verdict) : verdict);
  if (!verdict.ok) {
    const { id, problem, detail } = verdict;
    output.talk(`zban: the audit trail is broken at entry ${id} (${problem}): ${printable(detail)}`);
    return EXIT.failed;
  }
  const { rows, lastId, lastHash, prunedBefore } = verdict;
  const pruned = prunedBefore > 0 ? `, those before #${prunedBefore} were pruned` : '';
  const entries = rows === 1 ? '1 entry' : `${formatCount(rows)} entries`;
  if (!json) output.say(`integrity verified: ${entries}${pruned}; the last is #${lastId}, hash ${lastHash}`);
  return EXIT.done;
}

function verifiedJson({ rows, firstId, lastId, lastHash, prunedBefore }: Verified): Readonly<Record<string, unknown>> {
  return { ok: true, rows, first_id: firstId, last_id: lastId, last_hash: lastHash, pruned_before: prunedBefore };
}

/** A log that this user may not read proves nothing, and that is said. */
function compareWithFiles(database: OpenTrail['database'], files: readonly string[], output: Context['output']) {
  try {
    return compareWithLog(database, files);
  } catch (error) {
    output.talk(`zban: not compared with the audit log: ${messageOf(error)}`);
    return undefined;
  }
}

/** One line of `audit --json`. */
export function entryJson(entry: AuditEntry): Readonly<Record<string, unknown>> {
  const { id, timeMs, durationSeconds, configVersion, hash, ...rest } = entry;
  const time = new Date(timeMs).toISOString();
  return { id, time, ...rest, duration_seconds: durationSeconds, config_version: configVersion, hash };
}

/** One entry as one line: local time, number, who, what, whom or which lane, why. */
export function formatEntry(entry: AuditEntry): string {
  const { timeMs, id, actor, action, numbers, tier, durationSeconds, enforced } = entry;
  const ended = action === 'global_anomaly' && numbers.phase === 'end' ? ' ENDED' : '';
  const parts = [formatTime(timeMs), `#${id}`, actor, action.toUpperCase().replaceAll('_', ' ') + ended];
  const subject = subjectOf(entry);
  if (subject !== null) parts.push(subject);
  if (action === 'ban') {
    parts.push(durationSeconds === null ? 'permanently' : `for ${formatSeconds(durationSeconds)}`);
    if (tier !== null && tier > 0) parts.push(`(tier ${tier})`);
  }
  if (!enforced && (action === 'ban' || action === 'lane')) parts.push('(observed)');
  const why = reasonsOf(entry);
  return printable(`${parts.join(' ')}${why.length > 0 ? `: ${why.join('; ')}` : ''}`);
}

function subjectOf(entry: AuditEntry): string | null {
  switch (entry.action) {
    case 'lane':
    case 'lane_result':
    case 'lane_keep':
    case 'lane_end':
      return entry.numbers.id;
    default:
      return entry.client;
  }
}

function reasonsOf({ action, condition, numbers, detail }: AuditEntry): string[] {
  if (action === 'global_anomaly') {
    const site = { ...numbers, condition };
    return numbers.phase === 'end' ? describeEnd(site) : describeStart(site);
  }
  const why = condition === null ? [] : [reasonOf(condition, numbers ?? {})];
  return detail === '' ? why : [...why, detail];
}

function reasonOf(condition: string, numbers: ReasonNumbers): string {
  const { rate } = numbers;
  if (typeof rate !== 'number') return condition;
  const compared = `${formatNumber(rate)}/s against ${formatLevel(numbers)}${markDefault(numbers)}`;
  return `${briefReason(condition, numbers)}, ${compared}`;
}
