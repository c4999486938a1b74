/** What a request is, as far as detection needs it: its method's class and, in one pass over the bytes, hashes of its path. */
import { GET, HEAD, OTHER, POST } from './tally.ts';
import { WordMatcher } from './word-matcher.ts';

const [SPACE, HASH, SLASH, ZERO, NINE, QUESTION, STAR] = [0x20, 0x23, 0x2f, 0x30, 0x39, 0x3f, 0x2a];
/** A path segment of this length of which a fifth are digits is an identifier: it stands for all of its kind. */
const OPAQUE_LENGTH_MIN = 12;
const OPAQUE_DIGITS = 5;

/** Words of a log-in in any framework; `author` is none. */
const LOGIN_WORDS = [
  ...['login', 'log-in', 'logon', 'log-on', 'signin', 'sign-in', 'auth', 'passw', 'session', 'token', 'xmlrpc'],
];
const LOGIN_EXCEPTIONS = ['author'];

const logins = new WordMatcher(LOGIN_WORDS, LOGIN_EXCEPTIONS);

/** One byte more of FNV-1a (Fowler, Noll, Vo). */
const step = (hash: number, c: number): number => Math.imul(hash ^ c, 0x01000193);
const FNV_OFFSET = 0x811c9dc5 | 0;

/** Finaliser of MurmurHash3: FNV alone leaves the high bits of short texts alike. */
function finish(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  h ^= h >>> 13;
  return h >>> 0;
}

/** The method's class, one of GET … OTHER. */
export function methodClass(bytes: Uint8Array, start: number, end: number): number {
  const [first, length] = [bytes[start], end - start];
  if (length === 3 && first === 0x47 && bytes[start + 1] === 0x45 && bytes[start + 2] === 0x54) return GET;
  if (length !== 4) return OTHER;
  const rest =
    ((bytes[start + 1] as number) << 16) | ((bytes[start + 2] as number) << 8) | (bytes[start + 3] as number);
  if (first === 0x50 && rest === 0x4f5354) return POST;
  return first === 0x48 && rest === 0x454144 ? HEAD : OTHER;
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
    let [segmentAt, digits, inNumber] = [start, 0, false];
    let at = start;
    for (; at < end; at++) {
      const c = bytes[at] as number;
      if (c > NINE) {
        if (c === QUESTION) break;
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
          if (isOpaque(at - segmentAt, digits)) pattern = step(segment, STAR);
          pattern = segment = step(pattern, c);
          segmentAt = at + 1;
          digits = 0;
        } else pattern = step(pattern, c);
      }
      path = step(path, c);
    }
    if (isOpaque(at - segmentAt, digits)) pattern = step(segment, STAR);
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

function isOpaque(length: number, digits: number): boolean {
  return length >= OPAQUE_LENGTH_MIN && digits * OPAQUE_DIGITS >= length;
}
