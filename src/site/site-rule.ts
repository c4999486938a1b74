/**
 * The rule for the site as a whole. It alerts and never bans. One client's burst says nothing about the site, so what is
 * compared is spread out: requests of which each client's first few count, clients, and clients never seen before.
 */

import type { GlobalAnomalyEvent, Level } from '../model/event.ts';
import type { DetectionOptions } from '../settings/engine-settings.ts';
import type { SiteLoad } from './site-usual.ts';

type SiteCondition = GlobalAnomalyEvent['condition'];

/** One look at the site: what was compared with what. */
export interface SiteReading {
  readonly condition: SiteCondition;
  readonly measured: number;
  readonly usual: number;
  readonly limit: number;
  /** The site is anomalous … */
  readonly fired: boolean;
  /** … or clearly not: below this. */
  readonly calmBelow: number;
  readonly calm: boolean;
}

/** An anomaly is over below this many times what is usual and half of what may come on top. */
const CALM_TIMES = 1.5;

const COMPARED = [
  { condition: 'site_requests', name: 'requests', least: 'min_requests' },
  { condition: 'site_newcomers', name: 'newcomers', least: 'min_newcomers' },
  { condition: 'site_clients', name: 'clients', least: 'min_clients' },
] as const;

const limitOf = (usual: number, least: number, times: number): number => least + times * usual;

/** True when a reading of this window would fire. Asked every second: it takes a tenth of the time of a reading. */
export function exceedsUsual(load: SiteLoad, usual: SiteLoad, options: DetectionOptions['site']): boolean {
  const { times, min_requests, min_newcomers, min_clients } = options;
  return (
    load.requests > limitOf(usual.requests, min_requests, times) ||
    load.newcomers > limitOf(usual.newcomers, min_newcomers, times) ||
    load.clients > limitOf(usual.clients, min_clients, times)
  );
}

/** Compares a window with what is usual: the reading that is nearest to its limit, or furthest above it. */
export function readLoad(load: SiteLoad, usual: SiteLoad, options: DetectionOptions['site']): SiteReading {
  const readings = COMPARED.map(({ condition, name, least }): SiteReading => {
    const [measured, normal] = [load[name], usual[name]];
    const limit = limitOf(normal, options[least], options.times);
    const calmBelow = options[least] / 2 + Math.min(CALM_TIMES, options.times) * normal;
    const [fired, calm] = [measured > limit, measured < calmBelow];
    return { condition, measured, usual: normal, limit, fired, calmBelow, calm };
  });
  const excess = ({ measured, limit }: SiteReading) => measured / limit;
  return {
    ...readings.reduce((a, b) => (excess(b) > excess(a) ? b : a)),
    calm: readings.every(({ calm }) => calm),
  };
}

/**
 * The textbook's rule: the rate of all requests, a second, is beyond so many deviations or times the mean of the seconds,
 * neither of which counts as less than its floor.
 */
export function readTextbook(rate: number, site: Level, { z_score, multiple, classic }: DetectionOptions): SiteReading {
  const level = {
    mean: Math.max(site.mean, classic.mean_floor),
    stddev: Math.max(site.stddev, classic.stddev_floor),
  };
  const limit = Math.min(level.mean + z_score * level.stddev, level.mean * multiple);
  const byZ = (rate - level.mean) / level.stddev / z_score >= rate / level.mean / multiple;
  const fired = rate > limit;
  return {
    condition: byZ ? 'site_z_score' : 'site_multiplier',
    measured: rate,
    usual: level.mean,
    limit,
    fired,
    calmBelow: limit,
    calm: !fired,
  };
}

/** What survives a restart: the surge in progress, if any, and the one before. */
export interface RuleState {
  readonly since: number | null;
  readonly isTold: boolean;
  readonly calmSince: number | null;
  readonly last: { readonly start: number; readonly end: number };
}

/** Keeps track of one surge after the other: each is told once when it starts and once when it ends. */
export class SiteRule {
  /** Epoch second at which the surge in progress began, undefined without one. */
  since: number | undefined;
  /** It has lasted long enough to be told. */
  isTold = false;
  private readonly startSeconds: number;
  private readonly endSeconds: number;
  /** The one before; ends before it starts when there was none. */
  last = { start: 0, end: -1 };
  private calmSince: number | undefined;

  /** A surge is told `startSeconds` after it began if it fires then, and over after `endSeconds` of calm. */
  constructor(startSeconds: number, endSeconds: number) {
    this.startSeconds = startSeconds;
    this.endSeconds = endSeconds;
  }

  /** Takes the reading of a closed second; `onset` finds when what fired began. */
  close(second: number, { fired, calm }: SiteReading, onset: () => number): GlobalAnomalyEvent['phase'] | undefined {
    if (!calm) this.calmSince = undefined;
    if (fired) this.since ??= onset();
    if (this.since === undefined) return undefined;
    if (!this.isTold) {
      if (calm) this.since = undefined;
      if (!fired || this.since === undefined || second - this.since + 1 < this.startSeconds) return undefined;
      this.isTold = true;
      return 'start';
    }
    if (!calm) return undefined;
    this.calmSince ??= second;
    if (second - this.calmSince < this.endSeconds) return undefined;
    return this.finish(second) ? 'end' : undefined;
  }

  /** Ends the surge in progress; tells whether there was one that had been told. */
  finish(second: number): boolean {
    const { since, isTold } = this;
    this.since = this.calmSince = undefined;
    this.isTold = false;
    if (since === undefined || !isTold) return false;
    this.last = { start: since, end: second };
    return true;
  }

  snapshot(): RuleState {
    return { since: this.since ?? null, isTold: this.isTold, calmSince: this.calmSince ?? null, last: this.last };
  }

  restore({ since, isTold, calmSince, last }: RuleState): void {
    this.since = since ?? undefined;
    this.isTold = isTold;
    this.calmSince = calmSince ?? undefined;
    this.last = { ...last };
  }

  /** True when `second` was part of a surge, the calm after it included. */
  covers(second: number): boolean {
    if (this.since !== undefined && second >= this.since) return true;
    return second >= this.last.start && second <= this.last.end;
  }
}
