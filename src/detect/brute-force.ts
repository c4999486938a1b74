/**
 * Guessing: the client tries again what only a secret opens: a POST, a query with a password, or a request that is asked
 * for a password, again on the same path, whatever the path is called. What others send there is the yardstick.
 */
import type { Request } from './request.ts';
import type { Rule } from './rule.ts';

/** The first one on a path. */
const FIRST = 0.25;
/** What comes before an honest log-in: a page; and when it succeeds it is sent on (302, 303) from its form to another page. */
const AFTER_PAGE = 0.35;
const SENT_ON = 0.1;
/** A page of another site sends it: single sign-on does, and so does a hidden form, whose visitors know nothing of it. */
const CROSS_SITE = 0.5;
/** A page of this site sends it: editors, chats and uploads do, all day; so much less the longer it waited, in seconds. */
const OWN_PAGE = 0.15;
/** Hardly anything: most others do it again and again, too. Such a request a second stays below the leak. */
const HARDLY = 0.02;
/** Answered with another size than before, while guesses are answered alike; hardly anything where it mostly differs from both before. */
export const VARIED = 0.25;
const BY_VARIETY = [1, VARIED, HARDLY] as const;
/** 400 says that the request is malformed; OAuth says so of a wrong password as well (RFC 6749, 5.2). */
const MALFORMED = 0.5;
/** There is no form any more, or never was: nothing to guess. */
const GONE = 0.25;
const GONE_STATUSES: ReadonlySet<number> = new Set([404, 405, 410]);
/** A session that ended: the client was served there before, or a page of the site asks. */
const LAPSED = 0.025;
/** A POST that was served before, now answered 403: the token of its page ran out. */
const OUTDATED = 0.3;
/** The same again, answered 403: a key that is wrong, or a program that nobody told. */
const FORBIDDEN = 0.1;

function weigh(request: Request): number {
  if ((request.excused && !request.served) || (request.failed && !request.login)) return 0;
  if (!request.post && !request.credentials && !isSecretChange(request)) return weighDemand(request);
  if (request.accepted || (request.credentials && request.sameUrl)) return 0;
  // Where one signs in no session ends: that an account of its own opened once makes the client no owner of the others.
  const lapsed = request.wasServed && !request.login;
  if (request.status === 401 && (!request.again || lapsed)) return request.again ? LAPSED : 0;
  let points = request.again || request.login ? 1 : FIRST;
  if (request.credentials) points *= BY_VARIETY[request.varied];
  else if (!request.login) points *= weighPlain(request);
  if (GONE_STATUSES.has(request.status) || (request.served && !request.login)) points *= request.legibility;
  // A form that is moved for good (301) never gets what is sent to it: the page after it is no form that a person fills in.
  if (request.login && request.status === 301) return points;
  if (request.loads > 0) points *= AFTER_PAGE;
  if (request.loads === 2) points *= SENT_ON;
  return request.crossSite ? points * CROSS_SITE : points;
}

/** PUT and PATCH may carry a password as POST does; but at another URL they change another thing. */
function isSecretChange({ change, sameUrl, served, status }: Request): boolean {
  return change && sameUrl && (served || status === 401 || status === 403);
}

/** A request without a secret of its own, answered 401 or 403: basic authentication and keys come in a header (RFC 7617). */
function weighDemand({ status, again, wasServed, fromOwnPage, known }: Request): number {
  if (!again || (status !== 401 && status !== 403)) return 0;
  if (wasServed || fromOwnPage) return LAPSED;
  return status === 401 ? 1 : known ? 0 : FORBIDDEN;
}

/** A POST on a path without a word of a log-in. */
function weighPlain(request: Request): number {
  const { usualToRepeat, fromOwnPage, gap, refused, varied, confidence, rarity } = request;
  if (usualToRepeat) return HARDLY;
  const manner = fromOwnPage ? OWN_PAGE : 1;
  if (refused) return manner * weighRefusal(request);
  const pace = fromOwnPage ? Math.max(1, gap) : 1;
  return (manner / pace) * BY_VARIETY[varied] * confidence * rarity ** 2;
}

function weighRefusal({ status, wasServed }: Request): number {
  if (GONE_STATUSES.has(status)) return GONE;
  if (status === 400) return MALFORMED;
  return status === 403 && wasServed ? OUTDATED : 1;
}

/** The leak stays below one request in 30 s, so that slow guessing fills the bucket. */
export const bruteForce: Rule<'brute_force'> = {
  name: 'brute_force',
  limit: 7,
  leak: 1.3,
  eases: true,
  isHostile: true,
  phrase: 'guessing passwords: the same request again and again',
  counted: 'such attempts',
  weigh,
};
