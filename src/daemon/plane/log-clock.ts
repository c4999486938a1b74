/**
 * The log's clock while the log is silent. Lines move it on; without lines it follows the wall clock at a distance of
 * `outOfOrderMs`, so that a line that is merely late is never too old. It runs on elapsed time, not on the wall clock's
 * reading: a log whose clock is wrong is followed all the same.
 */
export class LogClock {
  private readonly outOfOrderMs: number;
  private second = 0;
  private arrivedMs = 0;
  /** When the last lines came, undefined before the first. */
  private heardMs: number | undefined;

  constructor(outOfOrderMs: number) {
    this.outOfOrderMs = outOfOrderMs;
  }

  /** The engine's clock stands at `second` after lines were judged at `nowMs`. It goes back only when the log's was set back. */
  arrived(second: number, nowMs: number): void {
    this.heardMs = nowMs;
    if (second === this.second) return;
    this.second = second;
    this.arrivedMs = nowMs;
  }

  /** Seconds that the newest line was behind when it arrived; null before the first line. */
  lagSeconds(): number | null {
    return this.second === 0 ? null : Math.max(0, Math.round(this.arrivedMs / 1000 - this.second));
  }

  /** Milliseconds for which no line has come; 0 before the first. */
  silentMs(nowMs: number): number {
    return nowMs - (this.heardMs ?? nowMs);
  }

  /** No line has come for so long, or ever. */
  isSilent(nowMs: number, ms: number): boolean {
    return this.heardMs === undefined || this.silentMs(nowMs) >= ms;
  }

  /** The second to which a silent log's clock may be moved, undefined before the first line. */
  findTick(nowMs: number): number | undefined {
    if (this.second === 0) return undefined;
    return Math.floor(this.second + (nowMs - this.arrivedMs - this.outOfOrderMs) / 1000);
  }
}
