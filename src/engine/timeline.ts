/** The engine's clock: closes every second that the log has left, learns from those that leave the window, and ends what is over. */
import { ProxyWatch } from '../decide/proxy-watch.ts';
import { ClientRules } from '../detect/client-rules.ts';
import { baselineEvent, type Effective } from '../traffic/baseline.ts';
import { GAP_SECONDS_MAX } from '../traffic/line-order.ts';
import type { Engine } from './engine.ts';

const MINUTE = 60;

/** What the seconds are closed in. */
type TimelineParts = Pick<
  Engine,
  | 'options'
  | 'window'
  | 'baseline'
  | 'learner'
  | 'evidence'
  | 'site'
  | 'swarm'
  | 'meter'
  | 'ledger'
  | 'bans'
  | 'ahead'
  | 'emit'
>;

export class Timeline {
  /** The baseline in force until the next recalculation, and the rules that follow from it. */
  effective: Effective;
  rules: ClientRules;
  /** The log clock at which the state was saved that the engine began with: what was learned until then is in it. */
  savedSecond = 0;
  private readonly parts: TimelineParts;
  private readonly recomputeSeconds: number;
  private readonly proxies = new ProxyWatch();
  /** First second since which the log was read without a gap, and that the baseline has not learned from. */
  private readFrom = 0;

  constructor(parts: TimelineParts) {
    this.parts = parts;
    this.recomputeSeconds = Math.max(1, Math.round(parts.options.baseline.recompute / 1000));
    this.effective = parts.baseline.effective(0);
    this.rules = this.makeRules();
  }

  /** Moves the clock on to `second`, closing every second before it. */
  advanceTo(second: number): void {
    const { window, ledger } = this.parts;
    if (window.newest === 0) {
      window.newest = second;
      this.readFrom = Math.max(second, this.learnFrom);
      ledger.fuse.advance(second);
      return;
    }
    if (second - window.newest > GAP_SECONDS_MAX) this.leap(second);
    while (window.newest < second) this.step();
  }

  /** The baseline has become that of an earlier engine, which was saved at epoch second `savedSecond`. */
  restart(savedSecond: number): void {
    this.savedSecond = savedSecond;
    this.recompute();
  }

  /** First second that the baseline has not learned from: it learns from seconds that leave the window. */
  private get learnFrom(): number {
    return this.savedSecond === 0 ? 0 : this.savedSecond - this.parts.window.seconds + 1;
  }

  /** A gap, of which nothing is known, ends with `second`. */
  private leap(second: number): void {
    const { window, site, emit } = this.parts;
    const drained = window.newest + window.seconds;
    while (window.newest < drained) this.step();
    const event = site.interrupt(window.newest, this.effective);
    if (event) emit(event);
    window.restart(second - 1);
    this.readFrom = second;
  }

  private step(): void {
    const { window, baseline, learner, site, swarm, meter, ledger, bans, options, emit } = this.parts;
    const closed = window.newest;
    const leaving = closed + 1 - window.seconds;
    const event = site.close(closed, this.effective);
    if (event) emit(event);
    swarm?.close(closed);
    learner.suspended = leaving < this.learnFrom || site.covers(leaving);
    window.advance();
    const now = window.newest;
    if (now > this.savedSecond) baseline.observe(1);
    if (leaving >= this.readFrom) learner.closeSecond(leaving);
    if (site.ongoing) meter.noteAnomaly();
    if (now % MINUTE === 0) {
      meter.close(now, this.parts.ahead, this.effective);
      this.watchForProxy();
    }
    if (now % this.recomputeSeconds === 0) {
      this.recompute();
      emit(baselineEvent(this.effective, now));
    }
    bans.expire(now, options.detection, emit);
    const reset = ledger.fuse.advance(now);
    if (reset) {
      bans.judgeRefusedAgain();
      emit(reset);
    }
  }

  private recompute(): void {
    this.effective = this.parts.baseline.effective(this.parts.window.newest);
    this.rules = this.makeRules();
  }

  private makeRules(): ClientRules {
    const { profile, detection, baseline } = this.parts.options;
    return new ClientRules(profile, detection, this.effective, baseline.warmup_max_requests);
  }

  private watchForProxy(): void {
    const { evidence, ledger } = this.parts;
    if (this.proxies.closeMinute(evidence)) ledger.setProxy(this.proxies.proxy);
  }
}
