/**
 * What is known of each client, in columns and not in objects, because there may be a million of them. Each table reads
 * like a Map by client; its values are made when they are asked for.
 */
import type { Offence } from '../../model/audit.ts';
import { Columns, type Fields } from '../../net/columns.ts';

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
export abstract class ClientTable<Value, F extends Fields> implements Iterable<[string, Value]> {
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

  protected find(client: string): number | undefined {
    const row = this.rows.find(client);
    return row !== undefined && row < this.columns.capacity && this.isUsed(row) ? row : undefined;
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
