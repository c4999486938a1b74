/** How far a long command has come: one line on standard error, where that is a terminal, and gone at the end. */
import { describePace, estimateProgress, type Progress } from '../english/progress.ts';
import type { Sink } from './output.ts';
import { EMPTY, FULL } from './style.ts';

const DRAW_MS = 100;
const BAR_COLUMNS = 24;
const CLEAR_LINE = '\r\u001b[2K';

export class ProgressBar {
  private readonly what: string;
  private readonly stream: Sink;
  private readonly now: () => number;
  private readonly startedMs: number;
  private drawnMs = Number.NEGATIVE_INFINITY;

  constructor(what: string, stream: Sink = process.stderr, now: () => number = () => performance.now()) {
    this.what = what;
    this.stream = stream;
    this.now = now;
    this.startedMs = now();
  }

  /** `share` of the work is done, 0–1, and so many of `noun`, since the bar was made. */
  show(share: number, count: number, noun: string): void {
    this.draw(estimateProgress(share, count, this.now() - this.startedMs), noun);
  }

  draw(progress: Progress, noun: string): void {
    const nowMs = this.now();
    if (!this.stream.isTTY || nowMs - this.drawnMs < DRAW_MS) return;
    this.drawnMs = nowMs;
    this.stream.write(CLEAR_LINE + this.text(progress, noun));
  }

  /** Makes room for other text. */
  clear(): void {
    if (this.stream.isTTY && this.drawnMs > Number.NEGATIVE_INFINITY) this.stream.write(CLEAR_LINE);
    // What comes next is not to be overwritten at once.
    this.drawnMs = this.drawnMs === Number.NEGATIVE_INFINITY ? this.drawnMs : this.now();
  }

  private text(progress: Progress, noun: string): string {
    const full = Math.round(progress.share * BAR_COLUMNS);
    const bar = FULL.repeat(full) + EMPTY.repeat(BAR_COLUMNS - full);
    const percent = String(Math.floor(progress.share * 100)).padStart(3);
    return `${this.what} ${bar} ${percent}%  ${describePace(progress, noun)}`.slice(0, (this.stream.columns ?? 80) - 1);
  }
}
