/** One request as the points see it: what was asked and what became of it. */

import { PathFeatures } from '../parse/request-features.ts';
import {
  ASSET,
  BROWSER,
  CHANGE,
  INFO,
  LOGIN,
  METHOD_MASK,
  MISSING_ASSET,
  PATTERN,
  POST,
  QUERY,
  REFERRED,
  ROBOT,
  STATUS_MASK,
  URL,
} from '../parse/tally.ts';

/** Sets the paths of POSTs apart. */
const POST_SALT = 0x5bd1_e995;
/** Answers that tell of a session that is over (419 is Laravel's) or of too many requests. */
const LAPSED_STATUSES: ReadonlySet<number> = new Set([401, 419, 429]);

function pathHash(path: string): number {
  const bytes = new TextEncoder().encode(path);
  const features = new PathFeatures();
  features.read(bytes, 0, bytes.length);
  return features.pattern;
}

/** Path by which crawlers ask what they may read (RFC 9309): who asks says that it is one. */
export const ROBOTS_TXT = pathHash('/robots.txt');

export class Request {
  status = 0;
  post = false;
  /** Hash of the path, identifiers folded; of POSTs another. */
  path = 0;
  /** Hash of path (16 bits) and whole URL (16 bits); of POSTs another. */
  url = 0;
  /** 2xx or 304. */
  answered = false;
  /** Another 3xx, of something that is no static file. */
  redirected = false;
  /** 4xx, but 499: there the client left. */
  refused = false;
  /** 5xx. */
  failed = false;
  /** A static file, answered. */
  asset = false;
  /**
   * What only those can do who are let in, or what no guess is answered: a change by another method than POST, or a POST
   * answered 201 Created, 202 Accepted or 204 No Content (RFC 9110, 15.3).
   */
  accepted = false;
  /** An answered or refused log-in, as far as its path tells. */
  login = false;
  hasQuery = false;
  /** The user agent says that it is a robot; a robot that POSTs is none. */
  robot = false;
  fromPage = false;
  /** A static file that a page of the site names, not answered. */
  missing = false;
  /** The user agent says that it is a browser. */
  browserAgent = false;

  /** Reads the row of a tally that begins at `row`. */
  read(rows: Uint32Array, row: number): void {
    const info = rows[row + INFO] as number;
    const status = info & STATUS_MASK;
    const method = info & METHOD_MASK;
    const post = method === POST;
    const answered = (status >= 200 && status < 300) || status === 304;
    this.status = status;
    this.post = post;
    this.path = ((rows[row + PATTERN] as number) ^ (post ? POST_SALT : 0)) >>> 0;
    this.url = ((rows[row + URL] as number) ^ (post ? POST_SALT : 0)) >>> 0;
    this.answered = answered;
    this.redirected = status >= 300 && status < 400 && !answered && (info & ASSET) === 0;
    this.refused = status >= 400 && status < 499;
    this.failed = status >= 500;
    this.asset = answered && (info & ASSET) !== 0;
    this.accepted = method === CHANGE ? answered : post && (status === 201 || status === 202 || status === 204);
    this.login = (info & LOGIN) !== 0;
    this.hasQuery = (info & QUERY) !== 0;
    this.robot = (info & ROBOT) !== 0 && !post;
    this.fromPage = (info & REFERRED) !== 0;
    this.missing = this.fromPage && (info & MISSING_ASSET) !== 0;
    this.browserAgent = (info & BROWSER) !== 0;
  }

  /** True of a refusal that an honest client meets where it was answered before. */
  get lapsed(): boolean {
    return LAPSED_STATUSES.has(this.status) && !this.login;
  }
}
