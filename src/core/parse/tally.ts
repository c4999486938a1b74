/**
 * A tally: the access events of one chunk as rows of numbers, in the order of the lines. Rows are not added up per
 * client here, because the engine judges request by request: that makes every result independent of where chunks
 * end and lets a ban fall on the very line that crosses the limit.
 */

/** Numbers (u32) per row. */
export const ROW = 5;
/** Columns of a row: epoch second, client words, INFO bits, and where the line starts in the chunk. */
export const [SECOND, HIGH, LOW, INFO, LINE] = [0, 1, 2, 3, 4] as const;

/** INFO: HTTP status 0–999 in the low bits (0 when the log has none) … */
export const STATUS_MASK = 0x3ff;
/** … and a bit for a successfully answered static asset, which weighs nothing. */
export const ASSET = 0x400;

/** Why a line was refused; also the metric label. */
export const SKIP_REASONS = [
  'empty',
  'not_json',
  'not_combined',
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
