/** Whether the site itself is broken: then errors are nobody's fault. */
import { ClientCounter } from './client-counter.ts';

const HALF_SECONDS = 30;
/** Failing clients, and their share of all that asked for known paths. */
const CLIENTS_MIN = 3;
const SHARE_MIN = 0.5;
/** Statuses from here on are one. */
const FAILED = 500;

/**
 * Who asked for known paths, and who failed there, within the last half to whole minute. Of those who fail only clients that the
 * site had served before are to be noted until it is on, and each counts once: strangers cannot make the site look broken.
 */
export class Outage {
  /** True while most clients fail. */
  isOn = false;
  private seen = new ClientCounter();
  private failing = new ClientCounter();
  private seenBefore = new ClientCounter();
  private failingBefore = new ClientCounter();
  private since = 0;
  private changed = false;
  /** What most of them are answered, by a vote (Boyer and Moore, 1981) in which each client has one in half a minute. */
  private answer = 0;
  private votes = 0;

  /** Moves to `second`, once a second at most. */
  advance(second: number): void {
    if (this.changed) this.judge();
    const elapsed = second - this.since;
    if (elapsed >= 0 && elapsed < HALF_SECONDS) return;
    this.since = second;
    this.votes >>= 1;
    [this.seen, this.seenBefore] = [this.seenBefore, this.seen];
    [this.failing, this.failingBefore] = [this.failingBefore, this.failing];
    this.seen.clear();
    this.failing.clear();
    if (elapsed < 0 || elapsed >= 2 * HALF_SECONDS) {
      this.seenBefore.clear();
      this.failingBefore.clear();
    }
    this.judge();
  }

  /** The client of this hash asked for a known path; `failure` is the status, 0 when it was served. */
  note(hash: number, failure: number): void {
    this.seen.note(hash);
    if (failure > 0 && this.failing.note(hash)) this.vote(failure);
    this.changed = true;
  }

  /** True for the answers that the outage gives: a site that fails (5xx) makes no password wrong (401). */
  excuses(status: number): boolean {
    return this.isOn && (status >= FAILED || status === this.answer);
  }

  private vote(status: number): void {
    const answer = Math.min(status, FAILED);
    if (this.votes === 0) this.answer = answer;
    this.votes += answer === this.answer ? 1 : -1;
  }

  private judge(): void {
    this.changed = false;
    const [seen, failing] = [this.seen.countWith(this.seenBefore), this.failing.countWith(this.failingBefore)];
    // Once it is on nobody needs to have been served lately; it is over when most of those who come are served.
    if (this.isOn) this.isOn = failing >= Math.max(0.5, SHARE_MIN * seen);
    else this.isOn = failing >= CLIENTS_MIN - 0.5 && failing >= SHARE_MIN * seen;
  }
}
