/** The limits that grow with what visits to this site usually reach, and how far the visit of each client has come. */
import type { Records } from '../traffic/records.ts';
import type { BucketOptions, Buckets } from './buckets.ts';
import { RULES, type RuleName } from './rules.ts';
import { WorkLimit } from './work-limit.ts';

/** What survives a restart: a histogram of visits by rule. */
export type VisitsState = Readonly<Partial<Record<RuleName, readonly number[]>>>;

interface AdaptiveLimit {
  readonly rule: number;
  readonly work: WorkLimit;
}

export class AdaptiveLimits {
  private readonly limits: readonly AdaptiveLimit[];
  /** A byte of the client's record for each limit: the bin of its histogram that the visit has reached. */
  private readonly records: Records;
  private readonly part: number;

  /** `options` in the order of RULES. */
  constructor(options: readonly BucketOptions[], records: Records) {
    this.limits = RULES.flatMap(({ adaptive }, rule) =>
      adaptive ? [{ rule, work: new WorkLimit(options[rule]?.limit ?? 0) }] : [],
    );
    this.records = records;
    this.part = records.take(Math.ceil(this.limits.length / 4));
  }

  /** The slot's client is another now, or starts with a clean slate. */
  reset(slot: number): void {
    const start = this.start(slot);
    this.records.bytes.fill(0, start, start + this.limits.length);
  }

  noteVisit(): void {
    for (const { work } of this.limits) work.noteVisit();
  }

  /** Notes how full the buckets of a client are, which `bit` stands for. */
  noteWork(slot: number, buckets: Buckets, bit: number): void {
    const { bytes } = this.records;
    let at = this.start(slot);
    for (const { rule, work } of this.limits) {
      bytes[at] = work.noteWork(bytes[at] as number, buckets.level(slot, rule), bit);
      at++;
    }
  }

  /** Time drained the client's buckets: what fills one that is empty now is counted from the start. */
  noteDrained(slot: number, buckets: Buckets): void {
    const { bytes } = this.records;
    let at = this.start(slot);
    for (const { rule } of this.limits) {
      if (buckets.level(slot, rule) === 0) bytes[at] = 0;
      at++;
    }
  }

  /** The client's visit is an attack, and none of the usual ones. */
  takeBack(slot: number): void {
    const { bytes } = this.records;
    let at = this.start(slot);
    for (const { work } of this.limits) work.takeBack(bytes[at++] as number);
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

  private start(slot: number): number {
    return 4 * this.records.start(slot, this.part);
  }

  /** What the site's usual visits multiply a limit by. */
  private times(rule: number): number {
    return this.limits.find((limit) => limit.rule === rule)?.work.times ?? 1;
  }
}
