/** The fuse in words. */
import type { FuseReset, FuseTrip } from '../model/event.ts';

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
  return `${bans} new bans within a minute are more than ${limit * 100} % of the ${clients} clients seen (bans.max_share)`;
}
