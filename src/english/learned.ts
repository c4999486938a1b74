/**
 * What was learned beside the value that counts: a baseline never counts as less than its minimum, and where
 * nothing was learned lately, at the start or after half an hour without visitors, that minimum is only a default.
 */
import type { Level } from '../model/event.ts';
import type { JudgedNumbers } from '../model/judged-numbers.ts';
import type { BaselineEvent } from '../model/told-event.ts';
import { formatLevel, formatPercent } from './number.ts';

/** Both as people read them: `0.50 ± 0.50/s (default, nothing learned lately)`; the value alone where it was learned. */
export function describeLearned(learned: string | undefined, effective: string): string {
  if (learned === effective) return effective;
  return learned === undefined
    ? `${effective} (default, nothing learned lately)`
    : `${learned} (below the minimum, counted as ${effective})`;
}

/** What was learned, and what counts, of each part of a baseline; the text audit log writes levels and shares its own way. */
export function describeBaseline(
  { site, client, error_ratio, learned }: BaselineEvent,
  level: (value: Level) => string = formatLevel,
  share: (value: number) => string = (value) => formatPercent(value, 1),
): { site: string; client: string; error_ratio: string } {
  const describe = <T>(format: (value: T) => string, own: T | null, effective: T) =>
    describeLearned(own === null ? undefined : format(own), format(effective));
  return {
    site: describe(level, learned.site, site),
    client: describe(level, learned.client, client),
    error_ratio: describe(share, learned.error_ratio, error_ratio),
  };
}

/** How the value that counted came about, to follow it in a short line: empty where it was learned. */
export function markDefault({ learned, mean, stddev }: JudgedNumbers): '' | ' (default)' | ' (minimum)' {
  if (learned === undefined) return '';
  if (learned.mean === null) return ' (default)';
  return learned.mean === mean && learned.stddev === stddev ? '' : ' (minimum)';
}
