/** Keeps a database in trouble from stalling the daemon: after a failure, writes are tried again only now and then. */
import { RecordError, toRecordError } from '../error.ts';

/** Pause between two attempts while the database is in trouble, milliseconds. */
const RETRY_AFTER_MS = 1000;

/** Who writes: a full disk may refuse the rows of one, and take the smaller ones of the other. */
type Writer = 'trail' | 'outbox';

export class WriteGate {
  readonly #path: string;
  readonly #now: () => number;
  readonly #troubles = new Map<Writer, RecordError>();
  #failedAt = 0;

  /** `now` is any clock in milliseconds; a step of it only moves the next attempt. */
  constructor(path: string, now: () => number) {
    this.#path = path;
    this.#now = now;
  }

  /** What the last attempt of a writer failed of; undefined while all is well. */
  get trouble(): RecordError | undefined {
    return this.#troubles.get('trail') ?? this.#troubles.get('outbox');
  }

  /** False when the last failure was a moment ago. */
  mayTry(force = false): boolean {
    const elapsedMs = this.#now() - this.#failedAt;
    return this.#troubles.size === 0 || force || elapsedMs < 0 || elapsedMs >= RETRY_AFTER_MS;
  }

  /** It has written: the trouble of the other goes on. */
  noteSuccess(writer: Writer): void {
    this.#troubles.delete(writer);
  }

  /** Bugs are thrown. */
  noteFailure(writer: Writer, error: unknown): RecordError {
    const failure = toRecordError(error, this.#path);
    if (!(failure instanceof RecordError)) throw failure;
    this.#troubles.set(writer, failure);
    this.#failedAt = this.#now();
    return failure;
  }
}
