/** The limits that grow with what visits to this site usually reach, and how far the visit of each client has come. */
import { grown } from '../traffic/key-index.ts';
import type { BucketOptions, Buckets } from './buckets.ts';
import { RULES, type RuleName } from './rules.ts';
import { WorkLimit } from './work-limit.ts';

const FIRST_CAPACITY = 1024;

/** What survives a restart: a histogram of visits by rule. */
export type VisitsState = Readonly<Partial<Record<RuleName, readonly number[]>>>;

interface AdaptiveLimit {
  readonly rule: number;
  readonly work: WorkLimit;
}

export class AdaptiveLimits {
  private readonly limits: readonly AdaptiveLimit[];
  /** By slot, then limit: the bin of its histogram that the visit has reached. */
  private bins: Uint8Array;

  /** `options` in the order of RULES. */
  constructor(options: readonly BucketOptions[]) {
    this.limits = RULES.flatMap(({ adaptive }, rule) =>
      adaptive ? [{ rule, work: new WorkLimit(options[rule]?.limit ?? 0) }] : [],
    );
    this.bins = new Uint8Array(this.limits.length * FIRST_CAPACITY);
  }

  reserve(capacity: number): void {
    const length = this.limits.length * capacity;
    if (length > this.bins.length) this.bins = grown(this.bins, length);
  }

  /** The slot's client is another now, or starts with a clean slate. */
  reset(slot: number): void {
    this.bins.fill(0, slot * this.limits.length, (slot + 1) * this.limits.length);
  }

  noteVisit(): void {
    for (const { work } of this.limits) work.noteVisit();
  }

  /** Notes how full the buckets of a client are, which `bit` stands for. */
  noteWork(slot: number, buckets: Buckets, bit: number): void {
    let at = slot * this.limits.length;
    for (const { rule, work } of this.limits) {
      this.bins[at] = work.noteWork(this.bins[at] as number, buckets.level(slot, rule), bit);
      at++;
    }
  }

  /** Time drained the client's buckets: what fills one that is empty now is counted from the start. */
  noteDrained(slot: number, buckets: Buckets): void {
    let at = slot * this.limits.length;
    for (const { rule } of this.limits) {
      if (buckets.level(slot, rule) === 0) this.bins[at] = 0;
      at++;
    }
  }

  /** The client's visit is an attack, and none of the usual ones. */
  takeBack(slot: number): void {
    let at = slot * this.limits.length;
    for (const { work } of this.limits) work.takeBack(this.bins[at++] as number);
    this.reset(slot);
  }

  /** Moves to epoch second `second`, and sets what `buckets` tolerate; the site's youth multiplies all of it by `warmth`. */
  advance(second: number, buckets: Buckets, warmth: number): void {
    for (const { work } of this.limits) work.advance(second);
    for (let rule = 0; rule < RULES.length; rule++) buckets.adapt(rule, this.times(rule), warmth);
  }

  snapshot(): VisitsState {
    return Object.fromEntries(this.limits.map(({ rule, work }) => [RULES[rule]?.name, work.snapshot()]));
  }

  restore(visits: VisitsState): void {
    for (const { rule, work } of this.limits) work.restore(visits[(RULES[rule] as { name: RuleName }).name] ?? []);
  }

  /** What the site's usual visits multiply a limit by. */
  private times(rule: number): number {
    return this.limits.find((limit) => limit.rule === rule)?.work.times ?? 1;
  }
}
