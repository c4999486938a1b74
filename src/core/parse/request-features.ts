/** What a request is, as far as detection needs it: its method's class and, in one pass over the bytes, hashes of its path. */
import { CHANGE, GET, HEAD, POST } from './tally.ts';
import { WordMatcher } from './word-matcher.ts';

const [SPACE, HASH, SLASH, ZERO, NINE, QUESTION, STAR] = [0x20, 0x23, 0x2f, 0x30, 0x39, 0x3f, 0x2a];
/** Between `?` and here are `@` and the capitals. */
const CAPITAL_Z = 0x5a;
/**
 * A path segment of this length is an identifier, which stands for all of its kind, when a fifth of it are digits, or two fifths
 * digits and capitals (base64).
 */
const OPAQUE_LENGTH_MIN = 12;
const OPAQUE_FIFTH = 5;

/**
 * Words of log-ins that answer a wrong password with a page. Those of interfaces for programs (auth, token, session) are
 * none: they refuse a wrong password, and are asked again and again by who has the right one.
 */
const LOGIN_WORDS = [
  ...[
    'login',
    'log-in',
    'log_in',
    'logon',
    'log-on',
    'signin',
    'sign-in',
    'sign_in',
    'passw',
    'xmlrpc',
    'administrator',
  ],
];

const logins = new WordMatcher(LOGIN_WORDS, []);

/** One byte more of FNV-1a (Fowler, Noll, Vo). */
const step = (hash: number, c: number): number => Math.imul(hash ^ c, 0x01000193);
const FNV_OFFSET = 0x811c9dc5 | 0;

/** Finaliser of MurmurHash3: FNV alone leaves the high bits of short texts alike. */
function finish(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  h ^= h >>> 13;
  return h >>> 0;
}

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

/** True when a user agent says that it is a browser: they all call themselves Mozilla. */
export function isBrowserAgent(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start > 3 && bytes[start] === 0x4d && bytes[start + 1] === 0x6f && bytes[start + 2] === 0x7a;
}

/** True when the path in `start`…`end` has a word of a log-in. */
export function isLogin(bytes: Uint8Array, start: number, end: number): boolean {
  return logins.matches(bytes, start, end);
}

export class PathFeatures {
  /** Hash of the path with its query dropped, identifiers and numbers folded. */
  pattern = 0;
  /** Hashes of 16 bits: of the path without query above, of the whole URL below. */
  url = 0;
  hasQuery = false;
  /** End of the path, before its query. */
  end = 0;

  /** Reads the path in `start`…`end`, which ends early at a space. */
  read(bytes: Uint8Array, start: number, end: number): void {
    let [path, pattern, segment] = [FNV_OFFSET, FNV_OFFSET, FNV_OFFSET];
    let [segmentAt, digits, capitals, inNumber] = [start, 0, 0, false];
    let at = start;
    for (; at < end; at++) {
      const c = bytes[at] as number;
      if (c > NINE) {
        if (c === QUESTION) break;
        if (c <= CAPITAL_Z) capitals++;
        pattern = step(pattern, c);
        inNumber = false;
      } else if (c >= ZERO) {
        digits++;
        if (!inNumber) pattern = step(pattern, ZERO);
        inNumber = true;
      } else {
        if (c === HASH || c === SPACE) break;
        inNumber = false;
        if (c === SLASH) {
          if (isOpaque(at - segmentAt, digits, capitals)) pattern = step(segment, STAR);
          pattern = segment = step(pattern, c);
          segmentAt = at + 1;
          digits = capitals = 0;
        } else pattern = step(pattern, c);
      }
      path = step(path, c);
    }
    if (isOpaque(at - segmentAt, digits, capitals)) pattern = step(segment, STAR);
    this.pattern = finish(pattern);
    this.end = at;
    this.hasQuery = false;
    this.readQuery(bytes, at, end, path);
  }

  /** Hashes what follows the path, whose hash is `path`. */
  private readQuery(bytes: Uint8Array, start: number, end: number, path: number): void {
    let url = path;
    for (let at = start; at < end; at++) {
      const c = bytes[at] as number;
      if (c === SPACE) break;
      if (c === QUESTION) this.hasQuery = true;
      url = step(url, c);
    }
    this.url = ((finish(path) & 0xffff_0000) | (finish(url) >>> 16)) >>> 0;
  }
}

function isOpaque(length: number, digits: number, capitals: number): boolean {
  if (length < OPAQUE_LENGTH_MIN || digits === 0) return false;
  return digits * OPAQUE_FIFTH >= length || (digits + capitals) * OPAQUE_FIFTH >= 2 * length;
}
