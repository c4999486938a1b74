/** The projection on disk: its columns, and how it is changed in the transaction of the rows that change it. */
import type BetterSqlite3 from 'better-sqlite3';
import { isList, isText } from '../../model/shape.ts';
import type { Change } from './projection.ts';

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

/** A change as it is stored: the statement, and its values. */
export type Stored = readonly [
  statement: keyof ReturnType<typeof textsOf>,
  values: readonly (string | number | null)[],
];

/** Changes as one thread hands them to another. */
export const areStored = isList(
  (value): value is Stored => Array.isArray(value) && value.length === 2 && isText(value[0]) && Array.isArray(value[1]),
);

/** What stores a change in a scope. */
function textsOf(scope: Scope) {
  const one = `scope = '${scope}'`;
  return {
    // All of a ban stands in its row. The numbers of a pruned one live on in the anchor's ban, as long as it is the same ban.
    putBan: `INSERT INTO bans (scope, ${BAN_COLUMNS})
      SELECT '${scope}', client, coalesce(condition, 'manual'), coalesce(tier, 0), time_ms,
        CAST(round(time_ms + duration_seconds * 1000) AS INTEGER), enforced, actor, detail, id, 0
      FROM audit WHERE id = ?
      ON CONFLICT DO UPDATE SET condition = excluded.condition, tier = excluded.tier, since_ms = excluded.since_ms,
        until_ms = excluded.until_ms, enforced = excluded.enforced, actor = excluded.actor, reason = excluded.reason,
        confirmed = excluded.confirmed, audit_id = excluded.audit_id,
        numbers = CASE WHEN audit_id = excluded.audit_id THEN numbers END`,
    holdBan: `UPDATE bans SET confirmed = ? WHERE ${one} AND client = ?`,
    dropBan: `DELETE FROM bans WHERE ${one} AND client = ?`,
    putOffence: `INSERT INTO offences (scope, enforced, client, tier, last_ms) VALUES ('${scope}', ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET tier = excluded.tier, last_ms = excluded.last_ms`,
    dropOffence: `DELETE FROM offences WHERE ${one} AND enforced = ? AND client = ?`,
    putAllowed: `INSERT INTO allowed (scope, entry, since_ms, actor, reason, audit_id) VALUES ('${scope}', ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET since_ms = excluded.since_ms, actor = excluded.actor, reason = excluded.reason,
        audit_id = excluded.audit_id`,
    dropAllowed: `DELETE FROM allowed WHERE ${one} AND entry = ?`,
    moveEnds: `UPDATE bans SET since_ms = since_ms + ?, until_ms = until_ms + ?
      WHERE ${one} AND until_ms IS NOT NULL AND audit_id > ?`,
  };
}

/** Prepares the statements that store changes of one scope; to be called within a transaction. */
export function prepareProjection(sql: BetterSqlite3.Database, scope: Scope): (changes: Iterable<Stored>) => void {
  const prepared = Object.entries(textsOf(scope)).map(([name, text]) => [name, sql.prepare(text)]);
  const statements = Object.fromEntries(prepared) as Record<Stored[0], BetterSqlite3.Statement>;
  return (changes) => {
    for (const [name, values] of changes) statements[name].run(values);
  };
}

export function storedOf(change: Change): Stored {
  const { kind, key, value } = change;
  switch (kind) {
    case 'ends':
      return ['moveEnds', [value, value, key]];
    case 'ban':
      return value ? ['putBan', [value.auditId]] : ['dropBan', [key]];
    case 'held':
      return ['holdBan', [value ? 1 : 0, key]];
    case 'offence': {
      const enforced = change.enforced ? 1 : 0;
      return value ? ['putOffence', [enforced, key, value.tier, value.lastMs]] : ['dropOffence', [enforced, key]];
    }
    case 'allowed':
      if (!value) return ['dropAllowed', [key]];
      return ['putAllowed', [key, value.sinceMs, value.actor, value.reason, value.auditId]];
  }
}
