/** Lanes that stop requests by what they look like, and whether a client's requests look like that. */
import { describeMatch } from '../../english/lane.ts';
import { formatCount } from '../../english/number.ts';
import { type LiveLane, laneOfNumbers } from '../../model/live-lane.ts';
import type { TrailReader } from '../../record/trail/trail-reader.ts';
import type { Paragraph } from '../table.ts';
import { formatTime } from '../text.ts';

/** Rows of each kind that are looked at, newest first. */
const ROWS_MAX = 200;

/** When a lane stopped what matches, epoch milliseconds. */
export interface LaneSpan extends Pick<LiveLane, 'id' | 'action' | 'match'> {
  readonly fromMs: number;
  /** Undefined while it is open. */
  readonly untilMs: number | undefined;
}

export interface LaneHits extends LaneSpan {
  /** Of those that were looked at, so many match, and came while it was open. */
  readonly requests: number;
}

/** The lanes of late that stopped somebody, oldest first; not those that were only observed. */
export function findLaneSpans(reader: TrailReader): readonly LaneSpan[] {
  const rows = (['lane', 'lane_end'] as const)
    .flatMap((action) => reader.query({ action, newestFirst: true, limit: ROWS_MAX }))
    .sort((a, b) => a.id - b.id);
  const spans = new Map<string, LaneSpan>();
  for (const row of rows) {
    // One that is damaged has another action.
    const lane = row.action === 'lane' || row.action === 'lane_end' ? laneOfNumbers(row.numbers) : undefined;
    if (lane === undefined) continue;
    const { action, timeMs, enforced } = row;
    const before = spans.get(lane.id);
    // The configuration may end and begin what a lane does: it is told as one span.
    if (action === 'lane' && enforced)
      spans.set(lane.id, { ...lane, fromMs: before?.fromMs ?? timeMs, untilMs: undefined });
    else if (before) spans.set(lane.id, { ...before, untilMs: timeMs });
  }
  return [...spans.values()];
}

/** A second sentence for how a client stands: not banned, and yet stopped. */
export function describeOpenLanes(hits: readonly LaneHits[]): string {
  const ids = hits.filter(({ untilMs }) => untilMs === undefined).map(({ id }) => id);
  if (ids.length === 0) return '';
  return ids.length === 1
    ? ` Lane ${ids[0]} stops requests like its own.`
    : ` Lanes ${ids.join(', ')} stop requests like its own.`;
}

/** One paragraph a lane, with the command that ends it. */
export function describeLaneHits(hits: readonly LaneHits[], suffix: string): Paragraph[] {
  return hits.map(({ id, action, match, untilMs, requests }) => {
    const what = `${formatCount(requests)} of these requests ${requests === 1 ? 'is' : 'are'} like what lane ${id}`;
    const look = describeMatch(match);
    if (untilMs !== undefined) return { label: 'Lane', text: `${what} stopped until ${formatTime(untilMs)}: ${look}.` };
    const how = action === 'hold' ? 'more than usual gets 429' : 'no answer (444), or what your configuration does';
    return { label: 'Lane', text: `${what} stops (${how}): ${look}.`, commands: [`zban lanes drop ${id}${suffix}`] };
  });
}
