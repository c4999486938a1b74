/** Keeps a database in trouble from stalling the daemon: after a failure, writes are tried again only now and then. */
import { RecordError, toRecordError } from '../error.ts';

/** Pause between two attempts while the database is in trouble, milliseconds. */
const RETRY_AFTER_MS = 1000;

export class WriteGate {
  readonly #path: string;
  readonly #now: () => number;
  #trouble: RecordError | undefined;
  #failedAt = 0;

  /** `now` is any clock in milliseconds; a step of it only moves the next attempt. */
  constructor(path: string, now: () => number) {
    this.#path = path;
    this.#now = now;
  }

  /** What the last attempt failed of; undefined while all is well. */
  get trouble(): RecordError | undefined {
    return this.#trouble;
  }

  /** False when the last failure was a moment ago. */
  mayTry(force = false): boolean {
    const elapsedMs = this.#now() - this.#failedAt;
    return !this.#trouble || force || elapsedMs < 0 || elapsedMs >= RETRY_AFTER_MS;
  }

  noteSuccess(): void {
    this.#trouble = undefined;
  }

  /** Bugs are thrown. */
  noteFailure(error: unknown): RecordError {
    const failure = toRecordError(error, this.#path);
    if (!(failure instanceof RecordError)) throw failure;
    this.#trouble = failure;
    this.#failedAt = this.#now();
    return failure;
  }
}
