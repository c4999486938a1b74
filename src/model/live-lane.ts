/** A lane as it is shown and saved. */
import type { LaneAction, LaneMatch } from './lane.ts';
import { each, isList, isObject, isOneOf, isOptional, isRecord, isText } from './shape.ts';
import type { LaneStart } from './told-event.ts';

/** A lane that has not ended, opened by the engine or by a person. */
export interface LiveLane {
  readonly id: string;
  readonly action: LaneAction;
  readonly match: LaneMatch;
  /** False where requests are not stopped: `swarm.action: alert`, or observe mode. */
  readonly enforced: boolean;
  /** `policy`, or `operator:NAME`. */
  readonly actor: string;
  /** RFC 3339. */
  readonly since: string;
  /** RFC 3339: when it ends in any case. */
  readonly until: string;
  /** Kept by a person: the end of the swarm does not end it. */
  readonly kept: boolean;
  /** Matching requests a second that a hold lets pass. */
  readonly usual_rate: number;
  /** `open` once nginx has it, `failed` with the reason in `message` where it does not. */
  readonly state: 'open' | 'pending' | 'failed' | 'observed';
  readonly message: string;
  /** What was found when it opened; absent for a person's lane. */
  readonly proof?: Pick<LaneStart, 'surplus' | 'clients' | 'seconds' | 'coverage' | 'rate' | 'backtest'>;
}

export const isLaneMatch = isObject({
  ...each(isOptional(isText), 'user_agent', 'path', 'network', 'method'),
  query_keys: isOptional(isList(isText)),
  referer: isOptional(isOneOf('absent', 'present')),
});

/** The lane that the numbers of an audit row are about; undefined where they do not say what it matches. */
export function laneOfNumbers(numbers: object | null): Pick<LiveLane, 'id' | 'action' | 'match'> | undefined {
  if (!isRecord(numbers) || !isLaneMatch(numbers['match'])) return undefined;
  const action = numbers['action'] === 'deny' ? 'deny' : 'hold';
  return { id: String(numbers['id']), action, match: numbers['match'] };
}
