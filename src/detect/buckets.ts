/** The leaky buckets of every client: one for each rule, those of a client side by side. */
import type { Records } from '../traffic/records.ts';
import { RULES } from './rules.ts';

/** Points tolerated and draining of a rule, as configured. */
export interface BucketOptions {
  readonly limit: number;
  readonly leak: number;
}

const COUNT = RULES.length;

export class Buckets {
  /** By rule: points tolerated, before the client's allowance. */
  readonly limits: Float64Array;
  private readonly options: readonly BucketOptions[];
  /** Each record has the level of each rule, and the second up to which they are drained. */
  private readonly records: Records;
  private readonly part: number;

  /** `options` in the order of RULES. */
  constructor(options: readonly BucketOptions[], records: Records) {
    this.options = options;
    this.records = records;
    this.part = records.take(COUNT + 1);
    this.limits = Float64Array.from(options, ({ limit }) => limit);
  }

  /** The site's youth multiplies limits by `warmth`. */
  warm(warmth: number): void {
    for (const [rule, { limit }] of this.options.entries()) this.limits[rule] = limit * warmth;
  }

  /** The slot is another's now, or empty for other reasons. */
  reset(slot: number): void {
    const start = this.records.start(slot, this.part);
    this.records.words.fill(0, start, start + COUNT + 1);
  }

  level(slot: number, rule: number): number {
    return this.records.floats[this.records.start(slot, this.part) + rule] as number;
  }

  /** Second up to which the buckets of a slot are drained; 0 before they were for the first time. */
  drainedTo(slot: number): number {
    return this.records.words[this.records.start(slot, this.part) + COUNT] as number;
  }

  /** Points that drain a second, of a client with this allowance; `served`: 0–1, how well it is served. */
  leak(rule: number, allowance: number, served: number): number {
    const { eases, servedLeak = 0 } = RULES[rule] as (typeof RULES)[number];
    const { leak } = this.options[rule] as BucketOptions;
    return (leak * (eases ? allowance : 1) + servedLeak * served) / 60;
  }

  /** Lets time drain the buckets of a slot up to `second`; for how many seconds. A clock that was set back drains nothing. */
  drain(slot: number, second: number, allowance: number, served: number): number {
    const { floats: levels, words } = this.records;
    const start = this.records.start(slot, this.part);
    const last = words[start + COUNT] as number;
    words[start + COUNT] = second;
    if (last === 0 || second <= last) return 0;
    for (let rule = 0; rule < COUNT; rule++) {
      const level = levels[start + rule] as number;
      if (level > 0) levels[start + rule] = Math.max(0, level - this.leak(rule, allowance, served) * (second - last));
    }
    return second - last;
  }

  /** Adds points, or takes them back, down to none and up to `limit`; what it came to before that. */
  add(slot: number, rule: number, points: number, limit: number): number {
    const { floats: levels } = this.records;
    const at = this.records.start(slot, this.part) + rule;
    const level = (levels[at] as number) + points;
    levels[at] = Math.max(0, Math.min(level, limit));
    return level;
  }
}
