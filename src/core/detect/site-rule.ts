/** The rule for the site as a whole: the same test over all requests. It alerts and never bans. */
import type { DetectionOptions } from '../engine-options.ts';
import type { GlobalAnomalyEvent, Level } from '../event.ts';
import type { Effective } from '../traffic/baseline.ts';

/** What a closed second changed. */
export interface SiteChange {
  readonly phase: 'start' | 'end';
  readonly condition: GlobalAnomalyEvent['condition'];
  readonly rate: number;
  readonly level: Level;
  readonly z: number;
  readonly multiple: number;
}

export class SiteRule {
  /** Seconds over which the rate is averaged. */
  readonly averagedSeconds: number;
  /** Epoch second at which the anomaly in progress began, undefined without one. */
  since: number | undefined;
  private readonly options: DetectionOptions['site'];
  private readonly endSeconds: number;
  private readonly newNormalSeconds: number;
  private last = { start: 0, end: -1 };
  private calmSince: number | undefined;
  private condition: GlobalAnomalyEvent['condition'] = 'site_z_score';

  /** The rate is averaged within the window; an anomaly of `newNormalSeconds` has become the new normal. */
  constructor(options: DetectionOptions['site'], windowSeconds: number, newNormalSeconds: number) {
    this.options = options;
    this.newNormalSeconds = newNormalSeconds;
    this.averagedSeconds = Math.min(windowSeconds - 1, Math.max(1, Math.round(options.start_after / 1000)));
    this.endSeconds = Math.round(options.end_after / 1000);
  }

  /** Judges the closed second by `rate`, the mean of the last averagedSeconds; tells of a start or an end. */
  close(second: number, rate: number, effective: Effective): SiteChange | undefined {
    const { options } = this;
    const level = effective.site;
    const z = (rate - level.mean) / level.stddev;
    const multiple = rate / level.mean;
    const fired = effective.ready && rate >= options.min_rate && (z > options.z_score || multiple > options.multiple);
    if (fired) this.calmSince = undefined;
    if (fired && this.since === undefined) {
      this.since = second - this.averagedSeconds + 1;
      this.condition = z / options.z_score >= multiple / options.multiple ? 'site_z_score' : 'site_multiplier';
      return { phase: 'start', condition: this.condition, rate, level, z, multiple };
    }
    if (fired || this.since === undefined) return undefined;
    this.calmSince ??= second;
    if (second - this.calmSince < this.endSeconds) return undefined;
    this.last = { start: this.since, end: second };
    this.since = this.calmSince = undefined;
    return { phase: 'end', condition: this.condition, rate, level, z, multiple };
  }

  /** True when traffic of `second` was judged anomalous, and must teach nothing. It only alerts, so a new normal is safe to learn. */
  covers(second: number): boolean {
    if (this.since !== undefined && second >= this.since) return second - this.since < this.newNormalSeconds;
    return second >= this.last.start && second <= this.last.end;
  }
}
