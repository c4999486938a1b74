/** How delivery fares: back-off, what is logged, and when it counts as trouble. */
import { messageOf } from '../model/coded-error.ts';
import type { Log } from '../model/log.ts';

/** What keeps messages from being delivered, for the daemon's status; the channel itself cannot report it. */
export interface DeliveryTrouble {
  readonly what: string;
  readonly fix: string;
}

export interface DeliveryHealthOptions {
  /** The channel's name, and what it is called: `Slack`. */
  readonly name: string;
  readonly service: string;
  readonly log: Log;
  /** Called when delivery begins to fail for good or for long, and with undefined once it works, for the first time or again. */
  readonly onTrouble: (trouble: DeliveryTrouble | undefined) => void;
  /** Wait after the first failure and the longest wait, milliseconds. Default 1 s and 5 min. */
  readonly backoffMs?: { readonly first: number; readonly max: number };
}

/** Failures in a row after which an unreachable channel counts as trouble: half a minute with the default back-off. */
const TROUBLE_AFTER_FAILURES = 5;

/** Keeps count of failures. A failure is logged when its cause is new, not on every attempt. */
export class DeliveryHealth {
  readonly #options: DeliveryHealthOptions;
  readonly #backoffMs: { readonly first: number; readonly max: number };
  /** How the channel's messages are called: `Slack messages`, and where its name is another, `messages to ops (Discord)`. */
  readonly #messages: string;
  #failures = 0;
  #lastCause = '';
  /** Nobody knows before the first delivery. */
  #troubled = true;

  constructor(options: DeliveryHealthOptions) {
    this.#options = options;
    this.#backoffMs = options.backoffMs ?? { first: 1000, max: 300_000 };
    const { name, service } = options;
    this.#messages = name === service.toLowerCase() ? `${service} messages` : `messages to ${name} (${service})`;
  }

  /** Notes a failure that may pass; the milliseconds to wait, doubling from try to try where the service names no time. */
  failed(cause: string, afterMs: number | undefined): number {
    const waitMs = afterMs ?? Math.min(this.#backoffMs.first * 2 ** Math.min(this.#failures, 30), this.#backoffMs.max);
    this.#failures += 1;
    if (cause !== this.#lastCause)
      this.#options.log('warn', `${this.#messages} could not be delivered, trying again`, { cause });
    this.#lastCause = cause;
    if (this.#failures === TROUBLE_AFTER_FAILURES)
      this.#report({
        what: `${this.#messages} wait: ${cause}`,
        fix: `check the channel with: zban notify test ${this.#options.name}`,
      });
    return waitMs;
  }

  /** Notes messages that the service will never take. */
  refused(cause: string, fix: string, notifications: number): void {
    this.#options.log('error', `${this.#messages} were refused and are dropped`, { cause, notifications });
    this.#report({ what: `${this.#messages} are lost: ${cause}`, fix });
  }

  /** Notes a failure of the queue on disk; the milliseconds to wait. */
  storeFailed(error: unknown): number {
    const cause = messageOf(error);
    this.#options.log('error', `the queue of ${this.#messages} failed`, { cause });
    this.#report({
      what: `the queue of ${this.#messages} failed: ${cause}`,
      fix: 'check the disk and the database (state.database)',
    });
    return this.#backoffMs.max;
  }

  /** Notes a delivery. */
  succeeded(): void {
    if (this.#failures > 0) this.#options.log('info', `${this.#messages} are delivered again`);
    this.#failures = 0;
    this.#lastCause = '';
    if (this.#troubled) this.#options.onTrouble(undefined);
    this.#troubled = false;
  }

  #report(trouble: DeliveryTrouble): void {
    this.#troubled = true;
    this.#options.onTrouble(trouble);
  }
}
