/** Rows of traffic as bytes: rings of fixed size, kept in blocks so that a minute writes three kilobytes. */
import type { TrafficMinute } from '../../model/traffic.ts';

/** One minute, or what several add up to. `minute` is the first; `minutes` how many were recorded. */
export interface TrafficRow extends Omit<TrafficMinute, 'isAnomalous'> {
  readonly minutes: number;
  readonly bans: number;
  /** Those of its minutes that were part of an anomaly of the site. */
  readonly anomalous: number;
}

const COUNTS = [
  'minute',
  'minutes',
  'requests',
  'counted',
  'refused',
  'failed',
  'banned',
  'bans',
  'anomalous',
] as const;
/** The counts, and mean, stddev, p50, p95, p99. */
const WORDS = COUNTS.length + 5;

/** A block, in which each row lies at its own place, whatever else there is. */
export function encodeRows(rows: readonly (TrafficRow | undefined)[]): Uint8Array {
  const bytes = new Uint8Array(rows.length * WORDS * 4);
  const view = new DataView(bytes.buffer);
  for (const [place, row] of rows.entries()) {
    if (!row) continue;
    let at = place * WORDS * 4;
    for (const name of COUNTS) {
      view.setUint32(at, row[name], true);
      at += 4;
    }
    for (const value of [row.mean, row.stddev, ...(row.times ?? [null, null, null])]) {
      view.setFloat32(at, value ?? Number.NaN, true);
      at += 4;
    }
  }
  return bytes;
}

export function decodeRows(bytes: Uint8Array): TrafficRow[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rows: TrafficRow[] = [];
  for (let at = 0; at + WORDS * 4 <= bytes.length; at += WORDS * 4) {
    if (view.getUint32(at, true) === 0) continue;
    const counts = Object.fromEntries(COUNTS.map((name, index) => [name, view.getUint32(at + index * 4, true)]));
    const [mean, stddev, p50, p95, p99] = [0, 1, 2, 3, 4].map((index) => {
      const value = view.getFloat32(at + (COUNTS.length + index) * 4, true);
      return Number.isNaN(value) ? null : value;
    }) as [number | null, number | null, number | null, number | null, number | null];
    const times = p50 === null || p95 === null || p99 === null ? null : ([p50, p95, p99] as const);
    rows.push({ ...(counts as Record<(typeof COUNTS)[number], number>), mean, stddev, times });
  }
  return rows;
}

/** Several rows as one; means and percentiles are means of theirs, weighed by requests. Undefined without any. */
export function addRows(rows: readonly TrafficRow[], minute: number): TrafficRow | undefined {
  if (rows.length === 0) return undefined;
  const sums = COUNTS.map((name) => [name, rows.reduce((total, row) => total + row[name], 0)]);
  const mean = (read: (row: TrafficRow) => number | null | undefined, weigh: (row: TrafficRow) => number) => {
    let [total, weight] = [0, 0];
    for (const row of rows) {
      const value = read(row);
      if (value == null) continue;
      total += value * weigh(row);
      weight += weigh(row);
    }
    return weight === 0 ? null : total / weight;
  };
  const time = (index: 0 | 1 | 2) =>
    mean(
      ({ times }) => times?.[index],
      ({ requests }) => requests,
    );
  const [p50, p95, p99] = [time(0), time(1), time(2)];
  const byMinutes = ({ minutes }: TrafficRow) => minutes;
  return {
    ...(Object.fromEntries(sums) as Record<(typeof COUNTS)[number], number>),
    minute,
    mean: mean((row) => row.mean, byMinutes),
    stddev: mean((row) => row.stddev, byMinutes),
    times: p50 === null || p95 === null || p99 === null ? null : [p50, p95, p99],
  };
}
