/**
 * What is known of each client, in columns and not in objects, because there may be a million of them. Each table reads
 * like a Map by client; its values are made when they are asked for.
 */
import type { Actor, Offence } from '../model/audit.ts';
import { grown } from '../traffic/key-index.ts';
import type { Ban } from './projection.ts';

const ROWS_MIN = 1024;
/** Words that are kept once for all rows: conditions, actors and reasons repeat, but may all differ. */
const WORDS_MAX = 1000;

/** Rows of clients, for several tables: a client that two of them know has one. */
export class ClientRows {
  private readonly rows = new Map<string, number>();
  /** By row. */
  private readonly clients: string[] = [];
  /** Tables that have something in the row. */
  private uses = new Uint8Array(ROWS_MIN);
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
    this.uses[row] = (this.uses[row] as number) + 1;
    return row;
  }

  /** One table less has something in the row. */
  leave(row: number): void {
    this.uses[row] = (this.uses[row] as number) - 1;
    if (this.uses[row] !== 0) return;
    this.rows.delete(this.clientOf(row));
    this.clients[row] = '';
    this.free.push(row);
  }

  private add(client: string): number {
    const row = this.free.pop() ?? this.clients.length;
    if (row === this.uses.length) this.uses = grown(this.uses, row * 2);
    this.clients[row] = client;
    this.rows.set(client, row);
    return row;
  }
}

/** A table by client: a Map whose values are written into columns and read out of them. */
abstract class ClientTable<Value> implements Iterable<[string, Value]> {
  size = 0;
  protected readonly rows: ClientRows;
  protected capacity = 0;

  constructor(rows: ClientRows) {
    this.rows = rows;
  }

  protected abstract isUsed(row: number): boolean;
  protected abstract read(row: number): Value;
  protected abstract write(row: number, value: Value): void;
  protected abstract clear(row: number): void;
  protected abstract grow(capacity: number): void;

  has(client: string): boolean {
    const row = this.rows.find(client);
    return row !== undefined && row < this.capacity && this.isUsed(row);
  }

  get(client: string): Value | undefined {
    const row = this.rows.find(client);
    return row !== undefined && row < this.capacity && this.isUsed(row) ? this.read(row) : undefined;
  }

  set(client: string, value: Value): void {
    let row = this.has(client) ? this.rows.find(client) : undefined;
    if (row === undefined) {
      row = this.rows.take(client);
      this.size++;
      if (row >= this.capacity) {
        this.capacity = Math.max(ROWS_MIN, 2 ** Math.ceil(Math.log2(row + 1)));
        this.grow(this.capacity);
      }
    }
    this.write(row, value);
  }

  delete(client: string): boolean {
    const row = this.rows.find(client);
    if (row === undefined || row >= this.capacity || !this.isUsed(row)) return false;
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
    for (let row = 0; row < Math.min(this.rows.length, this.capacity); row++) if (this.isUsed(row)) yield row;
  }
}

const [USED, ENFORCED, CONFIRMED] = [1, 2, 4];
const FOREVER = Number.POSITIVE_INFINITY;

/** Bans: 61 bytes each beside the client's text. */
export class BanTable extends ClientTable<Ban> {
  private flags = new Uint8Array(0);
  private tiers = new Uint32Array(0);
  private sinces = new Float64Array(0);
  private untils = new Float64Array(0);
  private auditIds = new Float64Array(0);
  private readonly conditions: string[] = [];
  private readonly actors: Actor[] = [];
  private readonly reasons: string[] = [];
  private readonly words = new Map<string, string>();

  /** Calls `visit` for each ban with its end (Infinity is never) and whether it is enforced: no object is made. */
  forEachEnd(visit: (row: number, untilMs: number, enforced: boolean) => void): void {
    const rows = Math.min(this.rows.length, this.capacity);
    for (let row = 0; row < rows; row++) {
      const flags = this.flags[row] as number;
      if (flags !== 0) visit(row, this.untils[row] as number, (flags & ENFORCED) !== 0);
    }
  }

  clientOf(row: number): string {
    return this.rows.clientOf(row);
  }

  /** The newest bans that end after `nowMs`, newest first. */
  newest(limit: number, nowMs: number): Ban[] {
    const { sinces } = this;
    const byAge = (a: number, b: number) => (sinces[b] as number) - (sinces[a] as number);
    let [rows, oldest] = [[] as number[], Number.NEGATIVE_INFINITY];
    this.forEachEnd((row, untilMs) => {
      if (untilMs <= nowMs || (sinces[row] as number) <= oldest) return;
      // Sorted now and then, not for each.
      if (rows.push(row) < 2 * limit) return;
      rows = rows.sort(byAge).slice(0, limit);
      oldest = sinces[rows.at(-1) ?? row] as number;
    });
    return rows
      .sort(byAge)
      .slice(0, limit)
      .map((row) => this.read(row));
  }

  /** Moves the times of bans that have an end and were recorded after `afterId`. */
  moveEnds(afterId: number, ms: number): void {
    this.forEachEnd((row, untilMs) => {
      if (untilMs === FOREVER || (this.auditIds[row] as number) <= afterId) return;
      this.untils[row] = untilMs + ms;
      this.sinces[row] = (this.sinces[row] as number) + ms;
    });
  }

  /** Enforced bans that end after `nowMs`, for the firewall. */
  *enforced(nowMs: number): Generator<{ readonly target: string; readonly untilMs: number | null }> {
    for (const row of this.usedRows()) {
      const untilMs = this.untils[row] as number;
      if (((this.flags[row] as number) & ENFORCED) === 0 || untilMs <= nowMs) continue;
      yield { target: this.rows.clientOf(row), untilMs: untilMs === FOREVER ? null : untilMs };
    }
  }

  protected override isUsed(row: number): boolean {
    return this.flags[row] !== 0;
  }

  protected override read(row: number): Ban {
    const { flags, tiers, sinces, untils, auditIds, conditions, actors, reasons } = this;
    const untilMs = untils[row] as number;
    return {
      client: this.rows.clientOf(row),
      condition: conditions[row] as string,
      tier: tiers[row] as number,
      sinceMs: sinces[row] as number,
      untilMs: untilMs === FOREVER ? null : untilMs,
      enforced: ((flags[row] as number) & ENFORCED) !== 0,
      actor: actors[row] as Actor,
      reason: reasons[row] as string,
      auditId: auditIds[row] as number,
      confirmed: ((flags[row] as number) & CONFIRMED) !== 0,
    };
  }

  protected override write(row: number, ban: Ban): void {
    this.flags[row] = USED | (ban.enforced ? ENFORCED : 0) | (ban.confirmed ? CONFIRMED : 0);
    this.tiers[row] = ban.tier;
    this.sinces[row] = ban.sinceMs;
    this.untils[row] = ban.untilMs ?? FOREVER;
    this.auditIds[row] = ban.auditId;
    this.conditions[row] = this.once(ban.condition);
    this.actors[row] = this.once(ban.actor);
    this.reasons[row] = this.once(ban.reason);
  }

  protected override clear(row: number): void {
    this.flags[row] = 0;
    this.conditions[row] = this.reasons[row] = '';
  }

  protected override grow(capacity: number): void {
    this.flags = grown(this.flags, capacity);
    this.tiers = grown(this.tiers, capacity);
    this.sinces = grown(this.sinces, capacity);
    this.untils = grown(this.untils, capacity);
    this.auditIds = grown(this.auditIds, capacity);
    // Arrays without holes, whatever row comes first.
    for (const column of [this.conditions, this.reasons, this.actors] as string[][]) {
      while (column.length < capacity) column.push('');
    }
  }

  /** The same text, kept once. */
  private once<T extends string>(text: T): T {
    const known = this.words.get(text);
    if (known !== undefined) return known as T;
    if (this.words.size >= WORDS_MAX) this.words.clear();
    this.words.set(text, text);
    return text;
  }
}

/** Offences: 12 bytes each beside the client's text. */
export class OffenceTable extends ClientTable<Offence> {
  private tiers = new Uint32Array(0);
  /** NaN where there is none. */
  private lasts = new Float64Array(0);

  protected override isUsed(row: number): boolean {
    return !Number.isNaN(this.lasts[row]);
  }

  protected override read(row: number): Offence {
    return {
      client: this.rows.clientOf(row),
      tier: this.tiers[row] as number,
      lastMs: this.lasts[row] as number,
    };
  }

  protected override write(row: number, { tier, lastMs }: Offence): void {
    this.tiers[row] = tier;
    this.lasts[row] = lastMs;
  }

  protected override clear(row: number): void {
    this.lasts[row] = Number.NaN;
  }

  protected override grow(capacity: number): void {
    const before = this.lasts.length;
    this.tiers = grown(this.tiers, capacity);
    this.lasts = grown(this.lasts, capacity).fill(Number.NaN, before);
  }
}
