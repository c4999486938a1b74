/** The fuse in words. */
import type { FuseReset, FuseTrip } from '../model/event.ts';
import { countOf } from './number.ts';

/** What a tripped fuse means for clients, in words: without a subject's history (profile `classic`) it spares everybody. */
export const describeTripped = (profile: string): string =>
  profile === 'classic'
    ? 'nobody is banned automatically'
    : 'clients that the site has served well are not banned, strangers still are';

/** Why it tripped, or that it holds no longer. */
export function describeFuse(event: FuseTrip | FuseReset): string {
  if (event.phase === 'reset') return 'banning resumed';
  const { reason, limit, bans, clients } = event;
  if (reason === 'max_per_minute') return `more than ${limit} new bans within a minute (bans.max_per_minute)`;
  // 0.07 as it was written, not as it is multiplied.
  const percent = Number((limit * 100).toFixed(6));
  return `${countOf(bans, 'new ban')} within a minute are more than ${percent} % of the ${countOf(clients, 'client')} seen (bans.max_share)`;
}
