import { isList, isNumber, isObject, isOneOf, isOptional, isText, type Value } from './shape.ts';

/** The site's traffic of one minute, as charts show it. */
export interface TrafficMinute {
  /** Epoch minutes by the wall clock. */
  readonly minute: number;
  /** All requests, those of banned clients included. */
  readonly requests: number;
  /** Requests that count towards the baseline: no static files (in profile classic all), and none of banned clients. */
  readonly counted: number;
  /** Answered 4xx, but for 499, and answered 5xx. */
  readonly refused: number;
  readonly failed: number;
  /** Requests of clients that were banned at the time. */
  readonly banned: number;
  /** The site's baseline in force at its end, counted requests a second; null while nothing was learned. */
  readonly mean: number | null;
  readonly stddev: number | null;
  /** Median, 95th and 99th percentile of request_time, seconds, 6 % off at most; null where it is not logged. */
  readonly times: readonly [p50: number, p95: number, p99: number] | null;
  /** Part of an anomaly of the site: no example of what is normal. */
  readonly isAnomalous: boolean;
}

/** The spans of time that charts show, and how long one step of them is. */
export const TRAFFIC_RANGES = {
  '1h': { seconds: 3600, stepSeconds: 60 },
  '24h': { seconds: 86_400, stepSeconds: 300 },
  '7d': { seconds: 604_800, stepSeconds: 900 },
} as const;
export type TrafficRange = keyof typeof TRAFFIC_RANGES;

/** One step of a chart: rates in requests a second. */
export interface TrafficStep extends Omit<TrafficMinute, 'minute' | 'isAnomalous'> {
  readonly bans: number;
}

/** Something to be marked in a chart. Times are epoch milliseconds. */
const isTrafficMark = isObject({
  kind: isOneOf('incident', 'annotation', 'start', 'panic'),
  timeMs: isNumber,
  /** Of an incident that is over. */
  endMs: isOptional(isNumber),
  /** The condition of an incident, the text of an annotation. */
  text: isText,
});
export type TrafficMark = Value<typeof isTrafficMark>;

/** What was marked, as it is saved. */
export const areTrafficMarks = isList(isTrafficMark);

export interface TrafficSeries {
  readonly stepSeconds: number;
  /** Epoch second at which the first step begins. */
  readonly fromSecond: number;
  /** Undefined where nothing was recorded: zban did not run, or was not there yet. */
  readonly steps: readonly (TrafficStep | undefined)[];
  readonly marks: readonly TrafficMark[];
}

/** What is usual at one hour of the week, UTC, Monday first. */
export interface UsualHour {
  /** Counted requests a second, and the share of all that was refused (4xx). */
  readonly rate: number;
  readonly refusedShare: number;
}
