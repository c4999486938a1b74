/** The fuse: when zban would ban too many at once, something else is wrong, and it stops banning. */
import type { BanOptions } from '../engine-options.ts';
import type { FuseEvent } from '../event.ts';
import { formatSecond } from '../time.ts';

const WINDOW_SECONDS = 60;

export class Fuse {
  /** Epoch second until which banning stays off; 0 while the fuse is whole. */
  blownUntil = 0;
  private readonly options: BanOptions;
  private readonly holdSeconds: number;
  private readonly perSecond = new Uint32Array(WINDOW_SECONDS);
  private newest = 0;
  private recent = 0;
  private reason: FuseEvent['reason'] = 'max_per_minute';

  constructor(options: BanOptions) {
    this.options = options;
    this.holdSeconds = Math.round(options.fuse_hold / 1000);
  }

  /** Moves to `second`; tells when banning resumes. */
  advance(second: number): FuseEvent | undefined {
    for (let s = Math.max(this.newest + 1, second - WINDOW_SECONDS + 1); s <= second; s++) {
      this.recent -= this.perSecond[s % WINDOW_SECONDS] as number;
      this.perSecond[s % WINDOW_SECONDS] = 0;
    }
    this.newest = Math.max(this.newest, second);
    if (this.blownUntil === 0 || second < this.blownUntil) return undefined;
    this.blownUntil = 0;
    const { reason } = this;
    return { event: 'fuse', phase: 'reset', time: formatSecond(second), reason, detail: 'banning resumed' };
  }

  /**
   * Asks for one more ban at `second` while `clients` were seen in the window. Blowing the fuse stops all bans for
   * the hold time (`bans.fuse_hold`).
   */
  admit(second: number, clients: number): { admitted: boolean; event?: FuseEvent } {
    if (this.blownUntil > 0) return { admitted: false };
    const { max_per_minute, max_share, max_share_min_bans } = this.options;
    const wanted = this.recent + 1;
    const tooMany = wanted > max_per_minute;
    const tooLarge = wanted > max_share_min_bans && wanted > max_share * clients;
    if (!tooMany && !tooLarge) {
      this.recent = wanted;
      this.perSecond[second % WINDOW_SECONDS] = (this.perSecond[second % WINDOW_SECONDS] as number) + 1;
      return { admitted: true };
    }
    this.blownUntil = second + this.holdSeconds;
    const detail = tooMany
      ? `more than ${max_per_minute} new bans within a minute (bans.max_per_minute)`
      : `${wanted} new bans within a minute are more than ${max_share * 100} % of the ${clients} clients seen (bans.max_share)`;
    this.reason = tooMany ? 'max_per_minute' : 'max_share';
    const { reason } = this;
    return { admitted: false, event: { event: 'fuse', phase: 'blown', time: formatSecond(second), reason, detail } };
  }
}
