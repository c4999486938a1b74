/** The projection on disk: its columns, and how it is changed in the transaction of the rows that change it. */
import type BetterSqlite3 from 'better-sqlite3';
import type { Ban, Change } from './projection.ts';

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
  const holdBan = run('UPDATE bans SET confirmed = @confirmed WHERE scope = ? AND client = ?');
  const dropBan = run('DELETE FROM bans WHERE scope = ? AND client = ?');
  const putOffence = run(`INSERT INTO offences (scope, enforced, client, tier, last_ms) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET tier = excluded.tier, last_ms = excluded.last_ms`);
  const dropOffence = run('DELETE FROM offences WHERE scope = ? AND enforced = ? AND client = ?');
  const putAllowed =
    run(`INSERT INTO allowed (scope, entry, since_ms, actor, reason, audit_id) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET since_ms = excluded.since_ms, actor = excluded.actor, reason = excluded.reason,
      audit_id = excluded.audit_id`);
  const dropAllowed = run('DELETE FROM allowed WHERE scope = ? AND entry = ?');
  const moveEnds = run(`UPDATE bans SET since_ms = since_ms + @ms, until_ms = until_ms + @ms
    WHERE scope = ? AND until_ms IS NOT NULL AND audit_id > @afterId`);

  const store = (change: Change) => {
    const { kind, key, value } = change;
    if (kind === 'ends') moveEnds({ ms: value, afterId: key });
    else if (kind === 'ban') {
      if (value === undefined) dropBan(key);
      else putBan(...banRow(value));
    } else if (kind === 'held') holdBan(key, { confirmed: value ? 1 : 0 });
    else if (kind === 'offence') {
      const enforced = change.enforced ? 1 : 0;
      if (value === undefined) dropOffence(enforced, key);
      else putOffence(enforced, key, value.tier, value.lastMs);
    } else if (value === undefined) dropAllowed(key);
    else putAllowed(key, value.sinceMs, value.actor, value.reason, value.auditId);
  };
  return (changes) => {
    for (const change of lastOfEach(changes)) store(change);
  };
}

function banRow(ban: Ban): BanRow {
  const { client, condition, tier, sinceMs, untilMs, enforced, actor, reason, auditId, confirmed } = ban;
  return [client, condition, tier, sinceMs, untilMs, enforced ? 1 : 0, actor, reason, auditId, confirmed ? 1 : 0];
}

/** Of several changes of one key only the last is worth a write, in its place, unless all ends were moved in between. */
function* lastOfEach(changes: Iterable<Change>): Generator<Change> {
  const last = new Map<string, Change>();
  for (const change of changes) {
    if (change.kind === 'ends') {
      yield* last.values();
      last.clear();
    }
    const mode = 'enforced' in change ? change.enforced : '';
    const key = `${change.kind} ${mode} ${change.key}`;
    last.delete(key);
    last.set(key, change);
  }
  yield* last.values();
}
