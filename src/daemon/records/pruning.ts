/** Keeps the trail to its age and length, a piece at a time. */
import type { Config } from '../../config/schema.ts';
import type { Log } from '../../model/log.ts';
import type { AuditTrail } from '../../record/trail/audit-trail.ts';

/** Rows are written between two pieces. */
const PAUSE_MS = 1000;
/** A clock that was set ahead is seen within a day: until then its rows prove nothing. */
const PROOF_MS = 86_400_000;

export interface PruningOptions {
  readonly config: Config;
  readonly trail: Pick<AuditTrail, 'prune'>;
  readonly now: () => number;
  readonly log: Log;
}

export class Pruning {
  private readonly options: PruningOptions;
  private isRunning = false;
  private isStopped = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(options: PruningOptions) {
    this.options = options;
  }

  /** Cuts off a piece, and the next ones later. Does nothing while it is at it. */
  async run(): Promise<void> {
    if (this.isRunning) return;
    this.isRunning = true;
    const { config, trail, now, log } = this.options;
    const { retention, entries_max: rowsMax } = config.audit;
    const nowMs = now();
    const beforeMs = nowMs - retention;
    const provenMs = nowMs - Math.min(PROOF_MS, retention / 2);
    const offencesBeforeMs = nowMs - config.bans.decay * (config.bans.schedule.length + 1);
    try {
      const { more } = await trail.prune({ nowMs, beforeMs, provenMs, rowsMax, offencesBeforeMs });
      if (more && !this.isStopped) this.timer = setTimeout(() => void this.run(), PAUSE_MS).unref();
    } catch (error) {
      log('warn', 'old audit rows could not be pruned; trying again later', { cause: String(error) });
    } finally {
      this.isRunning = false;
    }
  }

  /** No further piece. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }
}
