/** Traffic over time as the page draws it: columns of numbers, shortened to what a chart shows. */

import { phraseOf } from '../english/reason.ts';
import { TRAFFIC_RANGES, type TrafficRange, type TrafficSeries, type UsualHour } from '../model/traffic.ts';

/** What is known of the past. */
export interface TrafficSource {
  series(range: TrafficRange, nowMs: number): TrafficSeries;
  usualHours(): readonly (UsualHour | undefined)[];
}

const COLUMNS = ['requests', 'counted', 'refused', 'failed', 'banned', 'bans', 'mean', 'stddev'] as const;
const TIMES = ['p50', 'p95', 'p99'] as const;

export function findRange(text: string | null): TrafficRange | undefined {
  return text !== null && Object.hasOwn(TRAFFIC_RANGES, text) ? (text as TrafficRange) : undefined;
}

export function chartOf({ stepSeconds, fromSecond, steps, marks }: TrafficSeries): Readonly<Record<string, unknown>> {
  const columns = COLUMNS.map((name) => [name, steps.map((step) => short(step?.[name]))]);
  const times = TIMES.map((name, index) => [name, steps.map((step) => short(step?.times?.[index]))]);
  return {
    step_seconds: stepSeconds,
    from: fromSecond,
    ...Object.fromEntries([...columns, ...times]),
    marks: marks.map(({ kind, timeMs, endMs, text }) => ({
      kind,
      time: timeMs,
      end: endMs ?? null,
      text: kind === 'incident' ? phraseOf(text) : text.slice(0, 200).toWellFormed(),
    })),
  };
}

export function usualOf(hours: readonly (UsualHour | undefined)[]): Readonly<Record<string, unknown>> {
  return { rate: hours.map((hour) => short(hour?.rate)), refused: hours.map((hour) => short(hour?.refusedShare)) };
}

/** Four digits, as few characters as they need. */
const short = (value: number | null | undefined): number | null =>
  value == null ? null : Number(value.toPrecision(4));
