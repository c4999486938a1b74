/** What something owns, and how it is taken down again: the newest first, all of it, whatever fails on the way. */
import type { Log } from '../model/log.ts';

export class Lifetime {
  private readonly stack = new AsyncDisposableStack();
  private readonly failures: unknown[] = [];
  private readonly log: Log;

  constructor(log: Log) {
    this.log = log;
  }

  /** Takes over what `close` ends; `what` names it in the log. Throws ReferenceError once closing has begun. */
  own(what: string, close: () => unknown): void {
    this.stack.defer(async () => {
      try {
        await close();
      } catch (error) {
        this.log('error', `${what} could not be closed`, { cause: error instanceof Error ? error.stack : error });
        this.failures.push(error);
      }
    });
  }

  /** Closes everything, then rejects with the first failure if there was one. A second call does nothing. */
  async close(): Promise<void> {
    await this.stack.disposeAsync();
    if (this.failures.length > 0) throw this.failures[0];
  }
}
