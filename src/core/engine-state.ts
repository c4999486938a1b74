import type { PointsState } from './detect/points.ts';
import type { BaselineState } from './traffic/baseline.ts';

/** What an engine learned, for the next start. States of before there were points have none. */
export interface EngineState extends BaselineState {
  readonly points?: PointsState;
  /** The log clock when it was taken, epoch seconds; absent in states of before it was kept. */
  readonly second?: number;
}
