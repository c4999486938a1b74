/** When to look at the logs next: many times a second while lines come, on the kernel's word while they do not. */

import { messageOf } from '../model/coded-error.ts';
import type { Log } from '../model/log.ts';
import { ChangeWatch, type WatchPath } from './change-watch.ts';

/** Looks in a row without lines after which the kernel is left to report the next change. */
const QUIET_LOOKS = 3;
/** Changes in a row of which the kernel said nothing: a network file system, for one. */
const MISSED_MAX = 2;

export interface PaceOptions {
  /** Between two looks while lines come, milliseconds. */
  readonly pollMs: number;
  readonly log: Log;
  /** The kernel says that something has changed: look now. */
  readonly onChange: () => void;
  readonly watch?: WatchPath;
}

export class Pace {
  readonly #options: PaceOptions;
  readonly #watch: ChangeWatch;
  /** `unsure`: watching, but what was written before that was not looked for yet. */
  #state: 'polling' | 'unsure' | 'watching' | 'suspicious' = 'polling';
  #quietLooks = 0;
  #missed = 0;
  #deaf = false;

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#watch = new ChangeWatch(() => this.#changed(), options.watch);
  }

  /**
   * Milliseconds until the next look, less when `onChange` is called; `asleep`: with the next second, because the kernel watches,
   * which does not report every way in which a log can come or go.
   *
   * @param found the look before this found lines
   * @param paths what to watch, asked only when needed
   */
  next(found: boolean, paths: () => readonly string[]): number | 'asleep' {
    const { pollMs } = this.#options;
    this.#quietLooks = found ? 0 : this.#quietLooks + 1;
    if (this.#state === 'suspicious') this.#noteMissed();
    // Lines of which the kernel has not spoken: its word may still be under way.
    if (this.#state === 'watching' && found) this.#state = 'suspicious';
    else if (this.#state === 'unsure' && found) this.#poll();
    else if (this.#state === 'unsure') this.#state = 'watching';
    if (this.#state === 'watching') return 'asleep';
    if (this.#state === 'suspicious' || this.#deaf || this.#quietLooks < QUIET_LOOKS) return pollMs;
    return this.#beginWatching(paths()) ? 0 : pollMs;
  }

  close(): void {
    this.#watch.end();
  }

  #beginWatching(paths: readonly string[]): boolean {
    try {
      this.#watch.begin(paths);
      this.#state = 'unsure';
      return true;
    } catch (error) {
      this.#giveUp(messageOf(error));
      return false;
    }
  }

  #changed(): void {
    this.#missed = 0;
    this.#quietLooks = 0;
    // One report is enough: under load there would be one for every line.
    this.#poll();
    this.#options.onChange();
  }

  #poll(): void {
    this.#watch.end();
    this.#state = 'polling';
  }

  #noteMissed(): void {
    this.#poll();
    if (++this.#missed >= MISSED_MAX) this.#giveUp('the file system does not report changes');
  }

  #giveUp(cause: string): void {
    this.#deaf = true;
    this.#options.log('info', `looking at the logs every ${this.#options.pollMs} ms, also while they are idle`, {
      cause,
    });
  }
}
