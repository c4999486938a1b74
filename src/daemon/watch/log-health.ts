/** Notices logs that make zban blind although they can be read: not understood, silent, missing, or counted twice. */

import { DOUBLED_FIX, describeDoubled } from '../../english/doubled.ts';
import { formatDuration } from '../../english/duration.ts';
import { fixOfRefused } from '../../english/refused-lines.ts';
import type { LogStatus } from '../../model/status.ts';
import { SKIP_REASONS, type Tally } from '../../parse/tally.ts';
import { DoubledLines } from '../../traffic/doubled-lines.ts';
import type { Troubles } from '../troubles.ts';

/** Lines that are not understood: fewer, or a smaller share, are the odd line of any log. */
const REFUSED_MIN = 10;
const REFUSED_SHARE = 0.1;
/** Lines after which a log is judged anew; it has recovered sooner when none of so many is refused. */
const WINDOW_LINES = 100;
const FLAWLESS_LINES = 20;
/** Lines within this of one another are one visit. */
const VISIT_MS = 1000;
/** Visits after which it is known how often a log speaks. */
const VISITS_MIN = 100;
/** Silence is no accident after so many times the mean pause, and the longest pause so far, but never sooner than this. */
const MEAN_PAUSES = 100;
const LONGEST_PAUSES = 3;
const SILENCE_MS_MIN = 600_000;
/** Nothing ends a loss: it is shown for so long. */
const LOST_MS = 3_600_000;
/** Rotation is over by then. */
const MISSING_MS = 60_000;
/** Key of a trouble of one log: that it cannot be read, and what is noticed here. */
const LOG_KEY = /^(?:log|missing|unread|silent|lost) (?<path>\/.*)$/s;
const EMPTY = SKIP_REASONS.indexOf('empty');

/** How a log is. */
class Health {
  lines = 0;
  refused = SKIP_REASONS.map(() => 0);
  /** What is wrong with the newest lines. */
  unread: { readonly what: string; readonly fix: string } | undefined;
  /** When lines came last, and when they last counted as a visit. */
  arrivedMs = Number.NEGATIVE_INFINITY;
  visitMs = Number.NEGATIVE_INFINITY;
  visits = 0;
  meanPauseMs = 0;
  longestPauseMs = 0;
  missingSinceMs: number | undefined;
  lostMs = Number.POSITIVE_INFINITY;
}

export interface LogHealthOptions {
  readonly troubles: Pick<Troubles, 'begin' | 'end' | 'set' | 'endBefore' | 'endAllBefore'>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export class LogHealth {
  private readonly options: LogHealthOptions;
  private readonly logs = new Map<string, Health>();
  private readonly doubled = new DoubledLines();

  constructor(options: LogHealthOptions) {
    this.options = options;
  }

  /** Lines of a log's past were parsed. */
  learned(log: string, tally: Pick<Tally, 'lines' | 'skipped'>): void {
    noteRefused(this.of(log), tally);
  }

  /** Lines that were just written were parsed. */
  arrived(log: string, tally: Tally, bytes: Uint8Array): void {
    if (tally.lines === 0) return;
    const health = this.of(log);
    const isUnderstood = noteRefused(health, tally);
    // Lines that come are read, whatever was so before a reload.
    for (const kind of ['log', 'silent', ...(isUnderstood ? ['unread'] : [])])
      this.options.troubles.endBefore(`${kind} ${log}`);
    noteVisit(health, this.options.now());
    this.doubled.add(log, tally, bytes);
  }

  /** Begins and ends troubles; to be called every second with what the source says of the logs. */
  look(rows: readonly LogStatus[]): void {
    const { troubles, now } = this.options;
    for (const { path, state } of rows) {
      const health = this.of(path);
      const isMissing = this.isMissing(health, state);
      if (state !== 'missing') troubles.endBefore(`missing ${path}`);
      troubles.set(
        `missing ${path}`,
        isMissing ? `the log ${path} is missing` : undefined,
        'check logs[].path, and access_log in nginx',
      );
      troubles.set(
        `unread ${path}`,
        health.unread && `${health.unread.what} of ${path} are not understood: their clients are never judged`,
        `${health.unread?.fix}; zban doctor shows more`,
      );
      const silence = isMissing ? undefined : this.findSilence(health);
      troubles.set(
        `silent ${path}`,
        silence && `no line has come into ${path} for ${silence}`,
        'see whether nginx runs, and where it writes: nginx -T | grep access_log',
      );
    }
    for (const [path, { lostMs }] of this.logs) {
      if (now() - lostMs >= LOST_MS) troubles.end(`lost ${path}`);
    }
    const paths = new Set(rows.map(({ path }) => path));
    for (const path of this.logs.keys()) if (!paths.has(path)) this.forget(path);
    troubles.endAllBefore((key) => {
      const path = LOG_KEY.exec(key)?.groups?.['path'];
      return path !== undefined && !paths.has(path);
    });
    const [pair] = this.doubled.pairs();
    troubles.set('doubled', pair && describeDoubled(pair), DOUBLED_FIX);
  }

  /** Lines can't be read any more: shown for a while. */
  lost(log: string, what: string, fix: string): void {
    this.options.troubles.begin(`lost ${log}`, what, fix);
    this.of(log).lostMs = this.options.now();
  }

  /** Not followed any more, or a file of the past. */
  private forget(log: string): void {
    for (const kind of ['missing', 'unread', 'silent', 'lost']) this.options.troubles.end(`${kind} ${log}`);
    this.logs.delete(log);
  }

  private isMissing(health: Health, state: string): boolean {
    const nowMs = this.options.now();
    if (state === 'missing') health.missingSinceMs ??= nowMs;
    else health.missingSinceMs = undefined;
    return health.missingSinceMs !== undefined && nowMs - health.missingSinceMs >= MISSING_MS;
  }

  private findSilence({ visits, arrivedMs, meanPauseMs, longestPauseMs }: Health): string | undefined {
    if (visits < VISITS_MIN) return undefined;
    const usualMs = Math.max(SILENCE_MS_MIN, MEAN_PAUSES * meanPauseMs, LONGEST_PAUSES * longestPauseMs);
    if (this.options.now() - arrivedMs < usualMs) return undefined;
    const [silence, pause] = [usualMs, longestPauseMs].map((ms) => formatDuration(Math.ceil(ms / 1000) * 1000));
    return `${silence}; the longest pause before was ${pause}`;
  }

  private of(log: string): Health {
    const health = this.logs.get(log) ?? new Health();
    this.logs.set(log, health);
    return health;
  }
}

/** True when the newest lines, enough to judge by, are understood. */
function noteRefused(health: Health, { lines, skipped }: Pick<Tally, 'lines' | 'skipped'>): boolean {
  health.lines += lines;
  health.refused = health.refused.map((count, index) => count + (index === EMPTY ? 0 : (skipped[index] ?? 0)));
  const refused = health.refused.reduce((sum, count) => sum + count, 0);
  if (refused >= REFUSED_MIN && refused > REFUSED_SHARE * health.lines) {
    const reason = SKIP_REASONS[health.refused.indexOf(Math.max(...health.refused))] ?? '';
    const what = `${refused} of the ${health.lines} newest lines (${reason})`;
    health.unread = { what, fix: fixOfRefused(reason) };
  } else if (health.lines < (refused === 0 ? FLAWLESS_LINES : WINDOW_LINES)) return false;
  else health.unread = undefined;
  health.lines = 0;
  health.refused.fill(0);
  return health.unread === undefined;
}

function noteVisit(health: Health, nowMs: number): void {
  const { arrivedMs, visitMs } = health;
  health.arrivedMs = nowMs;
  if (nowMs - visitMs < VISIT_MS) return;
  health.visitMs = nowMs;
  if (health.visits++ === 0) return;
  health.meanPauseMs += (nowMs - visitMs - health.meanPauseMs) / Math.min(health.visits, VISITS_MIN);
  health.longestPauseMs = Math.max(health.longestPauseMs, nowMs - arrivedMs);
}
