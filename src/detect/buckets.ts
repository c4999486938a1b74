/** The leaky buckets of every client: one for each rule, those of a client side by side. */
import type { Records } from '../traffic/records.ts';
import type { Rule } from './rule.ts';

/** Points tolerated and draining of a rule, as configured. */
export interface BucketOptions {
  readonly limit: number;
  readonly leak: number;
}

export class Buckets {
  /** By rule: points tolerated and points that drain a second, before the client's allowance. */
  readonly limits: Float64Array;
  private readonly leaks: Float64Array;
  private readonly options: readonly BucketOptions[];
  /** By rule: whether the allowance multiplies the leak, and what drains beside it for clients that are served well. */
  private readonly eases: readonly boolean[];
  private readonly servedLeaks: Float64Array;
  private readonly rules: number;
  /** Each record has the level of each rule, and the second up to which they are drained. */
  private readonly records: Records;
  private readonly part: number;

  /** `options` in the order of `rules`. */
  constructor(rules: readonly Rule[], options: readonly BucketOptions[], records: Records) {
    this.options = options;
    this.rules = rules.length;
    this.records = records;
    this.part = records.take(rules.length + 1);
    this.limits = Float64Array.from(options, ({ limit }) => limit);
    this.leaks = Float64Array.from(options, ({ leak }) => leak / 60);
    this.eases = rules.map(({ eases }) => eases);
    this.servedLeaks = Float64Array.from(rules, ({ servedLeak }) => servedLeak / 60);
  }

  /** The site's youth multiplies limits by `warmth`. */
  warm(warmth: number): void {
    for (const [rule, { limit }] of this.options.entries()) this.limits[rule] = limit * warmth;
  }

  /** The slot is another's now. */
  reset(slot: number): void {
    const start = this.start(slot);
    this.records.words.fill(0, start, start + this.rules + 1);
  }

  /** Empties the buckets of a slot. */
  empty(slot: number): void {
    const { floats: levels } = this.records;
    const start = this.start(slot);
    // Four numbers: fill() takes longer.
    for (let rule = 0; rule < this.rules; rule++) levels[start + rule] = 0;
  }

  /** Empties them of all that was poured in up to `second`. */
  emptyAt(slot: number, second: number): void {
    this.empty(slot);
    this.records.words[this.start(slot) + this.rules] = second;
  }

  level(slot: number, rule: number): number {
    return this.records.floats[this.start(slot) + rule] as number;
  }

  /** Second up to which the buckets of a slot are drained; 0 before they were for the first time. */
  drainedTo(slot: number): number {
    return this.records.words[this.start(slot) + this.rules] as number;
  }

  /** Points that drain a second, of a client with this allowance; `served`: 0–1, how well it is served. */
  leak(rule: number, allowance: number, served: number): number {
    return (
      (this.leaks[rule] as number) * (this.eases[rule] ? allowance : 1) + (this.servedLeaks[rule] as number) * served
    );
  }

  /** True where nothing is left in the buckets of a slot after so many seconds, whatever the client has earned: most are. */
  runDry(slot: number, seconds: number): boolean {
    const { leaks } = this;
    const { floats: levels } = this.records;
    const start = this.start(slot);
    for (let rule = 0; rule < this.rules; rule++)
      if ((levels[start + rule] as number) > (leaks[rule] as number) * seconds) return false;
    return true;
  }

  /** Lets time drain the buckets of a slot up to `second`. A clock that was set back drains nothing. */
  drain(slot: number, second: number, allowance: number, served: number): void {
    const { rules } = this;
    const { floats: levels, words } = this.records;
    const start = this.start(slot);
    const last = words[start + rules] as number;
    words[start + rules] = second;
    if (last === 0 || second <= last) return;
    for (let rule = 0; rule < rules; rule++) {
      const level = levels[start + rule] as number;
      if (level > 0) levels[start + rule] = Math.max(0, level - this.leak(rule, allowance, served) * (second - last));
    }
  }

  /** Adds points if they fit below what is tolerated of everybody. */
  fill(slot: number, rule: number, points: number): boolean {
    const { floats: levels } = this.records;
    const at = this.start(slot) + rule;
    const level = (levels[at] as number) + points;
    if (level > (this.limits[rule] as number)) return false;
    levels[at] = level;
    return true;
  }

  /** Adds points, up to the limit; what it came to before that. */
  add(slot: number, rule: number, points: number, limit: number): number {
    const { floats: levels } = this.records;
    const at = this.start(slot) + rule;
    const level = (levels[at] as number) + points;
    levels[at] = Math.min(level, limit);
    return level;
  }

  /** Takes points back out of a bucket. */
  takeBack(slot: number, rule: number, points: number): void {
    const { floats: levels } = this.records;
    const at = this.start(slot) + rule;
    levels[at] = Math.max(0, (levels[at] as number) - points);
  }

  private start(slot: number): number {
    return this.records.start(slot, this.part);
  }
}
