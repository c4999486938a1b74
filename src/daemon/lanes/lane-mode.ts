/** Whether lanes stop anybody, as the configuration has it that zban runs with now. */

import type { LiveLane } from '../../model/live-lane.ts';
import type { SwarmOptions } from '../../settings/engine-settings.ts';

export interface LaneMode {
  /** False in observe mode: nothing reaches nginx. */
  readonly enforce: boolean;
  /** `swarm.action`: whether zban opens lanes by itself. */
  readonly action: SwarmOptions['action'];
}

/** Why a lane stops nobody; undefined where it does. */
export function findWhyNot({ actor }: LiveLane, { enforce, action }: LaneMode): string | undefined {
  if (!enforce) return 'zban only observes';
  return actor === 'policy' && action === 'alert' ? 'swarm.action is alert' : undefined;
}

/** One that stood before the configuration changed stops what it was opened for, or stops nobody any more. */
export function inMode(lane: LiveLane, mode: LaneMode): LiveLane {
  if (findWhyNot(lane, mode) !== undefined) return { ...lane, enforced: false, state: 'observed', message: '' };
  if (lane.enforced) return lane;
  const action = lane.actor === 'policy' && mode.action !== 'alert' ? mode.action : lane.action;
  return { ...lane, action, enforced: true, state: 'pending', message: '' };
}
