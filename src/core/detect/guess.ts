/**
 * Guessing: tries again what only a secret opens. A POST, a query with a password, or a request that is asked for one,
 * again on the same path, whatever the path is called.
 */
import type { Request } from './request.ts';

/** The first one on a path. */
const FIRST = 0.25;
/** What an honest log-in needs: a page before it, or the form itself; and it is sent on when it succeeds. */
const AFTER_PAGE = 0.5;
const AFTER_FORM = 0.35;
const SENT_ON = 0.25;
/** Where other clients do it again and again. */
const USUAL = 0.02;
/** Answers up to this size are an acknowledgement: no page says in them that the password was wrong. Bytes. */
const ACKNOWLEDGED_BYTES = 32;
/** A session that ended: the client was served there, or a page of the site asks. */
const LAPSED = 0.025;

/** Answers of another size each time, while guesses are answered alike; or a page of the site sends it, for a client that loads what pages show. */
const VARIED = 0.25;
/** 400 says that the request is malformed; OAuth says so of a wrong password as well (RFC 6749, 5.2). */
const MALFORMED = 0.5;
/** What a page of the site asks for, and what is gone. */
const GONE = 0.05;

export function weighGuess(request: Request): number {
  const { status, again } = request;
  if (request.excused || (request.failed && !request.login)) return 0;
  if (!request.post && !request.credentials) {
    if (status !== 401 || !again) return 0;
    return request.wasServed || request.fromOwnPage ? LAPSED : 1;
  }
  if (request.accepted || (request.acknowledged && !request.login)) return 0;
  if (status === 401 && !again) return 0;
  if (status === 401 && request.wasServed) return LAPSED;
  let points = again || request.login ? 1 : FIRST;
  if (!request.login && !request.credentials) {
    if (request.usualToRepeat) points *= USUAL;
    else if (!request.refused) points *= request.confidence * request.rarity ** 2 * (request.varied || request.browser ? VARIED : 1);
    else if (status === 400) points *= MALFORMED;
    else if (request.fromOwnPage && (status === 404 || status === 405 || status === 410)) points *= GONE;
  }
  if (request.loads === 2) return points * (status === 302 || status === 303 ? AFTER_FORM * SENT_ON : AFTER_FORM);
  return request.loads === 1 ? points * AFTER_PAGE : points;
}

/** True when an answer is too short to be a page. */
export function isAcknowledgement(size: number): boolean {
  return size <= ACKNOWLEDGED_BYTES;
}
