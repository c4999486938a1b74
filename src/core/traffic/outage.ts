/** Whether the site itself is broken: then errors are nobody's fault. */
import { distinctClients } from './hash.ts';

const HALF_SECONDS = 30;
/** Failing clients beside the one that is judged, and their share of all that asked for known paths. */
const OTHERS_MIN = 2;
const SHARE_MIN = 0.2;

/** Who asked for known paths, and who failed there, within the last half to whole minute. */
export class Outage {
  private served = 0;
  private failed = 0;
  private servedBefore = 0;
  private failedBefore = 0;
  private since = 0;

  advance(second: number): void {
    const elapsed = second - this.since;
    if (elapsed >= 0 && elapsed < HALF_SECONDS) return;
    const fresh = elapsed > 0 && elapsed < 2 * HALF_SECONDS;
    this.servedBefore = fresh ? this.served : 0;
    this.failedBefore = fresh ? this.failed : 0;
    this.served = this.failed = 0;
    this.since = second;
  }

  /** A client asked for a known path. */
  note(bit: number, failed: boolean): void {
    this.served |= bit;
    if (failed) this.failed |= bit;
  }

  /** True when enough others than the client `bit` fail. */
  isOn(bit: number): boolean {
    const failing = distinctClients((this.failed | this.failedBefore) & ~bit);
    return failing >= OTHERS_MIN && failing > SHARE_MIN * distinctClients(this.served | this.servedBefore);
  }
}
