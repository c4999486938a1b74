/**
 * Probing: asks for what is not there. A path counts once for a client, and only where nobody else is served: what others
 * are served is no discovery, and what they are refused as well is a broken link.
 */
import type { Request } from './request.ts';

/** A redirect says less than a refusal; a demand for a password or for patience less still, until it is met. */
const REDIRECT = 0.6;
const ASKED = 0.25;
/** The program behind the path broke. */
const FAILED = 0.5;
/** Code in a request that is served, where nobody else sends code. */
const PAYLOAD = 1;
/** A page of the size of the last ones is the answer to everything: a refusal in other words. */
const SAME_ANSWER = 0.65;
/** Others are refused there, too. */
const LIKEWISE = 0.25;
/** Pictures and fonts: pages miss them, scanners don't look for them. */
const PICTURE = 0.05;
const VERIFIED = 0.34;
const CLAIMED = 0.5;

export function weighScan(request: Request): number {
  const { status } = request;
  if (request.payload && !request.known) return PAYLOAD;
  if (request.served) return request.sameAnswer ? SAME_ANSWER : 0;
  if (request.paths === 0 || request.excused || (request.failed && request.known)) return 0;
  let points = 0;
  if (request.redirected) points = REDIRECT;
  else if (request.failed) points = FAILED;
  else if (request.refused) points = status === 401 || status === 407 || status === 419 || status === 429 ? ASKED : 1;
  if (points === 0) return 0;
  if (request.known || request.likewise) points *= LIKEWISE;
  if (request.picture) points *= PICTURE;
  if (request.verified) points *= VERIFIED;
  else if (request.robot) points *= CLAIMED;
  return points * request.paths;
}
