/** What the path and the query of a request are, as far as detection needs it: hashes, and what they carry, in one pass over the bytes. */
import { FNV_OFFSET, finish, step } from './fnv.ts';
import { escapedByte, isPathEnd, NormalPath, pathEnd } from './normal-path.ts';

const [SPACE, HASH, PERCENT, DOT, SLASH, ZERO, NINE] = [0x20, 0x23, 0x25, 0x2e, 0x2f, 0x30, 0x39];
const [SEMICOLON, EQUALS, QUESTION, STAR, DOLLAR, AND, OPENING] = [0x3b, 0x3d, 0x3f, 0x2a, 0x24, 0x26, 0x7b];
/** Between `?` and CAPITAL_Z are `@` and the capitals. */
const [CAPITAL_A, CAPITAL_Z] = [0x41, 0x5a];
/**
 * A path segment of this length is an identifier, which stands for all of its kind, when a fifth of it are digits, or two fifths
 * digits and capitals (base64).
 */
const OPAQUE_LENGTH_MIN = 12;
const OPAQUE_FIFTH = 5;

/** Bytes that code has and words do not: 1, or more; those of JSON, which pages send in queries, count against it in the same parameter. */
const PAYLOAD_BYTES = new Int8Array(256);
for (const c of '\'"()<>;`\\') PAYLOAD_BYTES[c.charCodeAt(0)] = 1;
for (const c of '{}[]') PAYLOAD_BYTES[c.charCodeAt(0)] = -100;
const PAYLOAD_MIN = 2;
PAYLOAD_BYTES[0] = PAYLOAD_MIN;
/** What the bytes of a query mean: 0 nothing, 1 something, or a digit. */
const DIGIT = 2;
const QUERY_BYTES = Uint8Array.from({ length: 256 }, (_, c) => (PAYLOAD_BYTES[c] !== 0 ? 1 : 0));
for (const c of [QUESTION, PERCENT, EQUALS, DOT, HASH, SLASH, STAR, DOLLAR, AND]) QUERY_BYTES[c] = 1;
QUERY_BYTES.fill(DIGIT, ZERO, NINE + 1);

export class PathFeatures {
  /** Hash of the normalised path without its query, identifiers and numbers folded. */
  pattern = 0;
  /** Hashes of 16 bits: of the path without query above, of the whole URL below. */
  url = 0;
  /** The last number in the URL, modulo 2³². */
  number = 0;
  hasQuery = false;
  /** The query or path carries code rather than words: see PAYLOAD_BYTES. */
  payload = false;
  /** The query names a password. */
  credentials = false;
  /** End of the path, before its query. */
  end = 0;
  /** Hash of the path as it is, numbers and identifiers included; valid while reading. */
  private path = 0;
  /** Where the byte of a query that was read last ends; valid while reading. */
  private past = 0;
  private readonly key: number;
  private readonly normal = new NormalPath();

  /** `key` sets the hashes of one installation apart from those of others: nobody outside can find two paths that collide. */
  constructor(key = 0) {
    this.key = FNV_OFFSET ^ key;
  }

  /** Reads the path in `start`…`end`, which ends early at a space; of a `program`, what follows its name is dropped. */
  read(bytes: Uint8Array, start: number, end: number, program = false): void {
    if (!this.hash(bytes, start, end, program)) {
      this.end = pathEnd(bytes, start, end);
      this.normal.read(bytes, start, this.end);
      this.hash(this.normal.bytes, 0, this.normal.length, program, true);
    }
    this.readQuery(bytes, this.end, end);
  }

  /** False when the path needs to be normalised first: RFC 3986, 6.2.2 and 5.2.4, and repeated slashes. */
  private hash(bytes: Uint8Array, start: number, end: number, program: boolean, isNormal = false): boolean {
    let [path, pattern, segment] = [this.key, this.key, this.key];
    let [segmentAt, digits, capitals, inNumber] = [start, 0, 0, false];
    let [at, number] = [start, 0];
    for (; at < end; at++) {
      let c = bytes[at] as number;
      if (c > NINE) {
        if (c === QUESTION) break;
        if (c <= CAPITAL_Z) {
          capitals++;
          if (c >= CAPITAL_A) c |= 0x20;
          else if (c === SEMICOLON && !isNormal) return false;
        }
        pattern = step(pattern, c);
        inNumber = false;
      } else if (c >= ZERO) {
        digits++;
        if (!inNumber) {
          pattern = step(pattern, ZERO);
          number = 0;
        }
        number = (Math.imul(number, 10) + c - ZERO) | 0;
        inNumber = true;
      } else {
        if (c === SPACE || c === HASH) break;
        inNumber = false;
        if (c === SLASH) {
          if (!isNormal && isOdd(bytes, at, end)) return false;
          if (program && isProgram(bytes, at)) {
            if (!isNormal) this.end = pathEnd(bytes, at, end);
            break;
          }
          if (isOpaque(at - segmentAt, digits, capitals)) pattern = step(segment, STAR);
          // A slash at the end names the same thing.
          if (isPathEnd(bytes, at + 1, end) && at > start) continue;
          pattern = segment = step(pattern, c);
          segmentAt = at + 1;
          digits = capitals = 0;
        } else {
          if (c === PERCENT && !isNormal) return false;
          pattern = step(pattern, c);
        }
      }
      path = step(path, c);
    }
    if (bytes[at - 1] !== SLASH && isOpaque(at - segmentAt, digits, capitals)) pattern = step(segment, STAR);
    this.pattern = finish(pattern);
    this.path = path;
    this.number = number >>> 0;
    if (!isNormal) this.end = at < end && bytes[at] === SLASH ? this.end : at;
    return true;
  }

  /** Hashes what follows the path, and looks at what it carries. */
  private readQuery(bytes: Uint8Array, start: number, end: number): void {
    const { path } = this;
    let url = path;
    let [odd, number, inNumber] = [0, 0, false];
    // The byte right before, where it means something, and dots in a row.
    let [before, dots] = [0, 0];
    this.hasQuery = this.credentials = this.payload = false;
    for (let at = start; at < end; at++) {
      const c = bytes[at] as number;
      if (c === SPACE) break;
      url = step(url, c);
      const kind = QUERY_BYTES[c] as number;
      if (kind === DIGIT) {
        number = (Math.imul(inNumber ? number : 0, 10) + c - ZERO) | 0;
        inNumber = true;
        this.number = number >>> 0;
        continue;
      }
      inNumber = false;
      if (kind === 0) continue;
      // No browser sends a fragment (RFC 9110, 4.2.5).
      if (c === HASH) {
        this.payload = true;
        while (++at < end && bytes[at] !== SPACE) url = step(url, bytes[at] as number);
        break;
      }
      if (this.past !== at) before = 0;
      const plain = this.plainByte(bytes, at, end);
      if (c === QUESTION) this.hasQuery = true;
      else if (c === EQUALS) this.credentials ||= isPassword(bytes, at);
      else if (c === AND) {
        this.payload ||= odd >= PAYLOAD_MIN;
        odd = 0;
      } else odd += PAYLOAD_BYTES[plain] as number;
      dots = plain !== DOT ? dots : before === DOT ? dots + 1 : 1;
      // One way up may be a link, two look for a file of the host; comments stand for the spaces between words of code.
      if (plain === SLASH && ((before === DOT && dots > 1) || before === STAR)) odd++;
      // What templates replace: `${…}`, `{{…}}`, `%{…}`.
      if (plain === OPENING && (before === DOLLAR || before === OPENING || before === PERCENT)) this.payload = true;
      before = plain;
    }
    this.payload ||= odd >= PAYLOAD_MIN;
    this.url = ((finish(path) & 0xffff_0000) | (finish(url) >>> 16)) >>> 0;
  }

  /** The byte that stands at `at`, however often it is escaped (`%252e`). */
  private plainByte(bytes: Uint8Array, at: number, end: number): number {
    let plain = bytes[at] as number;
    this.past = at + 1;
    while (plain === PERCENT) {
      // Of an escape within another only the digits are left: its percent sign is the last digit of that around it.
      const inner = escapedByte(bytes, this.past - 1, end);
      if (inner > 255) break;
      plain = inner;
      this.past += 2;
    }
    return plain;
  }
}

/** True when RFC 3986 removes what follows the slash at `at`: another slash, or a segment that begins like `.` or `..`. */
function isOdd(bytes: Uint8Array, at: number, end: number): boolean {
  const c = bytes[at + 1];
  if (c !== DOT || at + 1 >= end) return c === SLASH && at + 1 < end;
  const d = bytes[at + 2];
  return d === DOT || d === SLASH || isPathEnd(bytes, at + 2, end);
}

/** True when a program's name ends before `at`: `/index.php/what/follows` is answered by index.php. */
function isProgram(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at - 4] === DOT &&
    ((bytes[at - 3] as number) | 0x20) === 0x70 &&
    ((bytes[at - 2] as number) | 0x20) === 0x68 &&
    ((bytes[at - 1] as number) | 0x20) === 0x70
  );
}

/** True when the name of a parameter that ends at `at` is one of a password: `pass`, `password`, `user_pwd`. */
function isPassword(bytes: Uint8Array, at: number): boolean {
  const lower = (offset: number) => (bytes[at - offset] as number) | 0x20;
  if (lower(1) === 0x64) {
    // …pwd, …passwd, …password
    if (lower(2) === 0x77 && lower(3) === 0x70) return true;
    if (lower(2) === 0x77) return lower(3) === 0x73 && lower(4) === 0x73 && lower(5) === 0x61 && lower(6) === 0x70;
    return lower(2) === 0x72 && lower(3) === 0x6f && lower(4) === 0x77 && lower(5) === 0x73 && lower(6) === 0x73;
  }
  return lower(1) === 0x73 && lower(2) === 0x73 && lower(3) === 0x61 && lower(4) === 0x70;
}

/** The pattern of a path without query for people to read: numbers are `#`, identifiers `*`. */
export function patternName(path: string): string {
  const count = (part: string, kind: RegExp) => part.match(kind)?.length ?? 0;
  const fold = (part: string) => (isOpaque(part.length, count(part, /\d/g), count(part, /[A-Z]/g)) ? '*' : part);
  return path.split('/').map(fold).join('/').replace(/\d+/g, '#');
}

function isOpaque(length: number, digits: number, capitals: number): boolean {
  if (length < OPAQUE_LENGTH_MIN || digits === 0) return false;
  return digits * OPAQUE_FIFTH >= length || (digits + capitals) * OPAQUE_FIFTH >= 2 * length;
}
