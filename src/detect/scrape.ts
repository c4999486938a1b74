/**
 * Scraping: the client gets one page after the other that hardly anybody else asks for, or counts through numbers. A path
 * where it was served before is its habit and weighs nothing.
 */
import type { Request } from './request.ts';
import type { Rule } from './rule.ts';

/** A client that loads no static file and comes from no page, on a site whose visitors do both. */
const BARE = 2.5;
/** The number after the last one, on the same path. */
const NEXT_NUMBER = 0.5;
/** Many URLs answered with pages of one size: they are refused in other words ("soft 404"). So much more. */
const SAME_ANSWER = 0.5;
/** A page of this site led there. */
const OWN_PAGE = 0.6;
/** … and the client took its time there, as people do: so many seconds. */
const READING = 0.4;
const READING_SECONDS = 2;
/** Who asks for no more than a request in so many seconds burdens nobody: robots that are asked to wait do (Crawl-delay). */
const POLITE_SECONDS = 8;
/** A redirect leads to a page that counts by itself. */
const REDIRECT = 0.5;
/** Robots read a site from end to end: those that are verified, and those that nobody has refuted. */
const VERIFIED = 0.05;
const CLAIMED = 0.34;

function weigh(request: Request): number {
  if (request.refused || request.failed || request.post || request.asset || request.accepted) return 0;
  if (request.status === 304) return 0;
  if (request.wasServed || (request.again && !request.served)) return request.counting ? weighNumber(request) : 0;
  if (request.sameAnswer) return request.rarity * (1 + SAME_ANSWER * request.confidence) * (request.bare ? BARE : 1);
  const points = request.redirected ? request.rarity * REDIRECT : request.rarity;
  if (request.verified) return points * VERIFIED;
  if (request.robot) return points * CLAIMED;
  if (request.fromOwnPage) return points * (request.gap >= READING_SECONDS ? READING : OWN_PAGE);
  return request.bare && request.gap < POLITE_SECONDS ? points * BARE : points;
}

/** Pages count on by themselves where others do, too; one who comes from no page reads records one by one. */
function weighNumber({ fromOwnPage, rarity, verified, robot }: Request): number {
  return NEXT_NUMBER * (fromOwnPage ? rarity : verified ? VERIFIED : robot ? CLAIMED : 1);
}

export const scrape: Rule<'scrape'> = {
  name: 'scrape',
  limit: 30,
  leak: 7,
  eases: true,
  isHostile: false,
  phrase: 'scraping: page after page that few others read',
  counted: 'pages that nobody else asks for',
  weigh,
};
