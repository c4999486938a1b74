/**
 * Tells sessions from knocks. Anybody may open a connection to sshd's port, which bans leave open, and hold it without
 * a password: if that protected him, one idle connection would buy the right to flood. sshd ends it after
 * LoginGraceTime (sshd_config(5): 120 s unless set), so what lasts longer has logged in.
 */
import type { Connection } from './proc-net.ts';

/** LoginGraceTime and some time for sshd and for the look that comes next. */
const KNOCK_MS_MAX = 150_000;

export class SshSessions {
  private readonly now: () => number;
  /** When each connection that still stands was seen first. */
  private seenMs: ReadonlyMap<string, number> | undefined;

  /** `now` is a monotonic clock, milliseconds. */
  constructor(now: () => number) {
    this.now = now;
  }

  /**
   * Those of the connections that stand now that count as sessions. At the first call all do: zban may have been
   * started from one of them, and a knock among them is over soon.
   */
  select(peers: readonly Connection[]): Connection[] {
    const nowMs = this.now();
    const newMs = this.seenMs ? nowMs : Number.NEGATIVE_INFINITY;
    const seenMs = new Map(peers.map(({ name }) => [name, this.seenMs?.get(name) ?? newMs]));
    this.seenMs = seenMs;
    return peers.filter(({ name }) => nowMs - (seenMs.get(name) ?? nowMs) >= KNOCK_MS_MAX);
  }
}
