/** Answers that take long to make come one after the other, with a rest between them: bans are made on the same thread. */
import { setTimeout as sleep } from 'node:timers/promises';

/** The rest lasts as many times as long as the answer took: who asks all the time gets a fifth of the thread. */
const REST_TIMES = 4;
const REST_MS_MAX = 2000;

export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Resolves with the answer once it was its turn; rejects as `make` does. */
  take<T>(make: () => T | Promise<T>): Promise<T> {
    let startedMs = 0;
    const made = this.#last.then(() => {
      startedMs = performance.now();
      return make();
    });
    const rest = () => {
      const restMs = Math.min(REST_MS_MAX, REST_TIMES * (performance.now() - startedMs));
      return sleep(restMs, undefined, { ref: false });
    };
    this.#last = made.then(rest, rest);
    return made;
  }
}
