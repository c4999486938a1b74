/**
 * Gives every line its second on the engine's clock, which never goes back: it is the log's, and when a log's clock is
 * set back, that log's lines are moved on by as much. Lines that are late, or alone far ahead, are left out and counted.
 */
import { SECOND } from '../parse/tally.ts';

/** A line that has no second. */
export const LEFT_OUT = -1;
/** So many late lines in a row mean that the log's clock was set back: more than a pause of one of nginx's workers leaves. */
const SET_BACK_LINES = 20;
/** A log that is as late as this many lines in a row has another clock than the others. */
const ASTRAY_LINES = 1000;
/** A longer gap in the log teaches nothing: it is not known to have been quiet. A second line must confirm it. */
export const GAP_SECONDS_MAX = 3600;

/** Where one log stands. */
interface LogOrder {
  /** Added to the log's seconds, and what was added before the clock was last set. */
  shift: number;
  before: number;
  /** The engine's second of its newest line, 0 before the first. */
  newest: number;
  /** Late lines in a row, and the newest second among them as the log has it. */
  run: number;
  runNewest: number;
}

export class LineOrder {
  /** Lines left out because they were too late, or alone beyond a gap. */
  late = 0;
  /** Times that a log's clock was found to have been set back. */
  setBacks = 0;
  private readonly lateSecondsMax: number;
  private readonly logs = new Map<number, LogOrder>();
  private log: LogOrder = { shift: 0, before: 0, newest: 0, run: 0, runNewest: 0 };
  /** False until a line was placed since the engine began, or went live. */
  private hasPlaced = false;
  /** Second of a line beyond a gap that no other line has confirmed yet. */
  private leap = 0;

  /** Lines up to `lateSecondsMax` behind the newest are in order. */
  constructor(lateSecondsMax: number) {
    this.lateSecondsMax = lateSecondsMax;
  }

  /** Seconds by which the engine's clock is ahead of the log's whose lines are placed. */
  get shift(): number {
    return this.log.shift;
  }

  /** The lines that follow are of this log. One that is new is taken to have the clock of the one before. */
  open(source: number): void {
    const known = this.logs.get(source);
    if (known) this.log = known;
    else {
      const { shift } = this.log;
      this.log = { shift, before: shift, newest: 0, run: 0, runNewest: 0 };
      this.logs.set(source, this.log);
    }
  }

  /** A rehearsal is over: the first lines that follow decide what the clock is. */
  goLive(): void {
    this.late = 0;
    this.hasPlaced = false;
  }

  /**
   * The second of the row that begins at `at`, which is written into it, or LEFT_OUT. `newest` is the engine's clock, 0
   * before the first line.
   */
  place(rows: Uint32Array, at: number, newest: number): number {
    const { log, lateSecondsMax } = this;
    const logged = rows[at + SECOND] as number;
    const second = logged + log.shift;
    if (second <= newest) {
      if (newest - second <= lateSecondsMax) return this.accept(rows, at, second);
      if (this.fitsBefore(logged, newest)) return this.accept(rows, at, this.swap(logged));
      if (this.isSetBack(logged)) return this.accept(rows, at, this.setBack(newest, logged));
      this.late++;
      return LEFT_OUT;
    }
    if (second - newest > lateSecondsMax && this.fitsBefore(logged, newest)) {
      return this.accept(rows, at, this.swap(logged));
    }
    return this.isLoneLeap(second, newest) ? LEFT_OUT : this.accept(rows, at, second);
  }

  /** Seconds by which a log is behind `newest`, the engine's clock, so that its lines are left out; 0 when none is. */
  findBehind(newest: number): number {
    let most = 0;
    for (const { run, runNewest, shift } of this.logs.values()) {
      if (run >= ASTRAY_LINES) most = Math.max(most, newest - runNewest - shift);
    }
    return most;
  }

  private accept(rows: Uint32Array, at: number, second: number): number {
    const { log } = this;
    if (log.shift !== 0) rows[at + SECOND] = second;
    log.run = 0;
    if (second > log.newest) log.newest = second;
    this.hasPlaced = true;
    return second;
  }

  /** True when the clock is where it was before it was last set. */
  private fitsBefore(logged: number, newest: number): boolean {
    const { shift, before } = this.log;
    return shift !== before && Math.abs(logged + before - newest) <= this.lateSecondsMax;
  }

  private swap(logged: number): number {
    const { log } = this;
    [log.shift, log.before] = [log.before, log.shift];
    return logged + log.shift;
  }

  private setBack(newest: number, logged: number): number {
    const { log } = this;
    this.setBacks++;
    log.before = log.shift;
    log.shift = newest - logged;
    return newest;
  }

  /**
   * Counts a late line; true when enough in a row are of one time, and the log itself was later before. A log that is
   * merely behind the others has not been set back.
   */
  private isSetBack(logged: number): boolean {
    const { log, lateSecondsMax } = this;
    const goesOn = log.run > 0 && this.isOfOneTime(logged, log.runNewest);
    log.run = goesOn ? log.run + 1 : 1;
    log.runNewest = goesOn ? Math.max(log.runNewest, logged) : logged;
    const wentBack = log.newest > 0 ? log.newest - log.runNewest - log.shift > lateSecondsMax : !this.hasPlaced;
    return log.run >= SET_BACK_LINES && wentBack;
  }

  private isOfOneTime(logged: number, newest: number): boolean {
    return logged >= newest - this.lateSecondsMax && logged <= newest + GAP_SECONDS_MAX;
  }

  /**
   * True for the first line beyond a gap, which is left out: one corrupt time stamp must not move the clock, as it would
   * end bans and make every line that follows late.
   */
  private isLoneLeap(second: number, newest: number): boolean {
    const beyond = newest > 0 && second - newest > GAP_SECONDS_MAX;
    const confirmed = this.leap > 0 && second >= this.leap - this.lateSecondsMax;
    this.leap = beyond && !confirmed ? second : 0;
    if (this.leap > 0) this.late++;
    return this.leap > 0;
  }
}
