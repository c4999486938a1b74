/** A lane as it is shown and saved. */
import type { LaneAction, LaneMatch } from './lane.ts';
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
