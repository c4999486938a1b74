/** How far long work has come, in words. */
import type { WarmStart } from '../model/status.ts';
import { formatDuration } from './duration.ts';
import { formatCount, formatPercent } from './number.ts';

/** Before this share is done an estimate says nothing. */
const ESTIMATE_SHARE = 0.01;

export interface Progress {
  /** What is done, 0–1. */
  readonly share: number;
  readonly perSecond: number;
  /** Undefined while too little is done to tell. */
  readonly leftMs: number | undefined;
}

/** What a status says of a start. */
export const progressOf = ({ share, lines_per_second, seconds_left }: WarmStart): Progress => ({
  share,
  perSecond: lines_per_second,
  leftMs: seconds_left === null ? undefined : seconds_left * 1000,
});

/** @param count of lines or the like that were done in `elapsedMs` */
export function estimateProgress(share: number, count: number, elapsedMs: number): Progress {
  return {
    share: Math.min(1, share),
    perSecond: elapsedMs > 0 ? Math.round((count / elapsedMs) * 1000) : 0,
    leftMs: share < ESTIMATE_SHARE ? undefined : Math.max(0, (elapsedMs / share) * (1 - share)),
  };
}

/** `310,000 lines/s, 9s left`. */
export function describePace({ perSecond, leftMs }: Progress, noun: string): string {
  const left = leftMs ? `, ${formatDuration(Math.max(1, Math.round(leftMs / 1000)) * 1000)} left` : '';
  return `${formatCount(perSecond)} ${noun}/s${left}`;
}

/** `42 %, 310,000 lines/s, 9s left`. */
export const describeProgress = (progress: Progress, noun: string): string =>
  `${formatPercent(Math.floor(progress.share * 100) / 100)}, ${describePace(progress, noun)}`;
