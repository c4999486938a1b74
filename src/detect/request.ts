/** One request as the rules see it: what was asked and answered, what the site says of it, and what the client did before. */
import * as columns from '../parse/tally.ts';

/** Names of this module's own: V8 knows the value of a constant while it compiles, but not that of an imported one. */
const { ASSET, CHANGE, CREDENTIALS, INFO, LOGIN, METHOD_MASK, NUMBER, PATTERN, PAYLOAD } = columns;
const { PICTURE, POST, QUERY, ROBOT, SIZE, SIZE_UNKNOWN, STATUS_MASK, URL } = columns;
/** Set the paths of POSTs, and of requests that carry code, apart. */
const POST_SALT = 0x5bd1_e995;
const PAYLOAD_SALT = 0x1b87_3593;
/** Answers to a change that was made: no wrong password is answered so, no page is read so (RFC 9110, 15.3; RFC 4918, 11.1). */
const ACCEPTED: ReadonlySet<number> = new Set([201, 202, 204, 207]);
const ASKING: ReadonlySet<number> = new Set([401, 407, 419, 429]);
/** An answer up to this size is a receipt, with nothing to read: it says of no password that it was wrong. From there on it may be a page. Bytes. */
const [RECEIPT_BYTES, PAGE_BYTES] = [32, 160];

export class Request {
  // What was asked.
  post = false;
  /** PUT, PROPFIND and the like. */
  change = false;
  /** The URL carries code; its query carries a password; its path has a word of a log-in, or names a picture or a font. */
  payload = false;
  credentials = false;
  login = false;
  picture = false;
  hasQuery = false;
  /** The client says that it is a robot, or read what robots may do here (RFC 9309), and nobody refutes it. */
  robot = false;
  /** Hash of the path's pattern, apart for POSTs and code (signed); and as GET has it. */
  path = 0;
  page = 0;
  /** Hashes of 16 bits: of the path as it is above, of the whole URL below. */
  url = 0;
  /** The last number in the URL, modulo 2³². */
  number = 0;

  // What was answered.
  status = 0;
  /** 2xx or 304. */
  served = false;
  /** Another 3xx. */
  redirected = false;
  /** 302, 303: what a log-in that succeeds is answered. */
  sentOn = false;
  /** 4xx, but 499: there the client left. */
  refused = false;
  /** For a password or for patience: 401, 407, 419, 429. */
  asked = false;
  /** 5xx. */
  failed = false;
  /** Served, and named like a static file. */
  asset = false;
  accepted = false;
  /** Served, and neither sent anything nor carried code or a password. */
  plain = false;
  size = 0;

  // What the site says.
  /** Enough other clients are served there; or refused or redirected there. */
  known = false;
  likewise = false;
  /** 1 where nobody else is served, towards 0 the more are. */
  rarity = 1;
  /** Most other clients do it again and again; how well it is known what others do, 0–1. */
  usualToRepeat = false;
  confidence = 0;
  /** A page of this site names it; a page of another does. */
  fromOwnPage = false;
  crossSite = false;
  /** A page of this site names it, and the client loads files as pages make it do. */
  fromLoadedPage = false;
  /** The site fails: errors are nobody's fault. */
  excused = false;

  // What the client did before.
  /** It asked there before; by the same URL; and was served. */
  again = false;
  sameUrl = false;
  wasServed = false;
  /** Paths that this refusal, or code that is not usual there, stands for; 0 when the client tried it before. */
  newlyTried = 0;
  /** The request before it was redirected from a path that nobody else is served on: it may have led here. */
  led = false;
  /** The site accepted a change of this client, and refused none since. */
  writing = false;
  /** The answer has the size of one before it on another path; see ClientState.notePost. */
  sameAnswer = false;
  varied: 0 | 1 | 2 = 0;
  /** What counts once when it is refused: the URL, or the path where only a time differs, or a password is asked for. Hash of 16 bits. */
  attempt = 0;
  /** Seconds since its last request. */
  gap = 0;
  /** The client counts through records: the number in the URL is the next one above or below those that it asked for. */
  counting = false;
  /** Pages loaded that a POST takes: 2 is its form and one more that an earlier one led to. */
  loads: 0 | 1 | 2 = 0;
  /** No static file and no referer, where visitors have them. */
  bare = false;
  /** A robot whose operator vouches for the address; one that claims to be of an operator who does not. */
  verified = false;
  refuted = false;

  /** Reads the row of a tally that begins at `row`; what site and client say is for the caller. */
  read(rows: Uint32Array, row: number): void {
    const info = rows[row + INFO] as number;
    const status = info & STATUS_MASK;
    const method = info & METHOD_MASK;
    this.post = method === POST;
    this.change = method === CHANGE;
    this.payload = (info & PAYLOAD) !== 0;
    this.credentials = (info & CREDENTIALS) !== 0;
    this.login = (info & LOGIN) !== 0;
    this.picture = (info & PICTURE) !== 0;
    this.hasQuery = (info & QUERY) !== 0;
    this.robot = (info & ROBOT) !== 0;
    this.page = rows[row + PATTERN] as number;
    this.path = this.page ^ (this.post ? POST_SALT : 0) ^ (this.payload ? PAYLOAD_SALT : 0);
    this.url = rows[row + URL] as number;
    this.number = rows[row + NUMBER] as number;
    this.status = status;
    this.served = (status >= 200 && status < 300) || status === 304;
    this.redirected = status >= 300 && status < 400 && !this.served;
    this.sentOn = status === 302 || status === 303;
    this.refused = status >= 400 && status < 499;
    this.asked = this.refused && ASKING.has(status);
    this.failed = status >= 500;
    this.asset = this.served && (info & ASSET) !== 0;
    this.accepted = (this.post || this.change) && ACCEPTED.has(status);
    this.size = rows[row + SIZE] as number;
    this.plain = this.served && !this.post && !this.change && !this.payload && !this.credentials;
  }

  /** How much there is to read in the answer: 0 for a receipt, 1 for a page. */
  get legibility(): number {
    return Math.max(0, Math.min(1, (this.size - RECEIPT_BYTES) / (PAGE_BYTES - RECEIPT_BYTES)));
  }

  /** True for an answer that could be the same page for everything: something to read, on a path that is new to site and client. */
  get isFresh(): boolean {
    if (!this.plain || this.known || this.again) return false;
    return this.status !== 304 && this.size !== SIZE_UNKNOWN && this.size > RECEIPT_BYTES;
  }
}
