/**
 * How long requests took, in buckets: whole milliseconds up to 16, then eight to each doubling, so that a percentile is off by 6 %
 * at most. The same as in HdrHistogram (https://hdrhistogram.github.io/HdrHistogram/), with three bits.
 */

/** The last bucket takes everything from 213 s on. */
export const TIME_BUCKETS = 126;
/** Up to here, in milliseconds, each has a bucket of its own. */
const EXACT_MS = 16;
const EXACT_BITS = 4;
const STEP_BITS = 3;
const MS_MAX = 0x7fff_ffff;
const [ZERO, DOT] = [0x30, 0x2e];

/** The bucket of a time in seconds as nginx writes `$request_time`: `0.012`; -1 for anything else. */
export function readTimeBucket(bytes: Uint8Array, start: number, end: number): number {
  let ms = 0;
  // Digits behind the dot, and those that are still to come of the three that make milliseconds.
  let missing = 3;
  let behind = false;
  for (let at = start; at < end && missing > 0; at++) {
    const c = bytes[at] as number;
    if (c === DOT && !behind && at > start) {
      behind = true;
      continue;
    }
    if (!(c >= ZERO && c <= ZERO + 9)) return -1;
    ms = Math.min(MS_MAX, ms * 10 + c - ZERO);
    if (behind) missing--;
  }
  for (; missing > 0; missing--) ms = Math.min(MS_MAX, ms * 10);
  return bucketOf(ms);
}

function bucketOf(ms: number): number {
  if (ms < EXACT_MS) return ms;
  const doubling = 31 - Math.clz32(ms) - EXACT_BITS;
  const step = (ms >> (doubling + EXACT_BITS - STEP_BITS)) & ((1 << STEP_BITS) - 1);
  return Math.min(TIME_BUCKETS - 1, EXACT_MS + (doubling << STEP_BITS) + step);
}

/** The middle of a bucket, seconds. */
export function secondsOfBucket(bucket: number): number {
  if (bucket < EXACT_MS) return bucket / 1000;
  const doubling = (bucket - EXACT_MS) >> STEP_BITS;
  const step = (bucket - EXACT_MS) & ((1 << STEP_BITS) - 1);
  const width = 2 ** (doubling + EXACT_BITS - STEP_BITS);
  return (2 ** (doubling + EXACT_BITS) + (step + 0.5) * width) / 1000;
}
