/** The leaky buckets of every client: one for each rule, in one column by slot. */
import { grown } from '../traffic/key-index.ts';
import type { Rule } from './rule.ts';

const FIRST_CAPACITY = 1024;

/** Points tolerated and draining of a rule, as configured. */
export interface BucketOptions {
  readonly limit: number;
  readonly leak: number;
}

export class Buckets {
  /** By slot, then rule. */
  levels: Float32Array;
  /** By rule: points tolerated and points that drain a second, before the client's allowance. */
  readonly limits: Float64Array;
  readonly leaks: Float64Array;
  private readonly rules: readonly Rule[];
  private readonly options: readonly BucketOptions[];

  /** `options` in the order of `rules`. */
  constructor(rules: readonly Rule[], options: readonly BucketOptions[]) {
    this.rules = rules;
    this.options = options;
    this.levels = new Float32Array(rules.length * FIRST_CAPACITY);
    this.limits = Float64Array.from(options, ({ limit }) => limit);
    this.leaks = Float64Array.from(options, ({ leak }) => leak / 60);
  }

  /** What is usual on the site multiplies limit and leak by `times`, and the site's youth the limit by `warmth`. */
  adapt(rule: number, times: number, warmth: number): void {
    const { limit, leak } = this.options[rule] as BucketOptions;
    this.limits[rule] = limit * times * warmth;
    this.leaks[rule] = (leak / 60) * times;
  }

  reserve(capacity: number): void {
    const length = this.rules.length * capacity;
    if (length > this.levels.length) this.levels = grown(this.levels, length);
  }

  /** Empties the buckets of a slot. */
  reset(slot: number): void {
    const { length } = this.rules;
    this.levels.fill(0, slot * length, (slot + 1) * length);
  }

  level(slot: number, rule: number): number {
    return this.levels[slot * this.rules.length + rule] as number;
  }

  /** Points that drain a second, of a client with this allowance; `served`: 0–1, how well it is served. */
  leak(rule: number, allowance: number, served: number): number {
    const { eases, servedLeak } = this.rules[rule] as Rule;
    return (this.leaks[rule] as number) * (eases ? allowance : 1) + (servedLeak / 60) * served;
  }

  /** Lets `seconds` drain the buckets of a slot. */
  drain(slot: number, seconds: number, allowance: number, served: number): void {
    const { levels } = this;
    for (let rule = 0, at = slot * this.rules.length; rule < this.rules.length; rule++, at++) {
      const level = levels[at] as number;
      if (level > 0) levels[at] = Math.max(0, level - this.leak(rule, allowance, served) * seconds);
    }
  }

  /** Adds points, up to the limit; what it came to before that. */
  add(slot: number, rule: number, points: number, limit: number): number {
    const at = slot * this.rules.length + rule;
    const level = (this.levels[at] as number) + points;
    this.levels[at] = Math.min(level, limit);
    return level;
  }

  /** Takes points back out of a bucket. */
  takeBack(slot: number, rule: number, points: number): void {
    const at = slot * this.rules.length + rule;
    this.levels[at] = Math.max(0, (this.levels[at] as number) - points);
  }
}
