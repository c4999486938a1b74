/** What stands in the way of reading one log: said once when it begins and once when it ends. */
import type { Log } from '../model/log.ts';
import { SourceError } from './source-error.ts';

/** A log may be missing this long while it is rotated before it is worth a word. */
const MISSING_MS = 1000;

export interface LogStateOptions {
  readonly path: string;
  readonly log: Log;
  /** The log can't be read; called once, until it has recovered. */
  readonly onTrouble: (path: string, message: string, fix: string) => void;
  readonly onRecovered: (path: string) => void;
  /** Lines that were written can't be read any more. */
  readonly onLoss: (path: string, message: string, fix: string) => void;
}

/** Looking at the file under the path, reading one that is open, or finding lines in it. */
type Step = 'look' | 'read' | 'lines';

export class LogState {
  readonly #options: LogStateOptions;
  /** Since when no file is under the path, undefined when one is. */
  missingSinceMs: number | undefined;
  #missingSaid = false;
  #trouble: { readonly failure: SourceError; readonly step: Step } | undefined;

  constructor(options: LogStateOptions) {
    this.#options = options;
  }

  /** In words, for the status. */
  get words(): string {
    return this.#trouble?.failure.words ?? (this.missingSinceMs === undefined ? 'following' : 'missing');
  }

  found(): void {
    this.missingSinceMs = undefined;
    const { path, log } = this.#options;
    if (this.#missingSaid) log('info', 'the log is there again', { path });
    this.#missingSaid = false;
  }

  missing(nowMs: number): void {
    this.missingSinceMs ??= nowMs;
    if (this.#missingSaid || nowMs - this.missingSinceMs < MISSING_MS) return;
    this.#missingSaid = true;
    const { path, log } = this.#options;
    log('warn', 'the log is missing', { path, fix: new SourceError('missing', path).fix });
  }

  /** The step fails until it works again: the other one may work all the while, and says nothing about it. */
  failed(step: Step, failure: SourceError): void {
    const before = this.#trouble;
    if (before && (before.step !== step || before.failure.code === failure.code)) return;
    this.#trouble = { failure, step };
    this.#options.onTrouble(this.#options.path, failure.message, failure.fix);
  }

  recovered(step: Step): void {
    if (this.#trouble?.step !== step) return;
    this.#trouble = undefined;
    this.#options.onRecovered(this.#options.path);
  }

  lost(message: string, fix: string): void {
    this.#options.onLoss(this.#options.path, message, fix);
  }
}
