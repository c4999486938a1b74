/** Lanes on a fake clock, with an nginx that keeps what it was given. */
import type { TestContext } from 'node:test';
import type { LaneMode } from '../../src/daemon/lanes/lane-mode.ts';
import { LANES_KEY, Lanes, type LanesOptions } from '../../src/daemon/lanes/lanes.ts';
import type { EnforcementError } from '../../src/enforce/backend.ts';
import type { NginxLane } from '../../src/enforce/nginx-lane-text.ts';
import type { LaneEnd, LaneStart } from '../../src/model/told-event.ts';
import { makeBans, T0 } from './fixtures.ts';

export const HOUR_MS = 3_600_000;
export const BACKTEST = { hours: 24, clients: 41_000, clients_matched: 3, requests: 900_000, requests_matched: 5 };
export const ASK = { reason: 'because', operator: 'anna' };

export function startEvent(id: string, changes: Partial<LaneStart> = {}): LaneStart {
  return {
    ...{ event: 'lane', phase: 'start', id, time: new Date(T0).toISOString(), action: 'hold', opened: true },
    ...{ match: { user_agent: `bot ${id}` }, surplus: 5120, clients: 4980, seconds: 60, coverage: 0.96 },
    ...{ rate: 85, usual_rate: 0.2, backtest: BACKTEST },
    ...changes,
  };
}

export function endEvent(id: string): LaneEnd {
  const time = new Date(T0).toISOString();
  return { event: 'lane', phase: 'end', id, time, action: 'hold', match: {}, duration_seconds: 900, requests: 7000 };
}

interface Setting {
  readonly enforce?: boolean;
  readonly nginx?: boolean;
  readonly action?: LanesOptions['action'];
}

export function make(t: TestContext, { enforce = true, nginx = true, action = 'hold' }: Setting = {}) {
  const made = makeBans(t, enforce);
  const { trail, clock, told } = made;
  /** What nginx has, in the order of its changes. */
  const applied: { lanes: readonly NginxLane[]; exempt: readonly string[] }[] = [];
  const broken: { with?: EnforcementError | undefined } = {};
  /** nginx answers once this resolves. */
  const busy: { until?: Promise<void> | undefined } = {};
  const troubles: (string | undefined)[] = [];
  const dropped: string[] = [];
  const build = (mode: Partial<LaneMode> = {}) =>
    new Lanes({
      saved: trail.loadState(LANES_KEY),
      ...{ enforce, action, ...mode },
      nginx: nginx
        ? {
            setUp: async () => {},
            apply: async (lanes, exempt) => {
              await busy.until;
              if (broken.with) throw broken.with;
              applied.push({ lanes, exempt });
            },
          }
        : undefined,
      robots: ['66.249.64.0/19'],
      now: () => clock.nowMs,
      record: (drafts, state) => trail.append(drafts, { state }),
      notify: (notifications) => told.push(...notifications),
      onDrop: (id) => dropped.push(id),
      onTrouble: (message) => troubles.push(message),
    });
  /** As the daemon does with events. */
  const happen = async (lanes: Lanes, ...events: (LaneStart | LaneEnd)[]) => {
    const follows = lanes.take(events);
    if (!follows) return;
    trail.append(follows.drafts, { state: follows.state });
    await lanes.follow();
  };
  const rows = () => trail.query({ limit: 100 }).map((entry) => `${entry.action} ${entry.actor} ${entry.detail}`);
  return { ...made, applied, broken, busy, troubles, dropped, build, happen, rows };
}
