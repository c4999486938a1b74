/** Loads the projection from where it is stored (projection-statements.ts). */
import { setImmediate } from 'node:timers/promises';
import type BetterSqlite3 from 'better-sqlite3';
import { presentCondition } from '../../english/former.ts';
import type { RecordDatabase } from '../database/database.ts';
import { toRecordError } from '../error.ts';
import { readActor } from '../row/stored-facts.ts';
import { type Ban, type Change, Projection } from './projection.ts';
import { BAN_COLUMNS, type BanRow, type Scope } from './projection-statements.ts';

export function readBan(row: BanRow): Ban {
  const [client, former, tier, sinceMs, untilMs, enforced, actor, reason, auditId, confirmed] = row;
  const condition = presentCondition(former);
  const flags = { enforced: enforced !== 0, confirmed: confirmed !== 0 };
  return { client, condition, tier, sinceMs, untilMs, actor: readActor(actor), reason, auditId, ...flags };
}

/** Rows loaded between two looks at the rest of the world. */
const TURN_ROWS = 10_000;

/** Everything of one scope, or what it has about these clients. */
export function loadProjection(sql: BetterSqlite3.Database, scope: Scope, clients?: ReadonlySet<string>): Projection {
  const projection = new Projection();
  for (const change of readProjection(sql, scope, clients)) projection.set(change);
  return projection;
}

/** Everything that follows from all rows, at once. Throws RecordError. */
export function loadStored({ sql, path }: RecordDatabase): Projection {
  try {
    return loadProjection(sql, 'now');
  } catch (error) {
    throw toRecordError(error, path);
  }
}

/**
 * The same, a portion at a time, so that a million bans do not keep the process from hearing
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
  const rows = <T>(columns: string, table: string, key: string) => {
    const text = `SELECT ${columns} FROM ${table} WHERE scope = ?`;
    if (names === undefined) return sql.prepare<[Scope], T>(text).raw().iterate(scope);
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
}
