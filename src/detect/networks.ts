/**
 * Attackers with many addresses of one network: points of clients that nobody knows also go into buckets of their networks, so
 * that each of them may stay below a client's limit and the network does not.
 */

import type { ClientScheme } from '../net/client-key.ts';
import { type NetworkKey, networksOf } from '../net/client-network.ts';
import type { PointsOptions } from '../settings/engine-settings.ts';
import { KeyIndex } from '../traffic/key-index.ts';
import { Records } from '../traffic/records.ts';
import { VARIED } from './brute-force.ts';
import { Buckets } from './buckets.ts';
import { isOtherSize } from './client-state.ts';
import type { Overflow, Points } from './points.ts';
import { placeOf, RULES } from './rules.ts';

/** Networks remembered of each length; the emptiest of a few makes room. 48 bytes each. */
const ROWS = 8192;
const LOOKED_AT = 8;
/**
 * A network may do what so many of its clients may do, of limit and leak: neighbours that each have a little wrong are no attack.
 * A /48 holds 256 of the /56 that are judged before it.
 */
const [LIMIT_TIMES, LEAK_TIMES, WIDE_TIMES] = [3, 4, 1.5];
const BRUTE_FORCE = placeOf('brute_force');

/** A network whose bucket ran over. */
export interface NetworkOverflow {
  readonly network: NetworkKey;
  readonly overflow: Overflow;
}

/** Buckets of the networks of one length. */
class Level {
  readonly buckets: Buckets;
  private readonly index = new KeyIndex(ROWS);
  readonly restUntil = new Uint32Array(ROWS);
  /** Of the two newest answers to guesses, bytes. */
  private readonly size = new Uint32Array(ROWS);
  private readonly sizeBefore = new Uint32Array(ROWS);
  private hand = 0;

  constructor(options: PointsOptions, times: number) {
    const limits = RULES.map(({ name }) => ({
      limit: options[name].limit * LIMIT_TIMES * times,
      leak: options[name].leak * LEAK_TIMES * times,
    }));
    this.buckets = new Buckets(limits, new Records(RULES.length + 1, ROWS));
  }

  /** The row of a network, drained up to `second`; -1 while it rests. */
  find({ high, low }: NetworkKey, second: number): number {
    let row = this.index.find(high, low);
    if (row < 0) {
      row = this.index.size < ROWS ? this.index.size : this.makeRoom();
      this.index.insert(high, low, row);
      this.buckets.reset(row);
      this.restUntil[row] = 0;
    }
    this.buckets.drain(row, second, 1, 0);
    return (this.restUntil[row] as number) > second ? -1 : row;
  }

  /** True when the answer to a guess is like one of the two before it; notes it. */
  noteAnswer(row: number, bytes: number): boolean {
    const [size, before] = [this.size[row] as number, this.sizeBefore[row] as number];
    [this.size[row], this.sizeBefore[row]] = [bytes, size];
    return !isOtherSize(size, bytes) || !isOtherSize(before, bytes);
  }

  empty({ high, low }: NetworkKey, restUntil: number): void {
    const row = this.index.find(high, low);
    if (row < 0) return;
    this.buckets.reset(row);
    this.restUntil[row] = restUntil;
  }

  private makeRoom(): number {
    let [emptiest, least] = [this.hand, Number.POSITIVE_INFINITY];
    for (let looked = 0; looked < LOOKED_AT; looked++) {
      const level = this.fullness(this.hand);
      if (level < least) [emptiest, least] = [this.hand, level];
      this.hand = (this.hand + 1) % ROWS;
    }
    this.index.remove(emptiest);
    return emptiest;
  }

  private fullness(row: number): number {
    return RULES.reduce((sum, _rule, at) => sum + this.buckets.level(row, at), this.buckets.drainedTo(row));
  }
}

export class Networks {
  private readonly scheme: ClientScheme;
  /** Narrow networks first. */
  private readonly levels: readonly Level[];

  constructor(options: PointsOptions, scheme: ClientScheme) {
    this.scheme = scheme;
    this.levels = [new Level(options, 1), new Level(options, WIDE_TIMES)];
  }

  /** Who is protected has changed: networks that rest are looked at again. */
  wake(): void {
    for (const { restUntil } of this.levels) restUntil.fill(0);
  }

  /**
   * Adds what a client's newest request weighed, which was answered with so many bytes; gives the narrowest network that this
   * was too much for.
   */
  add(high: number, low: number, points: Points, bytes: number, second: number): NetworkOverflow | undefined {
    const { weights, site } = points;
    let found: NetworkOverflow | undefined;
    const networks = networksOf(high, low, this.scheme);
    for (let at = 0; at < networks.length; at++) {
      const [network, level] = [networks[at] as NetworkKey, this.levels[at] as Level];
      const row = level.find(network, second);
      if (row < 0) continue;
      for (let rule = 0; rule < RULES.length; rule++) {
        const { isHostile, name } = RULES[rule] as (typeof RULES)[number];
        let weight = weights[rule] as number;
        if (!isHostile || weight === 0) continue;
        if (rule === BRUTE_FORCE && !level.noteAnswer(row, bytes)) weight *= VARIED;
        const limit = (level.buckets.limits[rule] as number) * site.warmth;
        const reached = level.buckets.add(row, rule, weight, limit);
        if (reached <= limit || found) continue;
        const leak = level.buckets.leak(rule, 1, 0) * 60;
        found = {
          network,
          overflow: { condition: name, numbers: { points: reached, pointsLimit: limit, pointsLeak: leak } },
        };
      }
    }
    return found;
  }

  /** What clients of the network did until now does not count again, in the networks around it neither; it rests until then. */
  settle({ high, low, bits }: NetworkKey, restUntil: number): void {
    const networks = networksOf(high, low, this.scheme);
    const at = networks.findIndex((network) => network.bits === bits);
    for (const [level, network] of networks.entries()) {
      if (level >= at) this.levels[level]?.empty(network, level === at ? restUntil : 0);
    }
  }
}
