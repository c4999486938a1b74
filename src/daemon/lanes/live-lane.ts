/** A lane that the engine opened, until it ends; and as nginx is to have it. */
import type { NginxLane } from '../../enforce/nginx-lane-text.ts';
import { LANE_SECONDS_MAX } from '../../model/lane.ts';
import { isLiveLane, type LiveLane } from '../../model/live-lane.ts';
import { isList } from '../../model/shape.ts';
import type { LaneStart } from '../../model/told-event.ts';

/** nginx lets lanes go this long after it was last told of them: a daemon that died stops nobody for longer. */
export const LEASE_MS = 3_600_000;
const RENEW_MS = 900_000;

/** Lanes that were saved. */
export const areLanes = isList(isLiveLane);

export function laneOfEvent({ id, time, action, match, opened, usual_rate, ...rest }: LaneStart): LiveLane {
  const { surplus, clients, seconds, coverage, rate, backtest } = rest;
  return {
    ...{ id, action, match, enforced: opened, actor: 'policy', kept: false, usual_rate },
    ...{
      since: time,
      until: new Date(Date.parse(time) + LANE_SECONDS_MAX * 1000).toISOString(),
      state: 'pending',
      message: '',
    },
    proof: { surplus, clients, seconds, coverage, rate, backtest },
  };
}

/** nginx is to be told again, unless the lane itself ends by then. */
export function isRunningOut({ until }: LiveLane, leaseMs: number, nowMs: number): boolean {
  return leaseMs < Date.parse(until) && leaseMs - nowMs < RENEW_MS;
}

export function nginxLane({ id, action, match, usual_rate, until }: LiveLane, leaseMs: number): NginxLane {
  return { id, action, match, usualRps: usual_rate, untilMs: Math.min(Date.parse(until), leaseMs) };
}
