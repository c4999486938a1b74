/** Takes out what other backends left, once; says what stays, because it goes on blocking whom zban has released. */
import type { Log } from '../model/log.ts';
import type { Failure } from '../model/reconcile.ts';
import { asFailure, type EnforcementErrorCode } from './backend.ts';

export class Leavings {
  /** Why something still stands, as far as zban may look. */
  trouble: Failure<EnforcementErrorCode> | undefined;
  private readonly takeOut: () => Promise<void>;
  private readonly log: Log;
  private areGone = false;

  constructor(takeOut: () => Promise<void>, log: Log) {
    this.takeOut = takeOut;
    this.log = log;
  }

  /** Tries again where it failed before. */
  async leave(): Promise<void> {
    if (this.areGone) return;
    try {
      await this.takeOut();
      this.areGone = true;
      this.trouble = undefined;
    } catch (error) {
      const { code, message } = asFailure(error);
      const text = `what another backend left in the firewall is still there: ${message}`;
      // Without the right to look, as backend nginx may be, nothing is known to stand.
      this.trouble = code === 'no_permission' ? undefined : { code, message: text };
      this.log('warn', text);
    }
  }
}
