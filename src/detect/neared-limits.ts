/** How near one client came to a ban, judged once more by its own lines and by what an engine had learned of the site. */

import type { EngineState } from '../engine/engine-state.ts';
import { formatSecond } from '../model/time.ts';
import { ASSET, INFO, SECOND, STATUS_MASK } from '../parse/tally.ts';
import type { EngineOptions } from '../settings/engine-settings.ts';
import { Baseline } from '../traffic/baseline.ts';
import { RECORD_WORDS, Records } from '../traffic/records.ts';
import { ClientRules } from './client-rules.ts';
import { Points } from './points.ts';
import { LIMITS, type LimitName } from './reach.ts';

export interface NearedLimit {
  readonly limit: LimitName;
  /** Share of the limit; from 1 on it would be banned by what is known now. */
  readonly share: number;
  /** The limit: points, or requests in a window. */
  readonly tolerated: number;
  /** RFC 3339. */
  readonly time: string;
}

/**
 * The limits that the client came near to, nearest first. `rows` are its rows of the tallies, in the order of time. What
 * excuses a client while the site fails is not known here, so that it may have been further away.
 */
export function findNearedLimits(
  rows: readonly Uint32Array[],
  { profile, detection, baseline }: EngineOptions,
  state: EngineState | undefined,
): NearedLimit[] {
  const secondOf = (row: Uint32Array | undefined) => row?.[SECOND] ?? 0;
  const learned = new Baseline(baseline);
  if (state) learned.restore(state);
  const effective = learned.effective(secondOf(rows.at(-1)));
  const rules = new ClientRules(profile, detection, effective, baseline.warmup_max_requests);
  const points =
    detection.points.enabled && profile === 'balanced'
      ? new Points(detection.points, new Records(RECORD_WORDS, 1), state?.points?.hashKey)
      : undefined;
  if (state?.points) points?.site.restore(state.points);

  const seen = { requests: 0, weight: 0, errors: 0 };
  const count = (row: Uint32Array | undefined, times: number) => {
    const info = row?.[INFO] ?? 0;
    const status = info & STATUS_MASK;
    seen.requests += times;
    if (!(info & ASSET)) seen.weight += times;
    if (status >= 400 && status < 499) seen.errors += times;
  };
  const nearest = new Map<number, NearedLimit>();
  let oldest = 0;
  for (const row of rows) {
    const second = secondOf(row);
    count(row, 1);
    for (; secondOf(rows[oldest]) <= second - detection.window / 1000; oldest++) count(rows[oldest], -1);
    const tell = (at: number, share: number, tolerated: number) => {
      const limit = LIMITS[at];
      if (limit === undefined || !(share > (nearest.get(at)?.share ?? 0))) return;
      nearest.set(at, { limit, share, tolerated, time: formatSecond(second) });
    };
    points?.add(0, row, 0, second, false);
    points?.reach(0, tell);
    rules.reach(seen.requests, seen.weight, seen.errors, tell);
  }
  return [...nearest.values()].sort((a, b) => b.share - a.share);
}
