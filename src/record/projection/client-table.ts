/**
 * What is known of each client, in columns and not in objects, because there may be a million of them. Each table reads
 * like a Map by client; its values are made when they are asked for.
 */
import type { Actor, Offence } from '../../model/audit.ts';
import { Columns, type Fields } from '../../net/columns.ts';
import type { Ban } from './projection.ts';

/** Words that are kept once for all rows: conditions, actors and reasons repeat, but may all differ. */
const WORDS_MAX = 1000;

/** Rows of clients, for several tables: a client that two of them know has one. */
export class ClientRows {
  private readonly rows = new Map<string, number>();
  /** By row. */
  private readonly clients: string[] = [];
  /** Tables that have something in the row. */
  private readonly uses = new Columns({ tables: 'u8' });
  private readonly free: number[] = [];

  find(client: string): number | undefined {
    return this.rows.get(client);
  }

  clientOf(row: number): string {
    return this.clients[row] as string;
  }

  /** Rows there are, free ones among them. */
  get length(): number {
    return this.clients.length;
  }

  /** The client's row, for one table more. */
  take(client: string): number {
    const row = this.rows.get(client) ?? this.add(client);
    const { tables } = this.uses.of;
    tables.set(row, tables.at(row) + 1);
    return row;
  }

  /** One table less has something in the row. */
  leave(row: number): void {
    const { tables } = this.uses.of;
    tables.set(row, tables.at(row) - 1);
    if (tables.at(row) > 0) return;
    this.rows.delete(this.clientOf(row));
    this.clients[row] = '';
    this.free.push(row);
  }

  private add(client: string): number {
    const row = this.free.pop() ?? this.clients.length;
    this.uses.reserve(row + 1);
    this.clients[row] = client;
    this.rows.set(client, row);
    return row;
  }
}

/** A table by client: a Map whose values are written into columns and read out of them. */
abstract class ClientTable<Value, F extends Fields> implements Iterable<[string, Value]> {
  size = 0;
  protected readonly rows: ClientRows;
  protected abstract readonly columns: Columns<F>;

  constructor(rows: ClientRows) {
    this.rows = rows;
  }

  protected abstract isUsed(row: number): boolean;
  protected abstract read(row: number): Value;
  protected abstract write(row: number, value: Value): void;
  protected abstract clear(row: number): void;

  has(client: string): boolean {
    return this.find(client) !== undefined;
  }

  get(client: string): Value | undefined {
    const row = this.find(client);
    return row === undefined ? undefined : this.read(row);
  }

  set(client: string, value: Value): void {
    let row = this.find(client);
    if (row === undefined) {
      row = this.rows.take(client);
      this.size++;
      this.columns.reserve(row + 1);
    }
    this.write(row, value);
  }

  delete(client: string): boolean {
    const row = this.find(client);
    if (row === undefined) return false;
    this.clear(row);
    this.rows.leave(row);
    this.size--;
    return true;
  }

  *[Symbol.iterator](): Generator<[string, Value]> {
    for (const row of this.usedRows()) yield [this.rows.clientOf(row), this.read(row)];
  }

  *keys(): Generator<string> {
    for (const row of this.usedRows()) yield this.rows.clientOf(row);
  }

  *values(): Generator<Value> {
    for (const row of this.usedRows()) yield this.read(row);
  }

  protected *usedRows(): Generator<number> {
    for (let row = 0; row < this.rowCount; row++) if (this.isUsed(row)) yield row;
  }

  /** Rows that this table may use: another table may have more. */
  protected get rowCount(): number {
    return Math.min(this.rows.length, this.columns.capacity);
  }

  private find(client: string): number | undefined {
    const row = this.rows.find(client);
    return row !== undefined && row < this.columns.capacity && this.isUsed(row) ? row : undefined;
  }
}

const [USED, ENFORCED, CONFIRMED] = [1, 2, 4];
const FOREVER = Number.POSITIVE_INFINITY;

const BAN = { flags: 'u8', tiers: 'u32', sinces: 'f64', untils: 'f64', auditIds: 'f64' } as const;

/** Bans: 61 bytes each beside the client's text. */
export class BanTable extends ClientTable<Ban, typeof BAN> {
  /** The end is NaN where there is none. */
  protected override readonly columns = new Columns(BAN, { untils: Number.NaN });
  /** No ban ends before. */
  private nextEndMs = FOREVER;
  private readonly conditions: string[] = [];
  private readonly actors: Actor[] = [];
  private readonly reasons: string[] = [];
  private readonly words = new Map<string, string>();

  /** Calls `visit` for each ban with its end (Infinity is never) and whether it is enforced: no object is made. */
  forEachEnd(visit: (row: number, untilMs: number, enforced: boolean) => void): void {
    const { rowCount } = this;
    const { flags, untils } = this.columns.of;
    for (let row = 0; row < rowCount; row++) {
      const bits = flags.at(row);
      if (bits !== 0) visit(row, untils.at(row), (bits & ENFORCED) !== 0);
    }
  }

  /** Bans that end by `nowMs`, the earliest first. Costs nothing before the first of them does, then a look at each end. */
  due(nowMs: number): Ban[] {
    if (nowMs < this.nextEndMs) return [];
    const { rowCount } = this;
    const { array: ends } = this.columns.of.untils;
    const rows: number[] = [];
    this.nextEndMs = FOREVER;
    for (let row = 0; row < rowCount; row++) {
      const end = ends[row] as number;
      if (end < this.nextEndMs) this.nextEndMs = end;
      if (end <= nowMs) rows.push(row);
    }
    return rows.sort((a, b) => (ends[a] as number) - (ends[b] as number)).map((row) => this.read(row));
  }

  /** The newest bans that end after `nowMs`, newest first. */
  newest(limit: number, nowMs: number): Ban[] {
    const { sinces } = this.columns.of;
    const byAge = (a: number, b: number) => sinces.at(b) - sinces.at(a);
    let [rows, oldest] = [[] as number[], Number.NEGATIVE_INFINITY];
    this.forEachEnd((row, untilMs) => {
      if (untilMs <= nowMs || sinces.at(row) <= oldest) return;
      // Sorted now and then, not for each.
      if (rows.push(row) < 2 * limit) return;
      rows = rows.sort(byAge).slice(0, limit);
      oldest = sinces.at(rows.at(-1) ?? row);
    });
    return rows
      .sort(byAge)
      .slice(0, limit)
      .map((row) => this.read(row));
  }

  /** Notes whether the firewall holds a ban that is in the table. */
  confirm(client: string, confirmed: boolean): void {
    const row = this.rows.find(client);
    if (row === undefined) return;
    const { flags } = this.columns.of;
    flags.set(row, (flags.at(row) & ~CONFIRMED) | (confirmed ? CONFIRMED : 0));
  }

  /** Moves the times of bans that have an end and were recorded after `afterId`. */
  moveEnds(afterId: number, ms: number): void {
    const { auditIds, untils, sinces } = this.columns.of;
    this.nextEndMs = 0;
    this.forEachEnd((row, untilMs) => {
      if (untilMs === FOREVER || auditIds.at(row) <= afterId) return;
      untils.set(row, untilMs + ms);
      sinces.set(row, sinces.at(row) + ms);
    });
  }

  /** Enforced bans that end after `nowMs`, for the firewall. */
  *enforced(nowMs: number): Generator<{ readonly target: string; readonly untilMs: number | null }> {
    const { flags, untils } = this.columns.of;
    for (const row of this.usedRows()) {
      const untilMs = untils.at(row);
      if ((flags.at(row) & ENFORCED) === 0 || untilMs <= nowMs) continue;
      yield { target: this.rows.clientOf(row), untilMs: untilMs === FOREVER ? null : untilMs };
    }
  }

  protected override isUsed(row: number): boolean {
    return this.columns.of.flags.at(row) !== 0;
  }

  protected override read(row: number): Ban {
    const { conditions, actors, reasons } = this;
    const { flags, tiers, sinces, untils, auditIds } = this.columns.of;
    const untilMs = untils.at(row);
    return {
      client: this.rows.clientOf(row),
      condition: conditions[row] as string,
      tier: tiers.at(row),
      sinceMs: sinces.at(row),
      untilMs: untilMs === FOREVER ? null : untilMs,
      enforced: (flags.at(row) & ENFORCED) !== 0,
      actor: actors[row] as Actor,
      reason: reasons[row] as string,
      auditId: auditIds.at(row),
      confirmed: (flags.at(row) & CONFIRMED) !== 0,
    };
  }

  protected override write(row: number, ban: Ban): void {
    const { flags, tiers, sinces, untils, auditIds } = this.columns.of;
    flags.set(row, USED | (ban.enforced ? ENFORCED : 0) | (ban.confirmed ? CONFIRMED : 0));
    tiers.set(row, ban.tier);
    sinces.set(row, ban.sinceMs);
    const end = ban.untilMs ?? FOREVER;
    untils.set(row, end);
    this.nextEndMs = Math.min(this.nextEndMs, end);
    auditIds.set(row, ban.auditId);
    this.put(this.conditions, row, ban.condition);
    this.put(this.actors, row, ban.actor);
    this.put(this.reasons, row, ban.reason);
  }

  protected override clear(row: number): void {
    this.columns.of.flags.set(row, 0);
    this.columns.of.untils.set(row, Number.NaN);
    this.conditions[row] = this.reasons[row] = '';
  }

  /** The same text is kept once; the column has no holes, whatever row comes first. */
  private put<T extends string>(column: T[], row: number, text: T): void {
    while (column.length < row) column.push(text);
    const known = this.words.get(text);
    if (known === undefined) {
      if (this.words.size >= WORDS_MAX) this.words.clear();
      this.words.set(text, text);
    }
    column[row] = (known as T | undefined) ?? text;
  }
}

const OFFENCE = { tiers: 'u32', lasts: 'f64' } as const;

/** Offences: 12 bytes each beside the client's text. */
export class OffenceTable extends ClientTable<Offence, typeof OFFENCE> {
  /** The last is NaN where there is none. */
  protected override readonly columns = new Columns(OFFENCE, { lasts: Number.NaN });

  protected override isUsed(row: number): boolean {
    return !Number.isNaN(this.columns.of.lasts.at(row));
  }

  protected override read(row: number): Offence {
    return {
      client: this.rows.clientOf(row),
      tier: this.columns.of.tiers.at(row),
      lastMs: this.columns.of.lasts.at(row),
    };
  }

  protected override write(row: number, { tier, lastMs }: Offence): void {
    this.columns.of.tiers.set(row, tier);
    this.columns.of.lasts.set(row, lastMs);
  }

  protected override clear(row: number): void {
    this.columns.of.lasts.set(row, Number.NaN);
  }
}
