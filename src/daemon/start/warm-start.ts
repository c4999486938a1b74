/** How far a start has come with the past of the logs: for the journal, systemd, and a terminal. */

import { describeProgress, estimateProgress, type Progress, progressOf } from '../../english/progress.ts';
import type { Log } from '../../model/log.ts';
import type { WarmStart } from '../../model/status.ts';
import type { SystemdNotifier } from '../notify-systemd.ts';

const STATUS_MS = 1000;
const LOG_MS = 10_000;

/** What a terminal shows while zban starts. */
export interface StartScreen {
  draw(progress: Progress, noun: string): void;
  clear(): void;
}

/** @param share of the bytes, 0–1 */
export function measureWarmStart(share: number, lines: number, elapsedMs: number): WarmStart {
  const progress = estimateProgress(share, lines, elapsedMs);
  return {
    share: progress.share,
    lines,
    lines_per_second: progress.perSecond,
    seconds_left: progress.leftMs === undefined ? null : Math.round(progress.leftMs / 1000),
  };
}

export interface WarmStartReportOptions {
  readonly log: Log;
  readonly systemd: Pick<SystemdNotifier, 'starting'>;
  readonly screen: StartScreen | undefined;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Passes on what it is told, each to its own rhythm: a start of a few seconds leaves nothing in the journal. */
export class WarmStartReport {
  private readonly options: WarmStartReportOptions;
  private statusMs: number;
  private logMs: number;

  constructor(options: WarmStartReportOptions) {
    this.options = options;
    this.statusMs = options.now();
    this.logMs = this.statusMs;
  }

  note(warmStart: WarmStart): void {
    const { log, systemd, screen, now } = this.options;
    const progress = progressOf(warmStart);
    screen?.draw(progress, 'lines');
    const nowMs = now();
    if (nowMs - this.statusMs >= STATUS_MS) {
      this.statusMs = nowMs;
      systemd.starting(`reading the past of the logs: ${describeProgress(progress, 'lines')}`);
    }
    if (nowMs - this.logMs >= LOG_MS) {
      this.logMs = nowMs;
      const { share, ...numbers } = warmStart;
      log('info', 'reading the past of the logs', { percent: Math.floor(share * 100), ...numbers });
    }
  }
}
