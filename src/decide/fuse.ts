/**
 * The fuse: when zban would ban too many of the clients that the site has served well, something else is wrong, and it spares
 * them. Strangers are banned all the same, so that nobody trips it by being refused from many addresses.
 */

import type { FuseReason, FuseReset, FuseTrip } from '../model/event.ts';
import { formatSecond } from '../model/time.ts';
import type { BanOptions } from '../settings/engine-settings.ts';

const WINDOW_SECONDS = 60;
/** How long it stays tripped: time for people to look, and no longer, for those it spares include attackers. `zban fuse reset` ends it. */
export const FUSE_HOLD_SECONDS = 600;
/** Below so many bans a share says nothing: on a quiet site a single scanner is a large part of the clients. */
const SHARE_BANS_MIN = 10;

/** A fuse that has tripped. */
export interface FuseHold {
  /** Epoch second at which banning resumes. */
  readonly until: number;
  readonly reason: FuseReason;
}

export interface FuseVerdict {
  readonly admitted: boolean;
  readonly event?: FuseTrip;
}

export class Fuse {
  /** Epoch second until which banning stays off; 0 unless the fuse has tripped. */
  trippedUntil = 0;
  private readonly options: BanOptions;
  private readonly perSecond = new Uint32Array(WINDOW_SECONDS);
  private newest = 0;
  private recent = 0;
  private reason: FuseReason = 'max_per_minute';

  constructor(options: BanOptions) {
    this.options = options;
  }

  /** Moves to `second`; tells when banning resumes. */
  advance(second: number): FuseReset | undefined {
    for (let s = Math.max(this.newest + 1, second - WINDOW_SECONDS + 1); s <= second; s++) {
      this.recent -= this.perSecond[s % WINDOW_SECONDS] as number;
      this.perSecond[s % WINDOW_SECONDS] = 0;
    }
    this.newest = Math.max(this.newest, second);
    return second < this.trippedUntil ? undefined : this.end(second);
  }

  /** Ends the hold before its time and forgets the bans that led to it; undefined unless it has tripped. */
  reset(second: number): FuseReset | undefined {
    const event = this.end(second);
    if (!event) return undefined;
    this.perSecond.fill(0);
    this.recent = 0;
    return event;
  }

  /** Trips it as it had tripped in an engine before this one. */
  restore({ until, reason }: FuseHold): void {
    this.trippedUntil = until;
    this.reason = reason;
  }

  /** Undefined unless it has tripped. */
  get hold(): FuseHold | undefined {
    const { trippedUntil: until, reason } = this;
    return until > 0 ? { until, reason } : undefined;
  }

  private end(second: number): FuseReset | undefined {
    if (this.trippedUntil === 0) return undefined;
    this.trippedUntil = 0;
    return { event: 'fuse', phase: 'reset', time: formatSecond(second), reason: this.reason };
  }

  /** Asks for one more ban at `second` while `clients` were seen in the window, and takes note of the answer. */
  admit(second: number, clients: number): FuseVerdict {
    const verdict = this.look(second, clients);
    if (verdict.admitted) this.count(second);
    else if (verdict.event) this.trip(second, verdict.event);
    return verdict;
  }

  /** What one more ban would be told; `event`: by it the fuse trips, and all such bans stop for the hold time (`FUSE_HOLD_SECONDS`). */
  look(second: number, clients: number): FuseVerdict {
    if (this.trippedUntil > 0) return { admitted: false };
    const { options } = this;
    const bans = this.recent + 1;
    const tooMany = bans > options.max_per_minute;
    const tooLarge = bans > SHARE_BANS_MIN && bans > options.max_share * clients;
    if (!tooMany && !tooLarge) return { admitted: true };
    const reason = tooMany ? 'max_per_minute' : 'max_share';
    const [time, until] = [formatSecond(second), formatSecond(second + FUSE_HOLD_SECONDS)];
    const why = { reason, limit: options[reason], bans, clients } as const;
    return { admitted: false, event: { event: 'fuse', phase: 'tripped', time, until, ...why } };
  }

  /** A ban that was admitted is carried out. */
  count(second: number): void {
    this.recent++;
    this.perSecond[second % WINDOW_SECONDS] = (this.perSecond[second % WINDOW_SECONDS] as number) + 1;
  }

  /** Stops bans from `second` on, for the reason of the event. */
  trip(second: number, { reason }: FuseTrip): void {
    this.trippedUntil = second + FUSE_HOLD_SECONDS;
    this.reason = reason;
  }
}
