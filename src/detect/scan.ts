/**
 * Probing: the client asks for what is not there. A URL counts once for a client, and fully only where nobody else is
 * served: what others are served is no discovery, and what others are refused as well is a broken link.
 */
import type { Request } from './request.ts';
import type { Rule } from './rule.ts';

/** Less than a refusal: a redirect or a failure of the program behind the path; a demand for a password or for patience. */
const DIVERTED = 0.6;
const ASKED = 0.25;
/**
 * Others are served there, or refused or redirected there, too; the client was served there; the site fails; a page of it asks
 * again, with another query. And: the client is redirected there again.
 */
const LIKEWISE = 0.25;
/** A page of this site asks for it, of a client that loads its files: pages miss parts of themselves, above all after an update. */
const OWN_PAGE = 0.65;
/** Pictures and fonts: pages miss them, scanners do not look for them. */
const PICTURE = 0.05;
/** A client that loads no static file and comes from no page, on a site whose visitors do both. */
const BARE = 1.3;
/** Robots follow links that are old: those that are verified, and those that nobody has refuted. */
const VERIFIED = 0.25;
const CLAIMED = 0.8;

function weigh(request: Request): number {
  // Code in a request, where nobody else's requests carry code, is an attempt however it is answered.
  if (request.newlyTried === 0) return 0;
  if (request.payload && !request.known) return request.newlyTried;
  // A form that was sent is sent on (302, 303): what it was is for the rule about guesses.
  if (request.served || (request.post && request.sentOn)) return 0;
  if (request.known ? request.failed || request.excused : request.failed && request.excused) return 0;
  let points = 1;
  if (request.redirected || request.failed) points = DIVERTED;
  else if (request.asked) points = ASKED;
  else if (!request.refused || request.writing) return 0;
  // A redirect and the refusal that it leads to are one attempt.
  else if (request.led) points -= DIVERTED;
  const polls = request.again && request.hasQuery && request.fromOwnPage;
  // Single sign-on and links to a storage lead on each time; numbers in turn are records.
  if (request.redirected && request.again && !request.counting) points *= LIKEWISE;
  if (request.known || request.likewise || request.wasServed || request.excused || polls) points *= LIKEWISE;
  else if (request.fromLoadedPage && request.refused) points *= OWN_PAGE;
  if (request.picture) points *= PICTURE;
  if (request.verified) points *= VERIFIED;
  else if (request.robot) points *= CLAIMED;
  else if (request.bare && request.refused) points *= BARE;
  return points * request.newlyTried;
}

/** The leak stays below one request in 20 s, so that slow scans fill the bucket. */
export const scan: Rule<'scan'> = {
  name: 'scan',
  limit: 12,
  leak: 1.2,
  eases: true,
  servedLeak: 2.5,
  isHostile: true,
  phrase: 'probing for what is not there',
  counted: 'requests for paths where nobody else is served',
  weigh,
};
