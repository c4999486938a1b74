/** Scraping: is served one page after the other that hardly anybody else asks for. What it was served before is its habit. */
import type { Request } from './request.ts';

/** A client that loads no static file and comes from no page, where visitors do both. */
const BARE = 2.5;
/** Counts through the numbers of a path. */
const NEXT = 0.5;
const VERIFIED = 0.1;
/** It says that it is a robot, and nobody said that this is a lie. */
const CLAIMED = 0.34;

export function weighScrape(request: Request): number {
  if (request.refused || request.post || request.asset || request.accepted) return 0;
  if (request.wasServed) return request.next && request.served ? NEXT : 0;
  if (request.again && !request.served) return 0;
  let points = request.rarity * (request.redirected ? 0.5 : 1);
  if (request.verified) return points * VERIFIED;
  if (request.robot) return points * CLAIMED;
  return request.bare ? points * BARE : points;
}
