/** The leaky buckets of every client: one for each rule, in one column by slot. */
import { grown } from '../traffic/key-index.ts';
import type { Rule } from './rule.ts';

const FIRST_CAPACITY = 1024;
const MINUTE = 60;

/** Points tolerated and draining of a rule, as configured. */
export interface BucketOptions {
  readonly limit: number;
  readonly leak: number;
}

export class Buckets {
  readonly rules: readonly Rule[];
  private readonly options: readonly BucketOptions[];
  private levels: Float32Array;

  /** `options` in the order of `rules`. */
  constructor(rules: readonly Rule[], options: readonly BucketOptions[]) {
    this.rules = rules;
    this.options = options;
    this.levels = new Float32Array(rules.length * FIRST_CAPACITY);
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

  set(slot: number, rule: number, level: number): void {
    this.levels[slot * this.rules.length + rule] = Math.max(0, level);
  }

  /** Points tolerated of a client with this allowance, where the site multiplies by `times`. */
  limit(rule: number, allowance: number, times: number): number {
    return (this.options[rule]?.limit ?? 0) * allowance * times;
  }

  /** Points that drain a minute; `served`: 0–1, how well the client is served. */
  leak(rule: number, allowance: number, times: number, served: number): number {
    const { leakPower, servedLeak } = this.rules[rule] as Rule;
    return (this.options[rule]?.leak ?? 0) * allowance ** leakPower * times + servedLeak * served;
  }

  /** Drains a bucket for so many seconds. */
  drain(slot: number, rule: number, perMinute: number, seconds: number): number {
    const at = slot * this.rules.length + rule;
    const level = Math.max(0, (this.levels[at] as number) - (perMinute * seconds) / MINUTE);
    this.levels[at] = level;
    return level;
  }
}
