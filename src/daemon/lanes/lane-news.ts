/** What people hear of lanes. */
import type { AuditDraft } from '../../model/audit.ts';
import { type LiveLane, laneOfNumbers } from '../../model/live-lane.ts';
import type { NotificationOf } from '../../model/notification.ts';

export type LaneNotification = NotificationOf<'lane' | 'lane_order'>;

export const idOf = (one: LaneNotification): string => (one.kind === 'lane' ? one.event.id : one.id);

/** With what nginx said: of a lane that it does not have, or of an end that it was not told. */
export function withFailure(
  one: LaneNotification,
  lane: LiveLane | undefined,
  failure: string | undefined,
): LaneNotification {
  const isEnd = one.kind === 'lane_order' && one.phase === 'end' && one.enforced;
  const message = lane?.state === 'failed' ? lane.message : isEnd ? failure : undefined;
  return { ...one, ...(message !== undefined && { failure: message }) };
}

const PHASES = { lane: 'open', lane_keep: 'keep', lane_end: 'end' } as const;

/** How people are told of what a person decided about a lane, or of its end by its time; of all else the engine's events tell. */
export function describeOrder(draft: AuditDraft): NotificationOf<'lane_order'>[] {
  if (draft.action !== 'lane' && draft.action !== 'lane_keep' && draft.action !== 'lane_end') return [];
  const { action, actor, timeMs, enforced, detail, numbers } = draft;
  const operator = actor.startsWith('operator:') ? actor.slice('operator:'.length) : null;
  if (operator === null && action !== 'lane_end') return [];
  const lane = laneOfNumbers(numbers);
  if (lane === undefined) return [];
  const said = { operator, detail: operator === null ? '' : detail };
  return [
    { kind: 'lane_order', time: new Date(timeMs).toISOString(), phase: PHASES[action], ...lane, enforced, ...said },
  ];
}
