/** What the engine learned, in the database: loaded at a start, saved when enough of it is new. */
import { type EngineState, engineStateKey, parseEngineState } from '../../engine/engine-state.ts';
import type { Log } from '../../model/log.ts';
import type { AuditTrail } from '../../record/trail/audit-trail.ts';

/** What was saved is loaded and the lines since are read again at a start, so that saving seldom costs no knowledge. */
const SAVE_MS_MIN = 600_000;
/** A site with few lines is saved this often as long as there are any. */
const SAVE_MS_MAX = 3_600_000;
/**
 * Bytes of log that are worth one byte of state: zban writes next to nothing beside the log itself, and a start after a
 * crash has at most 32 times the largest state (2 MiB) to read again, which is what it reads (WINDOW_BYTES_MAX).
 */
const LOG_BYTES_PER_BYTE = 32;

/** Where states come from. */
export interface Learner {
  /** What was learned, packed; undefined when there is nothing to save. */
  take(): Promise<Uint8Array | undefined>;
  /** Bytes of log that were judged so far. */
  readonly judgedBytes: number;
}

export interface LearnedStateOptions {
  readonly trail: Pick<AuditTrail, 'loadState' | 'saveState'>;
  readonly profile: string;
  readonly log: Log;
  /** A clock that never goes back, milliseconds. */
  readonly now: () => number;
}

export class LearnedState {
  private readonly options: LearnedStateOptions;
  private readonly key: string;
  /** The newest state on disk: when it was written or loaded, its bytes, and those of the log until then. */
  private saved: { readonly ms: number; readonly bytes: number; readonly judgedBytes: number } | undefined;

  constructor(options: LearnedStateOptions) {
    this.options = options;
    this.key = engineStateKey(options.profile);
  }

  /** Undefined where there is none, or none that can be used: then the log has a warning. */
  load(): EngineState | undefined {
    const { trail, log, now } = this.options;
    const bytes = trail.loadState(this.key);
    if (!bytes) return undefined;
    let cause = 'another version saved it';
    try {
      const state = parseEngineState(bytes);
      if (state) {
        this.saved = { ms: now(), bytes: bytes.length, judgedBytes: 0 };
        return state;
      }
    } catch (error) {
      cause = String(error);
    }
    log('warn', 'the saved baseline cannot be read: learning anew', { cause });
    return undefined;
  }

  save(bytes: Uint8Array | undefined, judgedBytes: number): void {
    if (!bytes) return;
    this.saved = { ms: this.options.now(), bytes: bytes.length, judgedBytes };
    this.options.trail.saveState(this.key, bytes);
  }

  /** Saves what was learned if enough of it is new. */
  async saveDue(learner: Learner): Promise<void> {
    const { judgedBytes } = learner;
    if (this.isDue(judgedBytes)) this.save(await learner.take(), judgedBytes);
  }

  private isDue(judgedBytes: number): boolean {
    const { saved } = this;
    if (!saved) return true;
    const newBytes = judgedBytes - saved.judgedBytes;
    const elapsedMs = this.options.now() - saved.ms;
    if (newBytes === 0 || elapsedMs < SAVE_MS_MIN) return false;
    return newBytes >= LOG_BYTES_PER_BYTE * saved.bytes || elapsedMs >= SAVE_MS_MAX;
  }
}
