import { describeLearned } from '../english/learned.ts';
import { formatNumber } from '../english/number.ts';
import type { Level } from '../model/event.ts';
import type { BaselineEvent } from '../model/told-event.ts';
import { formatShare } from './text.ts';

/** What was learned, and where the minimum is above it what counts: `0.10 ± 0.30/s (below the minimum, counted as 0.50 ± 0.50/s)`. */
export function describeBaseline(baseline: BaselineEvent): { site: string; client: string; error_ratio: string } {
  const { site, client, error_ratio, learned } = baseline;
  const level = ({ mean, stddev }: Level) => `${formatNumber(mean)} ± ${formatNumber(stddev)}/s`;
  const tell = <T>(format: (value: T) => string, own: T | null, effective: T) =>
    describeLearned(own === null ? undefined : format(own), format(effective));
  return {
    site: tell(level, learned.site, site),
    client: tell(level, learned.client, client),
    error_ratio: tell(formatShare, learned.error_ratio, error_ratio),
  };
}
