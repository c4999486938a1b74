/** A lane as it is shown and saved. */
import type { LaneNumbers } from './audit.ts';
import { isLaneMatch } from './lane.ts';
import { each, isBoolean, isNumber, isObject, isOneOf, isOptional, isText, type Value } from './shape.ts';

/** What was found when it opened, as in its event. */
const isProof = isObject({
  ...each(isNumber, 'surplus', 'clients', 'seconds', 'coverage', 'rate'),
  backtest: isObject(each(isNumber, 'hours', 'clients', 'clients_matched', 'requests', 'requests_matched')),
});

/** A lane that has not ended, opened by the engine or by a person. */
export const isLiveLane = isObject({
  id: isText,
  action: isOneOf('hold', 'deny'),
  match: isLaneMatch,
  /** False where requests are not stopped: `swarm.action: alert`, or observe mode. */
  enforced: isBoolean,
  /** `policy`, or `operator:NAME`. */
  actor: isText,
  /** When it began, and when it ends in any case, RFC 3339. */
  ...each(isText, 'since', 'until'),
  /** Kept by a person: the end of the swarm does not end it. */
  kept: isBoolean,
  /** Matching requests a second that a hold lets pass. */
  usual_rate: isNumber,
  /** `open` once nginx has it, `failed` with the reason in `message` where it does not. */
  state: isOneOf('open', 'pending', 'failed', 'observed'),
  message: isText,
  /** Absent for a person's lane. */
  proof: isOptional(isProof),
});
export type LiveLane = Value<typeof isLiveLane>;

/** The lane that the numbers of an audit row are about; undefined where they do not say what it matches. */
export function laneOfNumbers({
  id,
  action = 'hold',
  match,
}: LaneNumbers): Pick<LiveLane, 'id' | 'action' | 'match'> | undefined {
  return match && { id, action, match };
}
