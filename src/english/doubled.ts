/** Requests that the logs hold twice, in words. */
import type { DoubledPair } from '../traffic/doubled-lines.ts';

/** What an operator can do about it. */
export const DOUBLED_FIX =
  'keep one access_log line for each site in nginx (grep -rn access_log /etc/nginx), and name only its file in logs[]';

/** In words, with what follows from it. */
export function describeDoubled([log, other]: DoubledPair): string {
  return log === other
    ? `nginx writes each request into ${log} twice, in two formats: all requests count twice`
    : `${log} and ${other} hold the same requests: all of them count twice`;
}
