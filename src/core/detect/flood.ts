/** Flooding: more requests than anybody's use of the site, whatever they are for. */
import type { Request } from './request.ts';

const ANY = 0.1;
/** Once more on a path that is its habit: with another query, or the very same. */
const AGAIN = 0.065;
const SAME = 0.04;
/** Static files, accepted changes, pieces of a file. */
const LIGHT = 0.005;

export function weighFlood(request: Request): number {
  if ((request.asset && request.known) || request.accepted || (request.status === 206 && request.again)) return LIGHT;
  if (!request.again) return ANY;
  return request.sameUrl ? SAME : AGAIN;
}
