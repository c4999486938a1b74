import { setTimeout as sleep } from 'node:timers/promises';
import { formatDuration } from '../../config/duration.ts';
import type { AuditEntry } from '../../core/audit.ts';
import { formatPrefix, parsePrefix } from '../../core/net/prefix.ts';
import { type Context, requireConfig } from '../context.ts';
import { CommandError, EXIT } from '../exit.ts';
import { readCount, readSpan } from '../options.ts';
import { formatNumber, formatTime, printable } from '../text.ts';
import { type EntryFilter, openTrail, type TrailReader } from '../trail.ts';

/** How often `--follow` looks; nobody reads faster. */
const FOLLOW_INTERVAL_MS = 250;
/** Entries fetched at a time, so that a trail of a year never sits in memory whole. */
const PAGE_ENTRIES = 1000;
const FOLLOW_LAST = 10;

export interface AuditOptions {
  readonly what?: 'verify' | undefined;
  readonly follow?: boolean | undefined;
  readonly lines?: string | undefined;
  readonly since?: string | undefined;
  readonly client?: string | undefined;
}

/** `zban audit`: the trail as lines, or one JSON object a line; `verify` proves it whole, `--follow` goes on. */
export async function audit(context: Context, options: AuditOptions): Promise<number> {
  const { follow = false } = options;
  if (options.what === 'verify' && follow) throw new CommandError(EXIT.usage, 'audit verify does not follow');
  const last = readCount('lines', options.lines, 0, 1_000_000_000) ?? (follow ? FOLLOW_LAST : undefined);
  const sinceSpan = readSpan('since', options.since);
  const sinceMs = sinceSpan === undefined ? undefined : context.now() - sinceSpan;
  const filter = { sinceMs, client: readClient(options.client) };
  const trail = openTrail(requireConfig(context).state.database);
  try {
    if (options.what === 'verify') return verify(context, trail);
    const lastId = printPages(context, trail, filter, last);
    if (follow) await followFrom(context, trail, filter, lastId);
    return EXIT.done;
  } finally {
    trail.close();
  }
}

function readClient(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const prefix = parsePrefix(text);
  if (prefix === undefined)
    throw new CommandError(EXIT.usage, `--client ${printable(text)}: neither an address nor a network`);
  return formatPrefix(prefix);
}

function print({ output, json }: Context, entries: readonly AuditEntry[]): void {
  for (const entry of entries) {
    if (json) output.json(entry);
    else output.data(formatEntry(entry));
  }
}

/** Prints what is there and returns the last id that was looked at. */
function printPages(context: Context, trail: TrailReader, filter: EntryFilter, last: number | undefined): number {
  if (last !== undefined) {
    const newest = trail.entries({ last: 1 }).at(-1)?.id ?? 0;
    if (last > 0) print(context, trail.entries({ ...filter, last }));
    return newest;
  }
  let afterId = 0;
  for (;;) {
    const page = trail.entries({ ...filter, afterId, first: PAGE_ENTRIES });
    print(context, page);
    afterId = page.at(-1)?.id ?? afterId;
    if (page.length < PAGE_ENTRIES) return afterId;
  }
}

async function followFrom(context: Context, trail: TrailReader, filter: EntryFilter, lastId: number): Promise<never> {
  let afterId = lastId;
  for (;;) {
    const page = trail.entries({ ...filter, afterId, first: PAGE_ENTRIES });
    print(context, page);
    afterId = page.at(-1)?.id ?? afterId;
    if (page.length < PAGE_ENTRIES) await sleep(FOLLOW_INTERVAL_MS);
  }
}

function verify({ output, json }: Context, trail: TrailReader): number {
  const verdict = trail.verify();
  if (json) output.json(verdict);
  if (verdict.ok) {
    if (!json) output.data(`the audit trail is whole: ${verdict.entries} entries, every hash fits`);
    return EXIT.done;
  }
  output.talk(`zban: the audit trail is broken at entry ${verdict.id}: ${printable(verdict.reason)}`);
  return EXIT.failed;
}

/** One entry as one line: local time, number, who, what, whom, why. */
export function formatEntry(entry: AuditEntry): string {
  const { timeMs, id, actor, action, client, condition, numbers, tier, durationSeconds, enforced, detail } = entry;
  const parts = [formatTime(timeMs), `#${id}`, actor, action.toUpperCase().replaceAll('_', ' ')];
  if (client !== null) parts.push(client);
  if (action === 'ban') {
    parts.push(`for ${formatDuration(durationSeconds === null ? null : durationSeconds * 1000)}`);
    if (tier !== null && tier > 0) parts.push(`(tier ${tier})`);
    if (!enforced) parts.push('(observed)');
  }
  const why = condition === null ? [] : [numbers === null ? condition : `${condition} ${formatNumbers(numbers)}`];
  if (detail !== '') why.push(detail);
  return printable(`${parts.join(' ')}${why.length > 0 ? `: ${why.join('; ')}` : ''}`);
}

function formatNumbers(numbers: Readonly<Record<string, unknown>>): string {
  const { rate, mean, stddev, z, multiple } = numbers;
  if (typeof rate !== 'number') return '';
  const normal = `${formatNumber(mean)} ± ${formatNumber(stddev)}/s`;
  return `${formatNumber(rate)}/s against ${normal}, z ${formatNumber(z, 1)}, ${formatNumber(multiple, 1)}x`;
}
