/**
 * Decisions of CrowdSec as CSV: what `cscli decisions import` takes (any of duration, reason, scope, type, value) and what
 * `cscli decisions list -o raw` prints (id, source, ip, reason, action, …, expiration, simulated; `ip` is `Scope:value`).
 * https://docs.crowdsec.net/docs/cscli/cscli_decisions_import/
 */
import type { BanOrder } from '../../control/protocol.ts';
import { sumUnits } from '../../english/duration.ts';
import type { ActiveBan } from '../../model/audit.ts';
import { printable } from '../../model/text.ts';
import { parsePrefix } from '../../net/prefix.ts';
import { type CsvRecord, formatCsvField, parseCsv } from './csv.ts';
import { type BanList, type Entry, listOf } from './list.ts';

/** CrowdSec knows no decision without an end: ten years stand for good, in both directions. */
const FOR_GOOD_HOURS = 87_600;
const HOUR_MS = 3_600_000;

/** What is known of one decision, in whatever form it comes. */
type Decision = { readonly [Name in 'value' | 'scope' | 'duration' | 'reason' | 'type' | 'simulated']?: unknown };

/** True when this is the first line of such a file. */
export function isDecisionHeader(line: string): boolean {
  const names = readHeader(line.split(','));
  return names.includes('value') && names.some((name) => name === 'duration' || name === 'scope');
}

export function parseDecisions(text: string): BanList {
  const [header, ...records] = parseCsv(text);
  const names = readHeader(header?.fields ?? []);
  if (!names.includes('value')) {
    return listOf([{ line: 1, entry: 'no column value: the first line of a decision list names its columns' }]);
  }
  return listOf(records.map((record) => ({ line: record.line, entry: readDecision(pickColumns(names, record)) })));
}

const COLUMNS: Readonly<Record<string, string>> = {
  ip: 'value',
  expiration: 'duration',
  scenario: 'reason',
  action: 'type',
};

function readHeader(fields: readonly string[]): string[] {
  return fields.map((field) => field.trim().toLowerCase()).map((name) => COLUMNS[name] ?? name);
}

function pickColumns(names: readonly string[], { fields }: CsvRecord): Decision {
  return Object.fromEntries(names.map((name, column) => [name, fields[column]?.trim() || undefined]));
}

/** A ban for a decision that bans an address or a network; what else there is comes back as a problem. */
export function readDecision({ value, scope, duration, reason, type, simulated }: Decision): Entry {
  const text = String(value ?? '');
  // Only addresses have colons of their own.
  const [, given, rest = text] = parsePrefix(text) ? [] : (/^([A-Za-z]+):(.+)$/.exec(text) ?? []);
  const kind = String(scope ?? given ?? 'ip').toLowerCase();
  if (kind !== 'ip' && kind !== 'range') return `a decision about a ${printable(kind)}, not an address`;
  const action = String(type ?? 'ban').toLowerCase();
  if (action !== 'ban') return `a decision for a ${printable(action)}, not a ban`;
  if (String(simulated ?? '') === 'true') return 'a simulated decision';
  const lasts = duration === undefined ? {} : readGoDuration(String(duration));
  if (lasts === undefined) return `${printable(String(duration))} is no duration such as 4h or 3h59m30s`;
  return { target: rest, ...lasts, reason: reason === undefined ? undefined : String(reason) };
}

const UNIT_MS = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: HOUR_MS };

/** Reads what Go's time.Duration prints, such as `3h59m49.5s`; less than a second is over (https://pkg.go.dev/time#ParseDuration). */
function readGoDuration(text: string): Pick<BanOrder, 'forMs' | 'untilMs'> | undefined {
  const ms = sumUnits(text.replace(/^-/, ''), UNIT_MS);
  if (ms === undefined) return undefined;
  if (text.startsWith('-') || ms < 1000) return { untilMs: 0 };
  return { forMs: ms >= FOR_GOOD_HOURS * HOUR_MS ? null : Math.round(ms) };
}

/** The bans as decisions that `cscli decisions import` takes. */
export function formatDecisions(bans: readonly ActiveBan[], nowMs: number): string {
  const rows = bans.map(({ client, untilMs, reason, condition }) => {
    const scope = client.includes('/') ? 'Range' : 'Ip';
    const duration = untilMs === null ? `${FOR_GOOD_HOURS}h` : formatGoDuration(untilMs - nowMs);
    return [duration, reason || `zban/${condition}`, scope, 'ban', client].map(formatCsvField).join(',');
  });
  return ['duration,reason,scope,type,value', ...rows].join('\n');
}

function formatGoDuration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return `${Math.floor(seconds / 3600)}h${Math.floor((seconds % 3600) / 60)}m${seconds % 60}s`;
}
