/** What each command is answered with, by its shape: the daemon may be of another version than the command line that asks. */
import { LIMITS } from '../detect/reach.ts';
import { isFleetReport } from '../model/fleet.ts';
import { isLaneMatch } from '../model/live-lane.ts';
import {
  each,
  isBoolean,
  isList,
  isNumber,
  isObject,
  isOneOf,
  isOptional,
  isText,
  orNull,
  type Shape,
} from '../model/shape.ts';
import { isStatus, topEntry } from '../model/status.ts';
import type { ControlHandlers } from './protocol.ts';
import type { ControlCommand } from './request.ts';

export type AnswerTo<C extends ControlCommand> = Awaited<ReturnType<ControlHandlers[C]>>;

const isFalse = (value: unknown): value is false => value === false;
const outcome = { ok: isBoolean, message: isText, durable: isOptional(isFalse) };
const isOutcome = isObject(outcome);
const areTargets = isList(
  isObject({
    ...outcome,
    target: isText,
    code: isOneOf('done', 'unchanged', 'not_found', 'protected', 'failed', 'invalid'),
    until: isOptional(orNull(isText)),
  }),
);

export const isProgress = isObject({
  progress: orNull(isObject({ ...each(isNumber, 'done', 'of'), results: areTargets })),
});

const isLaneResult = isObject({
  ...outcome,
  code: isOneOf('done', 'not_found', 'full', 'invalid', 'failed'),
  id: isText,
});
const isProof = isObject({
  ...each(isNumber, 'surplus', 'clients', 'seconds', 'coverage', 'rate'),
  backtest: isObject(each(isNumber, 'hours', 'clients', 'clients_matched', 'requests', 'requests_matched')),
});
const isLane = isObject({
  ...each(isText, 'id', 'actor', 'since', 'until', 'message'),
  ...each(isBoolean, 'enforced', 'kept'),
  action: isOneOf('hold', 'deny'),
  match: isLaneMatch,
  usual_rate: isNumber,
  state: isOneOf('open', 'pending', 'failed', 'observed'),
  proof: isOptional(isProof),
});

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
  panic: isObject({ ...outcome, lifted: isNumber }),
  resetFuse: isOutcome,
  lanes: isList(isLane),
  addLane: isLaneResult,
  changeLane: isLaneResult,
  fleetStatus: orNull(isFleetReport),
  fleetLeave: isOutcome,
  annotate: isOutcome,
  notifyTest: isObject({ ...outcome, channels: isList(isObject({ ...outcome, channel: isText })) }),
  reload: isOutcome,
};
