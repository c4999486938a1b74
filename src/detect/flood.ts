/** Flooding: more requests than anybody's use of the site makes, whatever they are for. */
import type { Request } from './request.ts';
import type { Rule } from './rule.ts';

const ANY = 0.1;
/** The same URL again: crowds behind one address and pollers make thousands. */
const USUAL = 0.07;
/** Another URL of a habit: a map that is dragged about asks for fifty tiles a second. */
const TILE = 0.05;
/** Another URL of what others are served, too: many people, each of whom wants something else. */
const VARIOUS = 0.02;
/** A static file that hardly anybody else loads. */
const FILE = 0.04;
/** What programs and pages make thousands of (below). */
const LIGHT = 0.005;
/** A robot whose operator vouches for it reads all day. */
const VERIFIED = 0.34;

/** True for requests that honest clients make by the thousand: static files, accepted changes, pieces of a file. */
export function isLight(request: Request): boolean {
  const { asset, accepted, status, again, picture, excused } = request;
  return asset || accepted || (status === 206 && again) || (picture && excused);
}

/** Whether there is news, in a few bytes, is what the tabs of a crowd ask each few seconds. A body of none is HEAD's, or withheld (304). */
function weighRepeated({ known, served, size, legibility }: Request): number {
  return known && served && size > 0 ? Math.max(VARIOUS, USUAL * legibility) : USUAL;
}

function weigh(request: Request): number {
  if (isLight(request)) return request.asset && !request.known && !request.again ? FILE : LIGHT;
  const { sameUrl, hasQuery, known, again, verified } = request;
  const points = sameUrl ? weighRepeated(request) : hasQuery ? ANY : known ? VARIOUS : again ? TILE : ANY;
  return verified ? points * VERIFIED : points;
}

export const flood: Rule<'flood'> = {
  name: 'flood',
  limit: 45,
  leak: 10,
  eases: false,
  isHostile: false,
  phrase: 'flooding: far more requests than visitors make',
  counted: 'requests',
  requestsPerPoint: 10,
  weigh,
};
