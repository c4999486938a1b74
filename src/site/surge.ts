/** An anomaly of the site while it lasts: what it adds up to, and whether it has been reported. */
import type { GlobalAnomalyEvent } from '../model/event.ts';
import { formatSecond } from '../model/time.ts';

/** Seconds over which the rate is reported. */
export const RATE_SECONDS = 10;

export interface Surge {
  readonly condition: GlobalAnomalyEvent['condition'];
  readonly verdict: GlobalAnomalyEvent['verdict'];
  /** Epoch second at which it began: its identity over restarts. */
  since: number;
  /** Most requests a second over ten seconds, and most of what the condition measures. */
  peakRate: number;
  peakMeasured: number;
  extraRequests: number;
  bans: number;
  /** Last second above the limit, or that need not be reported: later ones report it again. */
  lastSecond: number;
  /** Open: its start was reported, its end was not. Closed: both were. */
  state: 'unreported' | 'open' | 'closed';
}

/** What both ends of an anomaly, and screens while it lasts, say of it. */
export type SurgeNumbers = Pick<GlobalAnomalyEvent, 'condition' | 'verdict' | 'since' | 'peakRate' | 'peakMeasured'>;

export function surgeNumbers({ condition, verdict, since, peakRate, peakMeasured }: Surge): SurgeNumbers {
  return { condition, verdict, since: formatSecond(since), peakRate, peakMeasured };
}

/** `surge` is the one that was reported as `known`, and goes on. */
export function continueSurge(surge: Surge, known: Surge): void {
  surge.since = Math.min(surge.since, known.since);
  surge.peakRate = Math.max(surge.peakRate, known.peakRate);
  surge.peakMeasured = Math.max(surge.peakMeasured, known.peakMeasured);
  surge.state = 'open';
}
