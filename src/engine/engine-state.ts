import type { SiteKnowledgeState } from '../detect/site-knowledge.ts';
import type { SiteState } from '../site/site-watch.ts';
import type { SwarmState } from '../swarm/swarm-watch.ts';
import type { BaselineState } from '../traffic/baseline.ts';
import { packState, unpackState } from './packed-state.ts';

/** What an engine learned, for the next start. */
export interface EngineState extends BaselineState {
  /** Absent in the classic profile. */
  readonly points?: SiteKnowledgeState;
  readonly site: SiteState;
  /** Absent where swarms are not watched for. */
  readonly swarm?: SwarmState;
  /** The log clock when it was taken, epoch seconds. */
  readonly second: number;
  /** Seconds by which the wall clock was ahead of the log's; absent where none was followed. */
  readonly wallAhead?: number;
}

/** What one is saved as: each profile learns its own. */
export function engineStateKey(profile: string): string {
  return `baseline:${profile}`;
}

/** A state as it is saved. */
export function packEngineState(state: EngineState): Uint8Array<ArrayBuffer> {
  return packState(state);
}

/** A saved state; undefined for one of another version. Throws SyntaxError, which says why, for damaged bytes and for what was never packed. */
export function parseEngineState(bytes: Uint8Array): EngineState | undefined {
  // Its checksum says that it is what `packEngineState` made.
  return unpackState(bytes) as EngineState | undefined;
}
