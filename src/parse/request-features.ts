/** What a request is, as far as detection needs it, beside its path: its method's class, words of a log-in, the host it comes from. */
import { FNV_OFFSET, finish, step } from './fnv.ts';
import { CHANGE, GET, HEAD, POST } from './tally.ts';
import { WordMatcher } from './word-matcher.ts';

const [HASH, SLASH, QUESTION] = [0x23, 0x2f, 0x3f];
const [CAPITAL_A, CAPITAL_Z] = [0x41, 0x5a];

/**
 * Words of log-ins that answer a wrong password with a page. Those of interfaces for programs (auth, token, session) are
 * none: they refuse a wrong password, and are asked again and again by who has the right one.
 */
const LOGIN_WORDS = [
  ...['login', 'log-in', 'log_in', 'logon', 'log-on', 'signin', 'sign-in', 'sign_in'],
  ...['passw', 'xmlrpc', 'administrator'],
];
const logins = new WordMatcher(LOGIN_WORDS, []);

/** First letters of PUT, PATCH, DELETE, and of WebDAV's COPY, LOCK, MKCOL, MOVE, PROPFIND, REPORT, SEARCH, UNLOCK. */
const CHANGE_LETTERS = new Set([...'CDLMPRSU'].map((letter) => letter.charCodeAt(0)));
const [CONNECT_LENGTH, LETTER_C, LETTER_G] = [7, 0x43, 0x47];

/** The method's class, one of GET … CHANGE. */
export function methodClass(bytes: Uint8Array, start: number, end: number): number {
  const [first, length] = [bytes[start] as number, end - start];
  if (first === LETTER_G) return GET;
  if (length === 4) {
    const rest =
      ((bytes[start + 1] as number) << 16) | ((bytes[start + 2] as number) << 8) | (bytes[start + 3] as number);
    if (first === 0x50 && rest === 0x4f5354) return POST;
    if (first === 0x48 && rest === 0x454144) return HEAD;
  }
  const connect = first === LETTER_C && length === CONNECT_LENGTH;
  return CHANGE_LETTERS.has(first) && !connect ? CHANGE : GET;
}

/** True when the path in `start`…`end` has a word of a log-in. */
export function isLogin(bytes: Uint8Array, start: number, end: number): boolean {
  return logins.matches(bytes, start, end);
}

/** Hash of the host in a referer, in lower case; 0 when it has none. */
export function hostHash(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== SLASH) at++;
  if (bytes[at + 1] !== SLASH) return 0;
  let hash = FNV_OFFSET;
  for (at += 2; at < end; at++) {
    const c = bytes[at] as number;
    if (c === SLASH || c === QUESTION || c === HASH) break;
    hash = step(hash, c >= CAPITAL_A && c <= CAPITAL_Z ? c | 0x20 : c);
  }
  return finish(hash);
}
