/** Bans in columns, as client-table.ts has it. */
import type { Actor } from '../../model/audit.ts';
import { Columns } from '../../net/columns.ts';
import { ClientTable } from './client-table.ts';
import type { Ban } from './projection.ts';

/** Words that are kept once for all rows: conditions, actors and reasons repeat, but may all differ. */
const WORDS_MAX = 1000;

const [USED, ENFORCED, CONFIRMED] = [1, 2, 4];
const FOREVER = Number.POSITIVE_INFINITY;

/** Bans in force: those that are enforced, of which the firewall was not yet seen to hold `pending`, and would-be bans. */
export type BanCounts = Readonly<Record<'enforced' | 'pending' | 'observed', number>>;

const BAN = { flags: 'u8', tiers: 'u32', sinces: 'f64', untils: 'f64', auditIds: 'f64' } as const;

/** Bans: 61 bytes each beside the client's text. */
export class BanTable extends ClientTable<Ban, typeof BAN> {
  /** The end is NaN where there is none. */
  protected override readonly columns = new Columns(BAN, { untils: Number.NaN });
  /** No ban ends before. */
  private nextEndMs = FOREVER;
  /** Whether they have ended or not. */
  private enforcedCount = 0;
  private pendingCount = 0;
  private readonly conditions: string[] = [];
  private readonly actors: Actor[] = [];
  private readonly reasons: string[] = [];
  private readonly words = new Map<string, string>();

  /** The end of a client's ban; null is permanent, undefined for none, or one that is not enforced or ends by `nowMs`. */
  enforcedEnd(client: string, nowMs: number): number | null | undefined {
    const row = this.find(client);
    if (row === undefined || (this.columns.of.flags.at(row) & ENFORCED) === 0) return undefined;
    const untilMs = this.columns.of.untils.at(row);
    if (untilMs <= nowMs) return undefined;
    return untilMs === FOREVER ? null : untilMs;
  }

  /** True of an enforced ban that ends after `nowMs` and that the firewall was not seen to hold. */
  isAwaited(client: string, nowMs: number): boolean {
    const row = this.find(client);
    if (row === undefined) return false;
    return this.isPending(row) && this.columns.of.untils.at(row) > nowMs;
  }

  /** Calls `visit` for each ban with its end (Infinity is never) and whether it is enforced: no object is made. */
  forEachEnd(visit: (row: number, untilMs: number, enforced: boolean) => void): void {
    const { rowCount } = this;
    const { flags, untils } = this.columns.of;
    for (let row = 0; row < rowCount; row++) {
      const bits = flags.at(row);
      if (bits !== 0) visit(row, untils.at(row), (bits & ENFORCED) !== 0);
    }
  }

  /** Bans in force at `nowMs`. Costs nothing before the first of them ends, then a look at each end. */
  countActive(nowMs: number): BanCounts {
    const { enforcedCount, pendingCount } = this;
    if (nowMs < this.nextEndMs)
      return { enforced: enforcedCount, pending: pendingCount, observed: this.size - enforcedCount };
    const counts = { enforced: 0, pending: 0, observed: 0 };
    this.forEachEnd((row, untilMs, enforced) => {
      if (untilMs <= nowMs) return;
      counts[enforced ? 'enforced' : 'observed']++;
      if (this.isPending(row)) counts.pending++;
    });
    return counts;
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
    this.count(row, -1);
    flags.set(row, (flags.at(row) & ~CONFIRMED) | (confirmed ? CONFIRMED : 0));
    this.count(row, 1);
  }

  /** Moves the times of bans that have an end and were recorded after `afterId`. */
  moveEnds(afterId: number, ms: number): void {
    const { auditIds, untils, sinces } = this.columns.of;
    this.nextEndMs = Number.NEGATIVE_INFINITY;
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
    this.count(row, -1);
    flags.set(row, USED | (ban.enforced ? ENFORCED : 0) | (ban.confirmed ? CONFIRMED : 0));
    this.count(row, 1);
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
    this.count(row, -1);
    this.columns.of.flags.set(row, 0);
    this.columns.of.untils.set(row, Number.NaN);
    this.conditions[row] = this.reasons[row] = '';
  }

  private isPending(row: number): boolean {
    return (this.columns.of.flags.at(row) & (ENFORCED | CONFIRMED)) === ENFORCED;
  }

  private count(row: number, by: 1 | -1): void {
    if ((this.columns.of.flags.at(row) & ENFORCED) !== 0) this.enforcedCount += by;
    if (this.isPending(row)) this.pendingCount += by;
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
