/** One request as the rules see it: what was asked and answered, and what site and client have to do with it. */
import {
  ASSET,
  BROWSER,
  CHANGE,
  CREDENTIALS,
  INFO,
  LOGIN,
  METHOD_MASK,
  NUMBER,
  PATTERN,
  PAYLOAD,
  PICTURE,
  POST,
  QUERY,
  ROBOT,
  SIZE,
  STATUS_MASK,
  URL,
} from '../parse/tally.ts';

/** Set the paths of POSTs, and of requests that carry code, apart. */
const POST_SALT = 0x5bd1_e995;
const PAYLOAD_SALT = 0x1b87_3593;

export class Request {
  // What was asked.
  post = false;
  hasQuery = false;
  payload = false;
  credentials = false;
  /** The path has a word of a log-in. */
  login = false;
  picture = false;
  /** Its name is one of a static file. */
  robot = false;
  browserAgent = false;
  /** Hash of the normalised path, numbers and identifiers folded, apart for POSTs and code; and as GET has it. */
  path = 0;
  page = 0;
  /** Hash of the path as it is (16 bits) and of the whole URL (16 bits). */
  url = 0;
  /** Hash of the folded path (15 bits) and of the whole URL (16 bits). */
  habit = 0;
  /** The same of a GET. */
  pageHabit = 0;

  // What was answered.
  status = 0;
  /** 2xx or 304. */
  served = false;
  /** Another 3xx. */
  redirected = false;
  /** 4xx, but 499: there the client left. */
  refused = false;
  /** 5xx. */
  failed = false;
  /** A static file, served. */
  asset = false;
  /** 201, 202, 204 and 207 answer a change that the site made: no password that is wrong, no page that is read (RFC 9110, 4918). */
  accepted = false;
  /** Served without anything to read. */
  acknowledged = false;
  size = 0;
  /** The last number in the path; and it is the one after the client's last, on the same pattern. */
  number = 0;
  next = false;

  // What the site says.
  /** Enough other clients are served there. */
  known = false;
  /** Enough other clients are refused there. */
  likewise = false;
  /** 1 where nobody else is served, towards 0 the more are. */
  rarity = 0;
  /** Other clients do that again and again. */
  usualToRepeat = false;
  /** How well that is known: 0–1. */
  confidence = 0;
  /** A page of this site named it. */
  fromOwnPage = false;
  /** The site fails. */
  excused = false;

  // What the client did before.
  /** It asked there before, or was served there. */
  again = false;
  sameUrl = false;
  wasServed = false;
  /** So many paths more that it is refused on. */
  paths = 0;
  /** The answer has the size of those before it. */
  sameAnswer = false;
  /** The answer to this POST has another size than that to the last. */
  varied = false;
  /** 2: it loaded the form before this POST, 1: another page, 0: none. */
  loads = 0;
  bare = false;
  /** It loads what pages show, and a page of the site sends it. */
  browser = false;
  verified = false;

  /** Reads the row of a tally that begins at `row`. */
  read(rows: Uint32Array, row: number): void {
    const info = rows[row + INFO] as number;
    const status = info & STATUS_MASK;
    const method = info & METHOD_MASK;
    const post = method === POST;
    const served = (status >= 200 && status < 300) || status === 304;
    this.status = status;
    this.post = post;
    this.payload = (info & PAYLOAD) !== 0;
    this.credentials = (info & CREDENTIALS) !== 0;
    const salt = (post ? POST_SALT : 0) ^ (this.payload ? PAYLOAD_SALT : 0);
    this.page = rows[row + PATTERN] as number;
    this.path = (this.page ^ salt) >>> 0;
    this.url = (rows[row + URL] as number) >>> 0;
    this.pageHabit = ((this.page & 0x7fff_0000) | (this.url & 0xffff)) >>> 0;
    this.habit = ((this.path & 0x7fff_0000) | (this.url & 0xffff)) >>> 0;
    this.served = served;
    this.redirected = status >= 300 && status < 400 && !served;
    this.refused = status >= 400 && status < 499;
    this.failed = status >= 500;
    this.asset = served && (info & ASSET) !== 0;
    this.size = rows[row + SIZE] as number;
    this.number = rows[row + NUMBER] as number;
    this.accepted = (post || method === CHANGE) && (status === 201 || status === 202 || status === 204 || status === 207);
    this.login = (info & LOGIN) !== 0;
    this.hasQuery = (info & QUERY) !== 0;
    this.picture = (info & PICTURE) !== 0;
    this.robot = (info & ROBOT) !== 0;
    this.browserAgent = (info & BROWSER) !== 0;
  }
}
