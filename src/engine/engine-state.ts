import type { PointsState } from '../detect/points.ts';
import type { SiteState } from '../site/site-watch.ts';
import type { BaselineState } from '../traffic/baseline.ts';

/** What an engine learned, for the next start. States of before there were points have none. */
export interface EngineState extends BaselineState {
  readonly points?: PointsState;
  /** Absent in states of before it was kept. */
  readonly site?: SiteState;
  /** The log clock when it was taken, epoch seconds; absent in states of before it was kept. */
  readonly second?: number;
  /** Seconds by which the wall clock was ahead of the log's; absent where none was followed. */
  readonly wallAhead?: number;
}

/** What one is saved as: each profile learns its own. */
export function engineStateKey(profile: string): string {
  return `baseline:${profile}`;
}

/** A saved state; undefined for one of another version. Throws SyntaxError for what is none. */
export function parseEngineState(bytes: Uint8Array): EngineState | undefined {
  const state = JSON.parse(new TextDecoder().decode(bytes)) as EngineState;
  return state.version === 1 ? state : undefined;
}
