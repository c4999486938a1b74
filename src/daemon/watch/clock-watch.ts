/** Notices that somebody set this host's clock, and moves the ends of the bans in force with it. */

import type { Log } from '../../model/log.ts';
import { clockDraft } from '../../record/row/row.ts';
import type { AuditTrail } from '../../record/trail/audit-trail.ts';
import type { Bans } from '../bans/bans.ts';
import { readState, type States, stateOf } from '../saved-state.ts';
import { type HostClock, isSaved, readBootId } from './host-clock.ts';

const KEY = 'clock';

export interface ClockWatchOptions {
  readonly clock: HostClock;
  readonly trail: Pick<AuditTrail, 'loadState' | 'head'>;
  readonly bans: Pick<Bans, 'record'>;
  readonly log: Log;
  /** The clock was set forward by so many seconds, negative for back, and the trail has the new ends. */
  readonly onMoved: (seconds: number) => Promise<void>;
  /** Default: what the kernel says. */
  readonly bootId?: string;
}

export class ClockWatch {
  private readonly options: ClockWatchOptions;
  private readonly bootId: string;
  private readonly afterId: number;

  /** Also takes in how far the clock was set while zban was stopped. */
  constructor(options: ClockWatchOptions) {
    this.options = options;
    const { clock, trail, bans, bootId = readBootId() } = options;
    this.bootId = bootId;
    const resumed = clock.resume(readState(trail.loadState(KEY), isSaved), bootId);
    this.afterId = resumed?.afterId ?? trail.head.id;
    if (resumed === undefined) bans.record([], this.state);
    else if (resumed.movedMs !== 0) this.record(resumed.movedMs);
  }

  /** To be called each second. Resolves when everybody goes by the new time. */
  async look(): Promise<void> {
    const movedMs = this.options.clock.look();
    if (movedMs === 0) return;
    this.record(movedMs);
    await this.options.onMoved(Math.round(movedMs / 1000));
  }

  private get state(): States {
    return stateOf(KEY, this.options.clock.save(this.bootId, this.afterId));
  }

  private record(movedMs: number): void {
    const { clock, bans, log } = this.options;
    const draft = clockDraft(clock.now(), movedMs, this.afterId);
    log('warn', draft.detail);
    bans.record([draft], this.state);
  }
}
