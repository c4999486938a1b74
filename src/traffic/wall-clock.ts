/**
 * How far the wall clock is ahead of the engine's, which follows the logs: bans are decided by the one, and enforced and
 * ended by the other. Learned from lines that were just written: their time against the file's.
 */

/** Clocks that differ by less are one: it takes a moment until a line is written, and bans last minutes. */
const TOLERANCE_SECONDS = 15;
/** A line may be old because it was written late: only when no other comes for so long, its clock is behind. */
const CONFIRM_MS = 10_000;

export class WallClock {
  /** Negative where the log's clock is ahead. */
  aheadSeconds: number;
  private isKnown: boolean;
  /** Since when all lines have said something else, on the same side of it; and the least that they said. */
  private otherSinceMs = Number.NaN;
  private otherSign = 0;
  private least = 0;

  /** Begins with what an earlier run learned, if it did. */
  constructor(aheadSeconds: number | undefined) {
    this.aheadSeconds = aheadSeconds ?? 0;
    this.isKnown = aheadSeconds !== undefined;
  }

  /**
   * A line of the engine's `second` was written at `writtenMs`, epoch milliseconds; before that where more lines wait to be
   * read, which shows at least that its clock is no further behind.
   */
  note(second: number, writtenMs: number, isBehind: boolean): void {
    const ahead = Math.floor(writtenMs / 1000) - second;
    const more = ahead - this.aheadSeconds;
    const sign = Math.abs(more) <= TOLERANCE_SECONDS ? 0 : Math.sign(more);
    if (isBehind && this.isKnown && sign >= 0) return;
    const isFirst = sign !== this.otherSign;
    this.otherSign = sign;
    if (sign !== 0 && !this.isKnown) this.adopt(ahead);
    this.isKnown = true;
    if (this.otherSign === 0) return;
    this.least = isFirst ? ahead : Math.min(this.least, ahead);
    if (isFirst) this.otherSinceMs = writtenMs;
    // Too new a line cannot have been written early: a second one shows that it is not merely corrupt.
    else if (sign < 0 || writtenMs - this.otherSinceMs >= CONFIRM_MS) this.adopt(this.least);
  }

  /** Somebody set it forward by so many seconds: what was known of the log's clock holds, and what single lines said before does not. */
  step(seconds: number): void {
    this.aheadSeconds += seconds;
    this.otherSign = 0;
  }

  private adopt(ahead: number): void {
    this.aheadSeconds = Math.abs(ahead) <= TOLERANCE_SECONDS ? 0 : ahead;
    this.otherSign = 0;
  }
}
