/** What each command is answered with, by its shape: the daemon may be of another version than the command line that asks. */
import { LIMITS } from '../detect/reach.ts';
import { isFleetReport } from '../model/fleet.ts';
import { isLiveLane } from '../model/live-lane.ts';
import { each, isList, isNumber, isObject, isOneOf, isText, orNull, type Shape } from '../model/shape.ts';
import { isStatus, topEntry } from '../model/status.ts';
import {
  areTargets,
  type ControlHandlers,
  isLaneResult,
  isNotifyTestResult,
  isOutcome,
  isPanicResult,
} from './protocol.ts';
import type { ControlCommand } from './request.ts';

export type AnswerTo<C extends ControlCommand> = Awaited<ReturnType<ControlHandlers[C]>>;

const areStatuses = (value: unknown): value is readonly [number, number, number, number] =>
  isList(isNumber)(value) && value.length === 4;
const isTopClient = isObject({
  ...topEntry,
  nearest: orNull(isObject({ limit: isOneOf(...LIMITS), ...each(isNumber, 'share', 'tolerated') })),
  top_path: orNull(isText),
  statuses: areStatuses,
});

export const ANSWERS: { readonly [C in ControlCommand]: Shape<AnswerTo<C>> } = {
  status: isStatus,
  top: isObject({ status: isStatus, second: isNumber, site_rates: isList(isNumber), clients: isList(isTopClient) }),
  ban: areTargets,
  unban: areTargets,
  allow: areTargets,
  panic: isPanicResult,
  resetFuse: isOutcome,
  lanes: isList(isLiveLane),
  addLane: isLaneResult,
  changeLane: isLaneResult,
  fleetStatus: orNull(isFleetReport),
  fleetLeave: isOutcome,
  annotate: isOutcome,
  notifyTest: isNotifyTestResult,
  reload: isOutcome,
};
