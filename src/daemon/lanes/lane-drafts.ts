/** What lanes become in the audit trail. */

import { describeBacktest, describeLaneEnd, describeMatch, describeSurplus } from '../../english/lane.ts';
import type { Actor, DraftOf, LaneNumbers } from '../../model/audit.ts';
import type { LiveLane } from '../../model/live-lane.ts';
import type { LaneEnd, LaneStart } from '../../model/told-event.ts';
import { BLANK } from '../../record/row/row.ts';

type LaneAction = 'lane' | 'lane_keep' | 'lane_end' | 'lane_result';

function about<Action extends LaneAction, Numbers extends LaneNumbers>(
  action: Action,
  timeMs: number,
  actor: Actor,
  numbers: Numbers,
  enforced: boolean,
  detail: string,
) {
  return { ...BLANK, action, timeMs, actor, numbers, enforced, detail };
}

/** The decision of the engine, with its proof. */
export function laneStartDraft(event: LaneStart, enforced: boolean): DraftOf<'lane'> {
  const { event: _, time, phase: __, ...numbers } = event;
  const detail = `${event.action} ${describeMatch(event.match)}: ${describeSurplus(event)}; ${describeBacktest(event.backtest)}`;
  return about('lane', Date.parse(time), 'policy', { ...numbers }, enforced, detail);
}

export function laneEndDraft(event: LaneEnd, enforced: boolean): DraftOf<'lane_end'> {
  const { event: _, time, phase: __, ...numbers } = event;
  const detail = `${describeLaneEnd(event)}: ${Math.round(event.requests)} requests matched`;
  return about('lane_end', Date.parse(time), 'policy', { ...numbers }, enforced, detail);
}

/** What a person decided, or the time. */
export function laneDraft(
  action: 'lane' | 'lane_keep' | 'lane_end',
  lane: LiveLane,
  said: { readonly timeMs: number; readonly actor: Actor; readonly detail: string; readonly numbers?: object },
): DraftOf<'lane' | 'lane_keep' | 'lane_end'> {
  const numbers = { id: lane.id, action: lane.action, match: lane.match, ...said.numbers };
  return about(action, said.timeMs, said.actor, numbers, lane.enforced, said.detail);
}

/** What nginx made of it. */
export function laneResultDraft(id: string, timeMs: number, failure?: { code: string; message: string }) {
  const numbers = failure ? { id, result: 'failed' as const, code: failure.code } : { id, result: 'ok' as const };
  const detail = failure ? `failed: ${failure.message}` : 'ok';
  return about('lane_result', timeMs, 'system', numbers, true, detail) satisfies DraftOf<'lane_result'>;
}
