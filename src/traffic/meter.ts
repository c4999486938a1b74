/** Adds up the site's traffic minute by minute, for charts. Decides nothing. */
import type { TrafficMinute } from '../model/traffic.ts';
import { secondsOfBucket, TIME_BUCKETS } from '../parse/request-time.ts';
import { STATUS_MASK, TIME_MASK, TIME_SHIFT } from '../parse/tally.ts';
import type { Effective } from './baseline.ts';

const MINUTE = 60;
/** Minutes kept until somebody takes them: a week. */
const MINUTES_MAX = 10_080;
const PERCENTILES = [0.5, 0.95, 0.99] as const;

export class Meter {
  private minutes: TrafficMinute[] = [];
  private requests = 0;
  private counted = 0;
  private refused = 0;
  private failed = 0;
  private banned = 0;
  private isAnomalous = false;
  /** The minute under way was seen from its beginning. */
  private isWhole = false;
  private timed = 0;
  private readonly times = new Uint32Array(TIME_BUCKETS);

  /** One request, by the INFO bits of its row. */
  note(info: number, counts: boolean): void {
    this.requests++;
    if (counts) this.counted++;
    const status = info & STATUS_MASK;
    if (status >= 500) this.failed++;
    else if (status >= 400 && status < 499) this.refused++;
    const bucket = ((info >>> TIME_SHIFT) & TIME_MASK) - 1;
    if (bucket < 0) return;
    this.timed++;
    this.times[bucket] = (this.times[bucket] as number) + 1;
  }

  /** One request of a banned client: whether it got through is not known here, so that how it went says nothing of the site. */
  noteBanned(): void {
    this.requests++;
    this.banned++;
  }

  /** A second was part of an anomaly of the site. */
  noteAnomaly(): void {
    this.isAnomalous = true;
  }

  /** Files the minute that ended before `second`, on the wall clock `ahead` seconds later. */
  close(second: number, ahead: number, { learned }: Effective): void {
    const { requests, counted, refused, failed, banned, isAnomalous } = this;
    const [mean, stddev] = [learned.site?.mean ?? null, learned.site?.stddev ?? null];
    const minute = Math.round((second + ahead) / MINUTE) - 1;
    const sums = { requests, counted, refused, failed, banned };
    if (this.isWhole) this.minutes.push({ minute, ...sums, mean, stddev, times: this.percentiles(), isAnomalous });
    if (this.minutes.length > 2 * MINUTES_MAX) this.minutes = this.minutes.slice(-MINUTES_MAX);
    this.isWhole = true;
    this.requests = this.counted = this.refused = this.failed = this.banned = this.timed = 0;
    this.isAnomalous = false;
    this.times.fill(0);
  }

  /** The minutes since the last call, oldest first. */
  take(): readonly TrafficMinute[] {
    const taken = this.minutes.slice(-MINUTES_MAX);
    this.minutes = [];
    return taken;
  }

  private percentiles(): TrafficMinute['times'] {
    if (this.timed === 0) return null;
    const [p50, p95, p99] = PERCENTILES.map((share) => {
      let left = Math.ceil(share * this.timed);
      const bucket = this.times.findIndex((requests) => {
        left -= requests;
        return left <= 0;
      });
      return secondsOfBucket(bucket);
    }) as [number, number, number];
    return [p50, p95, p99];
  }
}
