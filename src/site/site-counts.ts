/** What the site as a whole is judged by, counted per second over the window. */

/** A count over the last N seconds, exact to the second. */
export class SlidingCount {
  /** Counts by second modulo the length. */
  readonly perSecond: Uint32Array;
  private sum = 0;

  constructor(seconds: number) {
    this.perSecond = new Uint32Array(seconds);
  }

  /** `second` must lie in the window. */
  add(second: number): void {
    const at = second % this.perSecond.length;
    this.perSecond[at] = (this.perSecond[at] as number) + 1;
    this.sum++;
  }

  /** `second` begins; the one a window before it leaves. */
  begin(second: number): void {
    const at = second % this.perSecond.length;
    this.sum -= this.perSecond[at] as number;
    this.perSecond[at] = 0;
  }

  /** Sum of the last `seconds`, the newest of which is `second`. */
  over(second: number, seconds: number): number {
    return seconds === this.perSecond.length ? this.sum : sumOf(this.perSecond, second, seconds);
  }

  clear(): void {
    this.perSecond.fill(0);
    this.sum = 0;
  }
}

/** Sum of the `length` seconds that end with `second`; a window at most. */
export function sumOf(perSecond: Uint32Array, second: number, length: number): number {
  let sum = 0;
  for (let s = second - length + 1; s <= second; s++) sum += perSecond[s % perSecond.length] as number;
  return sum;
}

/** Seconds over which a rate is taken to find where a surge began. */
const ONSET_SECONDS = 5;

/**
 * The second at which a surge began that is known at `second`: the first with more than `perSecondMin` after which every
 * few seconds brought as much on average. At most a window before.
 */
export function findOnset(perSecond: Uint32Array, second: number, perSecondMin: number): number {
  const oldest = second - perSecond.length + ONSET_SECONDS + 1;
  let onset = second - 2 * ONSET_SECONDS + 1;
  while (onset > oldest && sumOf(perSecond, onset - 1, ONSET_SECONDS) > perSecondMin * ONSET_SECONDS) onset--;
  while (onset < second && (perSecond[onset % perSecond.length] as number) <= perSecondMin) onset++;
  return onset;
}
