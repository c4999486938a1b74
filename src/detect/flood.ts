/** Flooding: more requests than anybody's use of the site makes, whatever they are for. */
import type { Request } from './request.ts';
import type { Rule } from './rule.ts';

const ANY = 0.1;
/** What others are served as well, or the client asked for lately: crowds behind one address and pollers make thousands. */
const USUAL = 0.07;
/** … and by another URL each time: a map that is dragged about asks for fifty tiles a second. */
const TILE = 0.05;
/** … and by another URL than it asked for there: many people, each of whom wants something else. */
const VARIOUS = 0.02;
/** A static file that hardly anybody else loads. */
const FILE = 0.04;
/** Known static files, accepted changes, pieces of a file: programs and pages make thousands of them. */
const LIGHT = 0.005;
/** A robot whose operator vouches for it reads all day. */
const VERIFIED = 0.34;

/** True for requests that honest clients make by the thousand: static files, accepted changes, pieces of a file. */
export function isLight(request: Request): boolean {
  return (
    request.asset ||
    request.accepted ||
    (request.status === 206 && request.again) ||
    (request.picture && request.excused)
  );
}

function weigh(request: Request): number {
  if (isLight(request)) return request.asset && !request.known && !request.again ? FILE : LIGHT;
  const points = request.sameUrl ? USUAL : request.hasQuery ? ANY : weighOther(request);
  return request.verified ? points * VERIFIED : points;
}

/** By a URL that it did not ask for lately. */
function weighOther({ known, again, served }: Request): number {
  if (known) return VARIOUS;
  if (!again) return ANY;
  return served ? TILE : USUAL;
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
