/** Notices that somebody else puts bans where zban keeps its own, such as a second zban with the same chain: each undoes the other's. */
import type { Failure } from '../model/reconcile.ts';
import type { EnforcementErrorCode, Operation } from './backend.ts';

/** Full reconciles in a row that show it, and as many without that end it: what an earlier run left shows once. */
const LOOKS = 3;

const CONTESTED: Failure<EnforcementErrorCode> = {
  code: 'contested',
  message:
    'something else puts bans where zban keeps its own, which zban takes out again; a second zban with the same firewall.chain takes out the bans of this one as well: stop it, or give it a chain of its own',
};

export class ForeignBans {
  private looks = 0;
  /** What is wrong, if something is. */
  trouble: Failure<EnforcementErrorCode> | undefined;
  /** Bans that were ended and may still stand. */
  private ending: ReadonlySet<string> = new Set();
  private isSure = false;
  private isFound = false;

  /** A full reconcile compares from here; `isBusy` while changes are under way, which look alike. */
  begin(changes: Iterable<string>, isBusy: boolean): void {
    this.ending = new Set(changes);
    this.isSure = !isBusy;
  }

  see(operations: readonly Operation[]): void {
    this.isFound ||=
      this.isSure && operations.some(({ target, untilMs }) => untilMs === undefined && !this.ending.has(target));
  }

  /** The full reconcile is over. */
  end(): void {
    this.looks = Math.min(LOOKS, Math.max(0, this.looks + (this.isFound ? 1 : -1)));
    this.isFound = false;
    if (this.looks === LOOKS) this.trouble = CONTESTED;
    if (this.looks === 0) this.trouble = undefined;
  }
}
