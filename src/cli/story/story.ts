/** What is recorded about a client or a row, put in order for `zban explain`. */

import { durationOf, tierAfter } from '../../decide/decide.ts';
import type { ActiveBan, AuditEntry } from '../../model/audit.ts';
import { formatPrefix, type Prefix, parsePrefix, prefixContains } from '../../net/prefix.ts';
import type { TrailReader } from '../../record/trail/trail-reader.ts';
import type { BanOptions } from '../../settings/engine-settings.ts';
import type { Stretch } from './client-lines.ts';

/** Entries looked at for one client, newest first. */
const ENTRIES_MAX = 500;
export const HOUR_MS = 3_600_000;

export interface Story {
  /** What was asked about, an address or a network; undefined for a row that is about none. */
  readonly asked: string | undefined;
  /** The judgement that is explained; undefined when the client was never judged. */
  readonly entry: AuditEntry | undefined;
  /** False for an old row that was asked for: the client was banned again since. */
  readonly isLatest: boolean;
  /** What followed until the next ban: results, releases. */
  readonly results: readonly AuditEntry[];
  /** Earlier bans of the client, oldest first. */
  readonly before: readonly AuditEntry[];
  /** The ban in force that covers the client; of several that which ends last. */
  readonly active: ActiveBan | undefined;
  /** The others that cover it, the last to end first. */
  readonly alsoActive: readonly ActiveBan[];
  /** The newest bans of clients within the network that was asked about, oldest first. */
  readonly within: readonly AuditEntry[];
  /** What keeps it from being banned: an operator's exception or the configuration's. */
  readonly allowed: { readonly entry: string; readonly by: 'operator' | 'configuration' } | undefined;
  /** What the next ban by policy would be; null is permanent. */
  readonly next: { readonly tier: number; readonly durationMs: number | null };
}

export type StoryOptions = Pick<BanOptions, 'schedule' | 'decay'> & { readonly allowlist: readonly string[] };

/** The story of a row of the trail; of a result or a release that of the ban which it is about. */
export function storyOfEntry(reader: TrailReader, row: AuditEntry, options: StoryOptions, nowMs: number): Story {
  const prefix = row.client === null ? undefined : parsePrefix(row.client);
  const about = prefix === undefined ? [] : findAbout(reader, prefix);
  const isConsequence = row.action === 'unban' || row.action.endsWith('_result');
  const ban = about.findLast(({ id, action, client }) => action === 'ban' && client === row.client && id < row.id);
  return tell(reader, prefix, (isConsequence && ban) || row, about, options, nowMs);
}

/**
 * The story of a client: of its ban in force, else of its last ban or refused ban, else of whatever is recorded; bans of
 * networks that cover it count.
 */
export function storyOfClient(reader: TrailReader, prefix: Prefix, options: StoryOptions, nowMs: number): Story {
  const about = findAbout(reader, prefix);
  const covering = about.filter((entry) => covers(entry.client, prefix));
  const [active] = findActive(reader, prefix, nowMs);
  const entry =
    (active && (reader.findEntry(active.auditId) ?? entryOf(active))) ??
    covering.findLast(({ action }) => action === 'ban' || action === 'refused') ??
    covering.at(-1);
  return tell(reader, prefix, entry, about, options, nowMs);
}

function tell(
  reader: TrailReader,
  prefix: Prefix | undefined,
  entry: AuditEntry | undefined,
  about: readonly AuditEntry[],
  options: StoryOptions,
  nowMs: number,
): Story {
  const id = entry?.id ?? 0;
  const same = about.filter(({ client }) => client === entry?.client);
  const bans = same.filter(({ action }) => action === 'ban');
  const nextId = bans.find((other) => other.id > id)?.id;
  const [active, ...alsoActive] = prefix ? findActive(reader, prefix, nowMs) : [];
  return {
    asked: prefix && formatPrefix(prefix),
    entry,
    isLatest: nextId === undefined,
    results: same.filter(
      (other) => other.id > id && other.id < (nextId ?? Number.POSITIVE_INFINITY) && other.action !== 'refused',
    ),
    before: bans.filter((other) => other.id < id),
    active,
    alsoActive,
    within: entry ? [] : about.filter(({ action }) => action === 'ban'),
    allowed: prefix && findAllowed(reader, prefix, options.allowlist),
    next: nextBan(bans, same, options, nowMs),
  };
}

/** Oldest first: rows about the client, about networks that cover it and about clients within it. */
function findAbout(reader: TrailReader, prefix: Prefix): readonly AuditEntry[] {
  return reader.query({ client: formatPrefix(prefix), newestFirst: true, limit: ENTRIES_MAX }).reverse();
}

function covers(client: string | null, prefix: Prefix): boolean {
  const network = client === null ? undefined : parsePrefix(client);
  return network !== undefined && prefixContains(network, prefix);
}

/** What keeps the client out, or would: the last to end first, and of those that end together the narrowest. */
function findActive(reader: TrailReader, prefix: Prefix, nowMs: number): ActiveBan[] {
  const covering = reader.bansCovering(prefix, nowMs);
  const enforced = covering.filter((ban) => ban.enforced);
  const endOfBan = ({ untilMs }: ActiveBan) => untilMs ?? Number.MAX_VALUE;
  const bits = ({ client }: ActiveBan) => parsePrefix(client)?.bits ?? 0;
  return (
    (enforced.length > 0 ? enforced : covering)
      .sort((a, b) => endOfBan(b) - endOfBan(a) || bits(b) - bits(a))
      // Its numbers are looked at when the database is closed.
      .map((ban) => ({ ...ban, numbers: ban.numbers }))
  );
}

/** The row of a ban whose own was pruned. */
function entryOf({ auditId, sinceMs, untilMs, reason, ...ban }: ActiveBan): AuditEntry {
  const durationSeconds = untilMs === null ? null : (untilMs - sinceMs) / 1000;
  const rest = { id: auditId, timeMs: sinceMs, durationSeconds, detail: reason, configVersion: '', hash: '' };
  return { ...ban, ...rest, action: 'ban' };
}

function findAllowed(reader: TrailReader, prefix: Prefix, allowlist: readonly string[]): Story['allowed'] {
  const given = reader.allowed().find(({ entry }) => covers(entry, prefix))?.entry;
  if (given !== undefined) return { entry: given, by: 'operator' };
  const configured = allowlist.find((entry) => covers(entry, prefix));
  return configured === undefined ? undefined : { entry: configured, by: 'configuration' };
}

/** Follows from the last ban by policy: an operator's is no offence. */
function nextBan(
  bans: readonly AuditEntry[],
  same: readonly AuditEntry[],
  options: StoryOptions,
  nowMs: number,
): Story['next'] {
  const offence = bans.findLast(({ actor }) => actor.startsWith('policy'));
  const quietMs = offence === undefined ? 0 : nowMs - (endOf(offence, same) ?? nowMs);
  const tier = tierAfter(offence?.tier ?? 0, quietMs, options);
  return { tier, durationMs: durationOf(tier, options) };
}

/** When a ban ended or will end, epoch milliseconds; null is never. `same` are the rows about the client. */
export function endOf(ban: AuditEntry, same: readonly AuditEntry[]): number | null {
  const lifted = same.find(({ id, action }) => id > ban.id && action === 'unban')?.timeMs;
  const due = ban.durationSeconds === null ? null : ban.timeMs + ban.durationSeconds * 1000;
  return lifted === undefined ? due : Math.min(lifted, due ?? lifted);
}

/**
 * The stretches of time whose requests are told, in groups that lie apart from each other; the last hour of the logs ends
 * at `lastMs`.
 */
export function stretchesOf({ entry, results }: Story, nowMs: number, lastMs: number): Stretch[][] {
  const last = { name: 'last_hour', fromMs: lastMs - HOUR_MS, untilMs: lastMs };
  if (entry?.action !== 'ban' && entry?.action !== 'refused') return [[last]];
  const { timeMs, enforced, action } = entry;
  const endMs = (action === 'ban' ? endOf(entry, results) : null) ?? Number.POSITIVE_INFINITY;
  const untilMs = Math.min(nowMs, timeMs + HOUR_MS);
  const before = { name: 'hour_before', fromMs: timeMs - HOUR_MS, untilMs: timeMs };
  // The decision is timed by the second of its line.
  const since = { name: 'since', fromMs: timeMs + 1, untilMs };
  const after = [
    { name: 'while_banned', fromMs: timeMs + 1, untilMs: Math.min(endMs, untilMs) },
    { name: 'after_ban', fromMs: endMs + 1, untilMs },
  ];
  const around = [before, ...(action === 'ban' && enforced ? after : [since])].filter(
    (one) => one.fromMs < one.untilMs,
  );
  // Decisions are timed by this host's clock, requests by the log's.
  const aheadMs = timeMs - Date.parse(String(entry.numbers?.['log_time'] ?? new Date(timeMs).toISOString()));
  const logged = around.map(({ name, ...one }) => ({
    name,
    fromMs: one.fromMs - aheadMs,
    untilMs: one.untilMs - aheadMs,
  }));
  return last.fromMs > untilMs - aheadMs ? [logged, [last]] : [logged];
}
