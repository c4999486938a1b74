/**
 * How often nginx is reloaded for swarms: a reload starts new processes of nginx, and the old ones stay as long as their
 * connections. Who makes swarms come and go gets so many at once, and then one in so long for all that changed meanwhile.
 */
const [AT_ONCE, EACH_MS] = [12, 300_000];

/** Times in milliseconds, of one clock. */
export class ReloadPace {
  /** By when all reloads so far have had their time. */
  private paidMs = 0;

  /** When the next reload may be. */
  get nextMs(): number {
    return this.paidMs - (AT_ONCE - 1) * EACH_MS;
  }

  note(nowMs: number): void {
    this.paidMs = Math.max(this.paidMs, nowMs) + EACH_MS;
  }
}
