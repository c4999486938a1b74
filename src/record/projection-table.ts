/** The projection on disk: loaded at start, changed in the transaction of the rows that change it. */
import { setImmediate } from 'node:timers/promises';
import type BetterSqlite3 from 'better-sqlite3';
import type { AuditAction } from '../model/audit.ts';
import type { RecordDatabase } from './database.ts';
import { toRecordError } from './error.ts';
import { type Ban, type Change, Projection } from './projection.ts';
import { readActor } from './stored-facts.ts';

/** `now` follows from all rows, `anchor` from the pruned ones. */
export type Scope = 'now' | 'anchor';

/** A ban as stored, in column order. */
export type BanRow = readonly [
  client: string,
  condition: string,
  tier: number,
  sinceMs: number,
  untilMs: number | null,
  enforced: number,
  actor: string,
  reason: string,
  auditId: number,
  confirmed: number,
];

export const BAN_COLUMNS = 'client, condition, tier, since_ms, until_ms, enforced, actor, reason, audit_id, confirmed';

export function readBan(row: BanRow): Ban {
  const [client, condition, tier, sinceMs, untilMs, enforced, actor, reason, auditId, confirmed] = row;
  const flags = { enforced: enforced !== 0, confirmed: confirmed !== 0 };
  return { client, condition, tier, sinceMs, untilMs, actor: readActor(actor), reason, auditId, ...flags };
}

/** Rows loaded between two looks at the rest of the world. */
const TURN_ROWS = 10_000;

/** Everything of one scope, or what it has about these clients and the totals. */
export function loadProjection(sql: BetterSqlite3.Database, scope: Scope, clients?: ReadonlySet<string>): Projection {
  const projection = new Projection();
  for (const change of readProjection(sql, scope, clients)) projection.set(change);
  return projection;
}

/**
 * Everything that follows from all rows, a portion at a time, so that a million bans do not keep the process from hearing
 * a signal. The database is busy meanwhile. Rejects with RecordError, or with the signal's reason once it is aborted.
 */
export async function loadInTurns({ sql, path }: RecordDatabase, signal?: AbortSignal): Promise<Projection> {
  const projection = new Projection();
  let rows = 0;
  try {
    for (const change of readProjection(sql, 'now')) {
      projection.set(change);
      if (++rows % TURN_ROWS !== 0) continue;
      await setImmediate();
      signal?.throwIfAborted();
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw toRecordError(error, path);
  }
  signal?.throwIfAborted();
  return projection;
}

function* readProjection(sql: BetterSqlite3.Database, scope: Scope, clients?: ReadonlySet<string>): Generator<Change> {
  const names = clients && JSON.stringify([...clients]);
  const rows = <T>(columns: string, table: string, key?: string) => {
    const text = `SELECT ${columns} FROM ${table} WHERE scope = ?`;
    if (key === undefined || names === undefined) return sql.prepare<[Scope], T>(text).raw().iterate(scope);
    const some = `${text} AND ${key} IN (SELECT value FROM json_each(?))`;
    return sql.prepare<[Scope, string], T>(some).raw().iterate(scope, names);
  };
  for (const row of rows<BanRow>(BAN_COLUMNS, 'bans', 'client')) {
    const value = readBan(row);
    yield { kind: 'ban', key: value.client, value };
  }
  for (const [enforced, client, tier, lastMs] of rows<[number, string, number, number]>(
    'enforced, client, tier, last_ms',
    'offences',
    'client',
  )) {
    yield { kind: 'offence', key: client, enforced: enforced !== 0, value: { client, tier, lastMs } };
  }
  for (const [entry, sinceMs, actor, reason, auditId] of rows<[string, number, string, string, number]>(
    'entry, since_ms, actor, reason, audit_id',
    'allowed',
    'entry',
  )) {
    yield { kind: 'allowed', key: entry, value: { entry, sinceMs, actor: readActor(actor), reason, auditId } };
  }
  for (const [key, enforced, value] of rows<[AuditAction, number, number]>('action, enforced, entries', 'totals')) {
    yield { kind: 'total', key, enforced: enforced !== 0, value };
  }
}

/** Prepares the statements that store changes of one scope; to be called within a transaction. */
export function prepareProjection(sql: BetterSqlite3.Database, scope: Scope): (changes: Iterable<Change>) => void {
  const run = (text: string) => {
    const statement = sql.prepare(text);
    return (...values: unknown[]) => void statement.run(scope, ...values);
  };
  // The numbers of a pruned ban row live on in the anchor's ban, as long as it is the same ban.
  const putBan = run(`INSERT INTO bans (scope, ${BAN_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET condition = excluded.condition, tier = excluded.tier, since_ms = excluded.since_ms,
      until_ms = excluded.until_ms, enforced = excluded.enforced, actor = excluded.actor, reason = excluded.reason,
      confirmed = excluded.confirmed, audit_id = excluded.audit_id,
      numbers = CASE WHEN audit_id = excluded.audit_id THEN numbers END`);
  const dropBan = run('DELETE FROM bans WHERE scope = ? AND client = ?');
  const putOffence = run(`INSERT INTO offences (scope, enforced, client, tier, last_ms) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET tier = excluded.tier, last_ms = excluded.last_ms`);
  const dropOffence = run('DELETE FROM offences WHERE scope = ? AND enforced = ? AND client = ?');
  const putAllowed =
    run(`INSERT INTO allowed (scope, entry, since_ms, actor, reason, audit_id) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET since_ms = excluded.since_ms, actor = excluded.actor, reason = excluded.reason,
      audit_id = excluded.audit_id`);
  const dropAllowed = run('DELETE FROM allowed WHERE scope = ? AND entry = ?');
  const putTotal = run(`INSERT INTO totals (scope, action, enforced, entries) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET entries = excluded.entries`);

  const store = (change: Change) => {
    const { kind, key, value } = change;
    if (kind === 'ban') {
      if (value === undefined) dropBan(key);
      else putBan(...banRow(value));
    } else if (kind === 'offence') {
      const enforced = change.enforced ? 1 : 0;
      if (value === undefined) dropOffence(enforced, key);
      else putOffence(enforced, key, value.tier, value.lastMs);
    } else if (kind === 'allowed') {
      if (value === undefined) dropAllowed(key);
      else putAllowed(key, value.sinceMs, value.actor, value.reason, value.auditId);
    } else putTotal(key, change.enforced ? 1 : 0, value);
  };
  return (changes) => {
    for (const change of lastOfEach(changes)) store(change);
  };
}

function banRow(ban: Ban): BanRow {
  const { client, condition, tier, sinceMs, untilMs, enforced, actor, reason, auditId, confirmed } = ban;
  return [client, condition, tier, sinceMs, untilMs, enforced ? 1 : 0, actor, reason, auditId, confirmed ? 1 : 0];
}

/** Of several changes of one key only the last is worth a write. */
function lastOfEach(changes: Iterable<Change>): Iterable<Change> {
  const last = new Map<string, Change>();
  for (const change of changes) {
    const mode = 'enforced' in change ? change.enforced : '';
    last.set(`${change.kind} ${mode} ${change.key}`, change);
  }
  return last.values();
}
