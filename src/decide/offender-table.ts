/** Banned clients and past offenders in columns, because there may be a million of each: 35 bytes a client. Networks are few. */
import type { BanKey } from '../net/client-network.ts';
import { grown, KeyIndex } from '../traffic/key-index.ts';
import type { Offender } from './policy.ts';

const ROWS_MIN = 1024;

/** Offenders as columns, to be handed from one thread to another. */
export interface OffenderColumns {
  readonly highs: Uint32Array<ArrayBuffer>;
  readonly lows: Uint32Array<ArrayBuffer>;
  /** Of a network, 0 for a client. */
  readonly bits: Uint8Array<ArrayBuffer>;
  readonly tiers: Uint16Array<ArrayBuffer>;
  readonly untils: Float64Array<ArrayBuffer>;
  readonly lastEnds: Float64Array<ArrayBuffer>;
}

export function packOffenders(offenders: Iterable<Offender>): OffenderColumns {
  let [count, room] = [0, ROWS_MIN];
  let [highs, lows, lengths] = [new Uint32Array(room), new Uint32Array(room), new Uint8Array(room)];
  let tiers = new Uint16Array(room);
  let [untils, lastEnds] = [new Float64Array(room), new Float64Array(room)];
  for (const { high, low, bits = 0, tier, until, lastEnd } of offenders) {
    if (count === room) {
      room *= 2;
      [highs, lows, lengths] = [grown(highs, room), grown(lows, room), grown(lengths, room)];
      tiers = grown(tiers, room);
      [untils, lastEnds] = [grown(untils, room), grown(lastEnds, room)];
    }
    highs[count] = high;
    lows[count] = low;
    lengths[count] = bits;
    tiers[count] = tier;
    untils[count] = until;
    lastEnds[count++] = lastEnd;
  }
  // Cut in place: there may be tens of megabytes.
  return {
    highs: new Uint32Array(highs.buffer.transfer(count * 4)),
    lows: new Uint32Array(lows.buffer.transfer(count * 4)),
    bits: new Uint8Array(lengths.buffer.transfer(count)),
    tiers: new Uint16Array(tiers.buffer.transfer(count * 2)),
    untils: new Float64Array(untils.buffer.transfer(count * 8)),
    lastEnds: new Float64Array(lastEnds.buffer.transfer(count * 8)),
  };
}

/** What to transfer with them instead of copying it. */
export function buffersOf(columns: OffenderColumns): ArrayBuffer[] {
  const { highs, lows, bits, tiers, untils, lastEnds } = columns;
  return [highs, lows, bits, tiers, untils, lastEnds].map(({ buffer }) => buffer);
}

export function* unpackOffenders({ highs, lows, bits, tiers, untils, lastEnds }: OffenderColumns): Generator<Offender> {
  for (const [at, high] of highs.entries()) {
    const [low = 0, tier = 0, until = 0, lastEnd = 0] = [lows[at], tiers[at], untils[at], lastEnds[at]];
    yield { high, low, ...(bits[at] && { bits: bits[at] }), tier, until, lastEnd };
  }
}

export class OffenderTable {
  private readonly index = new KeyIndex(ROWS_MIN);
  private tiers = new Uint16Array(ROWS_MIN);
  private untils = new Float64Array(ROWS_MIN);
  /** NaN where the row is free. */
  private lastEnds = new Float64Array(ROWS_MIN).fill(Number.NaN);
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
      if (row === this.tiers.length) this.grow();
      this.index.insert(high, low, row);
    }
    this.tiers[row] = tier;
    this.untils[row] = until;
    this.lastEnds[row] = lastEnd;
  }

  delete({ high, low, bits }: BanKey): void {
    if (bits !== undefined) {
      this.networks.delete(nameOf(high, low, bits));
      return;
    }
    const row = this.index.find(high, low);
    if (row < 0) return;
    this.index.remove(row);
    this.lastEnds[row] = Number.NaN;
    this.free.push(row);
  }

  /** All of them, networks last; those that come by may be set or deleted meanwhile. */
  *all(): Generator<Offender> {
    for (let row = 0; row < this.used; row++) if (!Number.isNaN(this.lastEnds[row])) yield this.read(row);
    yield* [...this.networks.values()];
  }

  private read(row: number): Offender {
    const { index, tiers, untils, lastEnds } = this;
    const [high, low] = [index.highs[row] as number, index.lows[row] as number];
    return { high, low, tier: tiers[row] as number, until: untils[row] as number, lastEnd: lastEnds[row] as number };
  }

  private grow(): void {
    const before = this.tiers.length;
    const rows = before * 2;
    this.index.grow(rows, (row) => !Number.isNaN(this.lastEnds[row]));
    this.tiers = grown(this.tiers, rows);
    this.untils = grown(this.untils, rows);
    this.lastEnds = grown(this.lastEnds, rows).fill(Number.NaN, before);
  }
}

function nameOf(high: number, low: number, bits: number): string {
  return `${high} ${low}/${bits}`;
}
