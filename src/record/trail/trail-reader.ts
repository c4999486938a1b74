/** Reads the trail: for the command line (daemon running or stopped) and for the dashboard. */
import type BetterSqlite3 from 'better-sqlite3';
import type { ActiveBan, AuditAction, AuditEntry } from '../../model/audit.ts';
import { isPosition, type Position } from '../../model/chunk.ts';
import { type JudgedNumbers, readJudged } from '../../model/judged-numbers.ts';
import { parseJson } from '../../model/shape.ts';
import { commonText, coveringTexts, type Prefix, parsePrefix, prefixContains } from '../../net/prefix.ts';
import { type ChainEnd, prepareEnds } from '../chain/chain-ends.ts';
import { preparedFor, type RecordDatabase } from '../database/database.ts';
import { toRecordError } from '../error.ts';
import type { Allowed, Ban } from '../projection/projection.ts';
import { BAN_COLUMNS, type BanRow } from '../projection/projection-statements.ts';
import { readBan } from '../projection/projection-table.ts';
import { StoredBan } from '../projection/stored-ban.ts';
import { COLUMNS, type Row, readObject } from '../row/columns.ts';
import { readRow } from '../row/row.ts';
import { readActor } from '../row/stored-facts.ts';

export interface Query {
  /** Only rows with a greater id: what came since, for following. */
  readonly afterId?: number | undefined;
  /** Only rows about this client, or about a network that covers it or that it covers. Other text must match as it is. */
  readonly client?: string | undefined;
  readonly action?: AuditAction | undefined;
  /** Leaves out what a firewall or nginx did as it should. */
  readonly withoutResults?: boolean | undefined;
  /** Only rows of this time or later, epoch milliseconds. */
  readonly sinceMs?: number | undefined;
  /** At most so many rows. */
  readonly limit: number;
  /** The newest `limit` rows, newest first; otherwise the oldest, oldest first. */
  readonly newestFirst?: boolean | undefined;
}

type NumbersStatement = BetterSqlite3.Statement<[auditId: number, sameId: number, client: string], string | null>;

/** A pruned row's numbers are with the anchor's copy of the ban. */
function prepareNumbers(sql: BetterSqlite3.Database): NumbersStatement {
  const text = `SELECT coalesce((SELECT numbers FROM audit WHERE id = ?),
    (SELECT numbers FROM bans WHERE scope = 'anchor' AND audit_id = ? AND client = ?))`;
  return sql.prepare<[number, number, string], string | null>(text).pluck();
}

/** Rows of older versions say it in words alone. */
const WITHOUT_RESULTS = `NOT (action GLOB '*_result' AND
  coalesce(CASE WHEN json_valid(numbers) THEN numbers ->> 'result' END = 'ok', detail GLOB 'ok*'))`;

const BY_START = 'since_ms, client';

/** Every method throws RecordError when the database cannot be read. */
export class TrailReader {
  readonly #database: RecordDatabase;
  readonly #numbers: () => NumbersStatement;

  constructor(database: RecordDatabase) {
    this.#database = database;
    this.#numbers = preparedFor(database, prepareNumbers);
  }

  get #sql(): BetterSqlite3.Database {
    return this.#database.sql;
  }

  query(query: Query): AuditEntry[] {
    const conditions: string[] = ['TRUE'];
    const values: unknown[] = [];
    const where = (condition: string, value: unknown) => {
      if (value === undefined) return;
      conditions.push(condition);
      values.push(value);
    };
    where('id > ?', query.afterId);
    where('action = ?', query.action);
    where('time_ms >= ?', query.sinceMs);
    if (query.withoutResults) conditions.push(WITHOUT_RESULTS);
    return this.#read(() => {
      if (query.client !== undefined) {
        where('client IN (SELECT value FROM json_each(?))', JSON.stringify(this.#namesOf(query.client)));
      }
      const order = query.newestFirst ? 'DESC' : 'ASC';
      const text = `SELECT ${COLUMNS} FROM audit WHERE ${conditions.join(' AND ')} ORDER BY id ${order} LIMIT ?`;
      const rows = this.#sql
        .prepare<unknown[], Row>(text)
        .raw()
        .all(...values, query.limit);
      return rows.map(readRow);
    });
  }

  findEntry(id: number): AuditEntry | undefined {
    return this.#read(() => {
      const row = this.#sql.prepare<[number], Row>(`SELECT ${COLUMNS} FROM audit WHERE id = ?`).raw().get(id);
      return row && readRow(row);
    });
  }

  /** Bans in force at `nowMs`, by start; `numbers` is fetched when it is looked at. */
  activeBans(nowMs: number): ActiveBan[] {
    return this.#findBans(nowMs, 'bans', 'TRUE', BY_START, -1);
  }

  /** The first of them, or with `reverse` the last: however many there are, no more are read. */
  firstBans(nowMs: number, limit: number, reverse: boolean): ActiveBan[] {
    const order = reverse ? 'since_ms DESC, client DESC' : 'since_ms, client';
    // SQLite would rather sort all of them.
    return this.#findBans(nowMs, 'bans INDEXED BY bans_by_start', 'TRUE', order, limit);
  }

  countBans(nowMs: number): number {
    const text = `SELECT count(*) FROM bans WHERE scope = 'now' AND (until_ms IS NULL OR until_ms > ?)`;
    return this.#read(() => this.#sql.prepare<[number], number>(text).pluck().get(nowMs) ?? 0);
  }

  /** Those of them that cover this network. */
  bansCovering(network: Prefix, nowMs: number): ActiveBan[] {
    const names = JSON.stringify(coveringTexts(network));
    return this.#findBans(nowMs, 'bans', 'client IN (SELECT value FROM json_each(?))', BY_START, -1, names);
  }

  /** A negative limit is none. */
  #findBans(
    nowMs: number,
    from: string,
    condition: string,
    order: string,
    limit: number,
    ...values: readonly string[]
  ): ActiveBan[] {
    const text = `SELECT ${BAN_COLUMNS} FROM ${from}
      WHERE scope = 'now' AND (until_ms IS NULL OR until_ms > ?) AND ${condition} ORDER BY ${order} LIMIT ?`;
    const find = ({ auditId, client }: Ban) => this.findNumbers(auditId, client);
    return this.#read(() => {
      const bans = this.#sql
        .prepare<unknown[], BanRow>(text)
        .raw()
        .all(nowMs, ...values, limit);
      return bans.map((row) => new StoredBan(readBan(row), find));
    });
  }

  /** Numbers of the row that decided a ban, also after that row was pruned; null when there are none. */
  findNumbers(auditId: number, client: string): JudgedNumbers | null {
    return this.#read(() => {
      const numbers = readObject(this.#numbers().get(auditId, auditId, client) ?? null);
      return numbers && readJudged(numbers);
    });
  }

  /** The operators' exceptions in force. */
  allowed(): Allowed[] {
    const text = `SELECT entry, since_ms AS sinceMs, actor, reason, audit_id AS auditId FROM allowed WHERE scope = 'now'`;
    const rows = this.#read(() => this.#sql.prepare<[], Allowed & { readonly actor: string }>(text).all());
    return rows.map((row) => ({ ...row, actor: readActor(row.actor) }));
  }

  /** A part's saved state. */
  findState(key: string): Uint8Array | undefined {
    const text = 'SELECT bytes FROM state WHERE key = ?';
    return this.#read(() => this.#sql.prepare<[string], Uint8Array>(text).pluck().get(key));
  }

  /** Those of all parts, by key. */
  states(): Record<string, Uint8Array> {
    const rows = this.#read(() =>
      this.#sql.prepare<[], [string, Uint8Array]>('SELECT key, bytes FROM state').raw().all(),
    );
    return Object.fromEntries(rows);
  }

  /** Where each log was read up to; nothing of what is damaged. */
  positions(): Position[] {
    const text = 'SELECT position FROM positions ORDER BY path';
    const positions = this.#read(() => this.#sql.prepare<[], string>(text).pluck().all());
    return positions.flatMap((position) => parseJson(position, isPosition) ?? []);
  }

  /** The newest row. */
  readHead(): ChainEnd {
    return this.#read(() => prepareEnds(this.#sql)().head);
  }

  /** The clients in the trail that share addresses with `client`. */
  #namesOf(client: string): string[] {
    const wanted = parsePrefix(client);
    if (wanted === undefined) return [client];
    const names = coveringTexts(wanted);
    const begin = commonText(wanted);
    // Within the index, where a scan of all clients would take seconds.
    const within = this.#sql
      .prepare<[string, string], string>('SELECT DISTINCT client FROM audit WHERE client >= ? AND client < ?')
      .pluck()
      .all(begin, `${begin}\u{10ffff}`);
    for (const name of within) {
      const prefix = parsePrefix(name);
      if (prefix !== undefined && prefix.bits > wanted.bits && prefixContains(wanted, prefix)) names.push(name);
    }
    return names;
  }

  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw toRecordError(error, this.#database.path);
    }
  }
}
