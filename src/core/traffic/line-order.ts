/** Lines that are out of order: which are late, and which would move the log's clock without good reason. */

/** After so many late lines in a row the clock was set back, and the engine follows it. */
const SET_BACK_AFTER = 1000;
/** A longer gap in the log teaches nothing: it is not known to have been quiet. A second line must confirm it. */
export const GAP_SECONDS_MAX = 3600;

export class LineOrder {
  /** Lines left out because they were too late, or alone beyond a gap. */
  late = 0;
  private readonly lateSecondsMax: number;
  private lateRun = 0;
  /** Second of a line beyond a gap that no other line has confirmed yet. */
  private leap = 0;

  /** Lines up to `lateSecondsMax` behind the newest are in order. */
  constructor(lateSecondsMax: number) {
    this.lateSecondsMax = lateSecondsMax;
  }

  /** A line came in order. */
  accept(): void {
    this.lateRun = 0;
  }

  isLate(second: number, newest: number): boolean {
    return newest - second > this.lateSecondsMax;
  }

  /** Counts a late line; true when so many came in a row that the clock must have been set back. */
  isSetBack(): boolean {
    this.late++;
    return ++this.lateRun >= SET_BACK_AFTER;
  }

  /**
   * True for the first line beyond a gap, which is left out: one corrupt time stamp must not move the clock, as it would
   * end bans and make every line that follows late. `newest` is 0 before the first line.
   */
  isLoneLeap(second: number, newest: number): boolean {
    const beyond = newest > 0 && second - newest > GAP_SECONDS_MAX;
    const confirmed = this.leap > 0 && second >= this.leap - this.lateSecondsMax;
    this.leap = beyond && !confirmed ? second : 0;
    if (this.leap > 0) this.late++;
    return this.leap > 0;
  }
}
