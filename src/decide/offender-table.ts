/** Banned clients and past offenders in columns, because there may be a million of each: 35 bytes a client. Networks are few. */
import type { BanKey } from '../net/client-network.ts';
import { Columns, type FieldArrays } from '../net/columns.ts';
import { KeyIndex } from '../traffic/key-index.ts';

/** What is remembered of a banned client, or of a network of clients. Seconds are epoch seconds. */
export interface Offender extends BanKey {
  /** Tier of the last ban, 1 is the first. */
  readonly tier: number;
  /** End of the ban in force, 0 when none is, Infinity when permanent. */
  readonly until: number;
  /** End of the last ban; the tier decays from here. */
  readonly lastEnd: number;
}

const OFFENDER = { highs: 'u32', lows: 'u32', bits: 'u8', tiers: 'u16', untils: 'f64', lastEnds: 'f64' } as const;

/** Offenders as columns, to be handed from one thread to another; bits are those of a network, 0 of a client. */
export type OffenderColumns = FieldArrays<typeof OFFENDER>;

export function packOffenders(offenders: Iterable<Offender>): OffenderColumns {
  const columns = new Columns(OFFENDER);
  const { highs, lows, bits: lengths, tiers, untils, lastEnds } = columns.of;
  let count = 0;
  for (const { high, low, bits = 0, tier, until, lastEnd } of offenders) {
    const row = count++;
    columns.reserve(count);
    highs.set(row, high);
    lows.set(row, low);
    lengths.set(row, bits);
    tiers.set(row, tier);
    untils.set(row, until);
    lastEnds.set(row, lastEnd);
  }
  return columns.take(count);
}

/** What to transfer with them instead of copying it. */
export function buffersOf(columns: OffenderColumns): ArrayBuffer[] {
  return Object.values(columns).map(({ buffer }) => buffer);
}

export function* unpackOffenders({ highs, lows, bits, tiers, untils, lastEnds }: OffenderColumns): Generator<Offender> {
  for (const [at, high] of highs.entries()) {
    const [low = 0, tier = 0, until = 0, lastEnd = 0] = [lows[at], tiers[at], untils[at], lastEnds[at]];
    yield { high, low, ...(bits[at] && { bits: bits[at] }), tier, until, lastEnd };
  }
}

export class OffenderTable {
  /** `lastEnds` is NaN where the row is free. */
  private readonly columns = new Columns({ tiers: 'u16', untils: 'f64', lastEnds: 'f64' }, { lastEnds: Number.NaN });
  private readonly index = new KeyIndex(this.columns.capacity);
  private readonly free: number[] = [];
  private used = 0;
  private readonly networks = new Map<string, Offender>();

  get hasNetworks(): boolean {
    return this.networks.size > 0;
  }

  find({ high, low, bits }: BanKey): Offender | undefined {
    if (bits !== undefined) return this.networks.get(nameOf(high, low, bits));
    const row = this.index.find(high, low);
    return row < 0 ? undefined : this.read(row);
  }

  /** Adds an offender or takes its place. */
  set(offender: Offender): void {
    const { high, low, bits, tier, until, lastEnd } = offender;
    if (bits !== undefined) {
      this.networks.set(nameOf(high, low, bits), offender);
      return;
    }
    let row = this.index.find(high, low);
    if (row < 0) {
      row = this.free.pop() ?? this.used++;
      if (this.columns.reserve(row + 1)) this.index.grow(this.columns.capacity, (slot) => this.isUsed(slot));
      this.index.insert(high, low, row);
    }
    this.columns.of.tiers.set(row, tier);
    this.columns.of.untils.set(row, until);
    this.columns.of.lastEnds.set(row, lastEnd);
  }

  delete({ high, low, bits }: BanKey): void {
    if (bits !== undefined) {
      this.networks.delete(nameOf(high, low, bits));
      return;
    }
    const row = this.index.find(high, low);
    if (row < 0) return;
    this.index.remove(row);
    this.columns.of.lastEnds.set(row, Number.NaN);
    this.free.push(row);
  }

  /** All of them, networks last; those that come by may be set or deleted meanwhile. */
  *all(): Generator<Offender> {
    for (let row = 0; row < this.used; row++) if (this.isUsed(row)) yield this.read(row);
    yield* [...this.networks.values()];
  }

  private isUsed(row: number): boolean {
    return !Number.isNaN(this.columns.of.lastEnds.at(row));
  }

  private read(row: number): Offender {
    const { index } = this;
    const { tiers, untils, lastEnds } = this.columns.of;
    return {
      high: index.high(row),
      low: index.low(row),
      tier: tiers.at(row),
      until: untils.at(row),
      lastEnd: lastEnds.at(row),
    };
  }
}

function nameOf(high: number, low: number, bits: number): string {
  return `${high} ${low}/${bits}`;
}
