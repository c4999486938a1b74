/**
 * A tally: the access events of one chunk as rows of numbers, in the order of the lines. Rows are not added up per
 * client here, because the engine judges request by request: that makes every result independent of where chunks
 * end and lets a ban fall on the very line that crosses the limit.
 */
import { REFUSALS } from './formats.ts';

/** Numbers (u32) per row. */
export const ROW = 10;
/**
 * Columns of a row: epoch second, client words, INFO bits, where the line starts in the chunk, and hashes: of the path
 * without query, identifiers and numbers folded (PATTERN); of the path and of the whole URL, 16 bits each (URL); of the
 * host in the referer, 0 without one (REFERRER); the size of the answer's body in bytes, SIZE_UNKNOWN when it is not logged (SIZE); and
 * the last number in the path, modulo 2³² (NUMBER).
 */
export const [SECOND, HIGH, LOW, INFO, LINE, PATTERN, URL, REFERRER, SIZE, NUMBER] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
] as const;

export const SIZE_UNKNOWN = 0xffff_ffff;

/** INFO: HTTP status 0–999 in the low bits (0 when the log has none) … */
export const STATUS_MASK = 0x3ff;
/** … a bit for a successfully answered static asset, which weighs nothing, … */
export const ASSET = 0x400;
/** … the class of the method (PUT, DELETE, PROPFIND and the like are CHANGE, unknown ones GET), … */
export const METHOD_MASK = 0x1800;
export const [GET, POST, HEAD, CHANGE] = [0, 0x800, 0x1000, 0x1800] as const;
/**
 * … and bits for: the request names the page it comes from; the URL has a query; the user agent says that it is a robot;
 * it is a POST or was refused (4xx, 5xx), and its path has a word of a log-in; the path names a picture or a font; the URL
 * carries code; its query carries a password.
 */
export const [REFERRED, QUERY, ROBOT, LOGIN, PICTURE, PAYLOAD, CREDENTIALS] = [
  0x2000, 0x4000, 0x8000, 0x1_0000, 0x2_0000, 0x4_0000, 0x8_0000,
] as const;

/**
 * … and in seven bits from TIME_SHIFT on how long the request took, as a bucket of src/parse/request-time.ts plus one; 0 when
 * that is not logged.
 */
export const TIME_SHIFT = 20;
export const TIME_MASK = 0x7f;

/** … and a bit for an ASSET that pages are made of: a style sheet, a script, a picture or a font. */
export const PAGE_PART = 0x800_0000;

/** … and one that the engine sets where its client came since more strangers come than usual (src/swarm/). */
export const NEWCOMER = 0x1000_0000;

/** Why a line was refused; also the metric label. */
export const SKIP_REASONS = [
  'empty',
  ...REFUSALS,
  'no_address',
  'bad_address',
  'no_time',
  'bad_time',
  'future',
  'too_long',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** What parsing a chunk gave; `rows` holds `count` rows of ROW numbers. */
export interface Tally {
  readonly rows: Uint32Array<ArrayBuffer>;
  readonly count: number;
  /** Lines seen, refused ones included. */
  readonly lines: number;
  /** Refused lines, indexed as SKIP_REASONS. */
  readonly skipped: Uint32Array<ArrayBuffer>;
}

/** The newest second of its lines; 0 where there is none. */
export function newestSecond({ rows, count }: Pick<Tally, 'rows' | 'count'>): number {
  let newest = 0;
  for (let at = SECOND; at < count * ROW; at += ROW) newest = Math.max(newest, rows[at] as number);
  return newest;
}
