/**
 * The engine: traffic, detection and decision in log time. Fed with the same lines in the same order it emits the same
 * events, however the lines were cut into chunks; `zban run` and `zban replay` differ only in what they do with them.
 */
import { Policy } from './decide/policy.ts';
import { type ClientAnomaly, ClientRules } from './detect/client-rules.ts';
import { SiteRule } from './detect/site-rule.ts';
import { findSignature } from './detect/site-signature.ts';
import type { EngineOptions } from './engine-options.ts';
import type { EngineEvent, Evidence as EvidenceNumbers } from './event.ts';
import { formatClient } from './net/client-key.ts';
import { ASSET, HIGH, INFO, LOW, ROW, SECOND, STATUS_MASK, type Tally } from './parse/tally.ts';
import { formatSecond } from './time.ts';
import { Baseline, type BaselineState, baselineEvent, type Effective } from './traffic/baseline.ts';
import { Clients, PERMANENT } from './traffic/clients.ts';
import { Evidence, type ReadRecord } from './traffic/evidence.ts';
import { Learner } from './traffic/learner.ts';
import { Window } from './traffic/window.ts';

/** (second, client) pairs the window may hold: 22 bytes each. */
const WINDOW_ENTRIES_MAX = 4_000_000;
/** After so many late lines in a row the clock was set back, and the engine follows it. */
const RESYNC_AFTER = 1000;
/** A longer gap in the log teaches nothing: it is not known to have been quiet. */
const GAP_SECONDS_MAX = 3600;

export class Engine {
  readonly policy: Policy;
  readonly clients: Clients;
  readonly window: Window;
  readonly baseline: Baseline;
  readonly site: SiteRule;
  effective: Effective;
  /** Events older than the window or `out_of_order`, and those of clients banned at the time: in no window. */
  late = 0;
  banned = 0;

  private readonly options: EngineOptions;
  private readonly emit: (event: EngineEvent) => void;
  private readonly evidence: Evidence;
  private readonly learner: Learner;
  private readonly classic: boolean;
  private readonly windowSeconds: number;
  private readonly lateSecondsMax: number;
  private readonly recomputeSeconds: number;
  private rules: ClientRules;
  private lateRun = 0;
  /** Slots that were refused a ban: judged again when what refused them changes. */
  private readonly refused = new Set<number>();

  constructor(options: EngineOptions, readRecord: ReadRecord, emit: (event: EngineEvent) => void) {
    const { detection } = options;
    this.options = options;
    this.emit = emit;
    this.classic = options.profile === 'classic';
    this.windowSeconds = Math.round(detection.window / 1000);
    this.lateSecondsMax = Math.min(Math.round(detection.out_of_order / 1000), this.windowSeconds - 1);
    this.recomputeSeconds = Math.max(1, Math.round(options.baseline.recompute / 1000));
    this.clients = new Clients(detection.clients_max);
    this.baseline = new Baseline(options.baseline);
    this.learner = new Learner(this.clients, this.baseline);
    this.window = new Window(
      this.windowSeconds,
      this.clients,
      WINDOW_ENTRIES_MAX,
      (slot, second, requests, weight, errors) =>
        this.learner.leave(slot, second, requests, this.classic ? requests : weight, errors),
    );
    this.evidence = new Evidence(readRecord);
    this.site = new SiteRule(detection.site, this.windowSeconds, Math.round(options.baseline.window / 1000));
    this.policy = new Policy(options.bans, detection.ipv6_prefix);
    this.effective = this.baseline.effective(0);
    this.rules = this.makeRules();
  }

  /** Works through rows `from`…`to` of a tally, whose lines are in `bytes`. */
  ingest(source: number, bytes: Uint8Array, tally: Tally, from: number, to: number): void {
    const { rows } = tally;
    const { clients, window, evidence, classic } = this;
    if (from === to) return;
    evidence.open(source, bytes, tally, from);
    for (let row = from, at = from * ROW; row < to; row++, at += ROW) {
      const second = rows[at + SECOND] as number;
      if (second > window.newest) {
        evidence.extend(row);
        this.advanceTo(second);
      } else if (window.newest - second > this.lateSecondsMax && !this.followClock(second)) continue;
      this.lateRun = 0;
      const slot = this.findSlot(rows[at + HIGH] as number, rows[at + LOW] as number, second);
      if ((clients.bannedUntil[slot] as number) > window.newest) {
        this.banned++;
        continue;
      }
      const info = rows[at + INFO] as number;
      const status = info & STATUS_MASK;
      window.add(slot, second, info & ASSET ? 0 : 1, status >= 400 && status < 499 ? 1 : 0);
      if (((classic ? clients.requests[slot] : clients.weight[slot]) as number) >= this.rules.weightMin) {
        evidence.extend(row + 1);
        this.judge(slot);
      }
    }
    evidence.extend(to);
  }

  /** Moves the log clock on to `second`, closing every second before it. */
  advanceTo(second: number): void {
    const { window } = this;
    if (window.newest === 0) {
      window.newest = second;
      this.policy.fuse.advance(second);
      return;
    }
    if (second - window.newest > GAP_SECONDS_MAX) {
      const drained = window.newest + this.windowSeconds;
      while (window.newest < drained) this.step();
      this.finishSiteAnomaly();
      window.restart(second - 1);
    }
    while (window.newest < second) this.step();
  }

  /** The baselines, for the next start. */
  snapshot(): BaselineState {
    return this.baseline.snapshot();
  }

  restore(state: BaselineState): void {
    this.baseline.restore(state);
    this.recompute();
  }

  /** What may never be banned has changed, or banning was resumed: the clients refused so far are judged anew. */
  judgeRefusedAgain(): void {
    for (const slot of this.refused) this.clients.flaggedUntil[slot] = 0;
    this.refused.clear();
  }

  /** Notes a ban decided elsewhere; `until` in epoch seconds, Infinity is permanent, 0 a past offence. */
  setBan(high: number, low: number, tier: number, until: number, lastEnd: number): void {
    this.policy.set(high, low, tier, until, lastEnd);
    const slot = this.clients.find(high, low);
    if (slot < 0) return;
    this.clients.bannedUntil[slot] = Math.min(until, PERMANENT);
    this.clients.forget(slot);
  }

  /** Lifts a ban; what the client did before is forgotten, so that it is not banned again for the same requests. */
  release(high: number, low: number): boolean {
    const slot = this.clients.find(high, low);
    if (slot >= 0) {
      this.clients.bannedUntil[slot] = this.clients.flaggedUntil[slot] = 0;
      this.clients.forget(slot);
    }
    return this.policy.release(high, low, this.window.newest);
  }

  private findSlot(high: number, low: number, second: number): number {
    const slot = this.clients.find(high, low);
    if (slot >= 0) return slot;
    const added = this.clients.add(high, low, second);
    this.refused.delete(added);
    const until = this.policy.find(high, low)?.until ?? 0;
    this.clients.bannedUntil[added] = Math.min(until, PERMANENT);
    return added;
  }

  /** A line too old for the window: true when so many came in a row that the clock must have been set back. */
  private followClock(second: number): boolean {
    this.late++;
    if (++this.lateRun < RESYNC_AFTER) return false;
    this.window.restart(second);
    return true;
  }

  private step(): void {
    const { window, policy } = this;
    const closed = window.newest;
    this.learner.suspended = this.site.covers(closed + 1 - this.windowSeconds);
    window.advance();
    const now = window.newest;
    this.baseline.observe(1);
    this.learner.closeSecond(now - this.windowSeconds);
    if (now % this.recomputeSeconds === 0) {
      this.recompute();
      this.emit(baselineEvent(this.effective, now));
    }
    this.closeSite(closed);
    for (const offender of policy.expire(now)) {
      const { high, low, tier } = offender;
      const ip = formatClient(high, low, this.options.detection.ipv6_prefix);
      this.emit({ event: 'unban', time: formatSecond(now), ip, tier, reason: 'expired' });
    }
    const reset = policy.fuse.advance(now);
    if (reset) {
      this.judgeRefusedAgain();
      this.emit(reset);
    }
  }

  private recompute(): void {
    this.effective = this.baseline.effective(this.window.newest);
    this.rules = this.makeRules();
  }

  private makeRules(): ClientRules {
    const { profile, detection, baseline } = this.options;
    return new ClientRules(profile, detection, this.effective, baseline.warmup_max_requests);
  }

  private judge(slot: number): void {
    const { clients, window } = this;
    const seen = {
      requests: clients.requests[slot] as number,
      weight: clients.weight[slot] as number,
      errors: clients.errors[slot] as number,
    };
    const anomaly = this.rules.findAnomaly(seen);
    if (!anomaly) return;
    const known = (clients.flaggedUntil[slot] as number) >= window.newest;
    clients.flaggedUntil[slot] = window.newest + this.windowSeconds;
    if (known) return;
    const [high, low] = [clients.high(slot), clients.low(slot)];
    const ip = formatClient(high, low, this.options.detection.ipv6_prefix);
    const time = formatSecond(window.newest);
    const numbers = this.numbers(anomaly, seen.requests, seen.errors, high, low);
    const decision = this.policy.decide(high, low, window.newest, clients.active);
    if (decision.kind === 'refused') {
      this.refused.add(slot);
      if (decision.fuse) this.emit(decision.fuse);
      this.emit({ event: 'refused', time, ip, reason: decision.reason, detail: decision.detail, ...numbers });
      return;
    }
    clients.bannedUntil[slot] = Math.min(decision.until, PERMANENT);
    clients.forget(slot);
    this.emit({ event: 'ban', time, ip, tier: decision.tier, duration_seconds: decision.durationSeconds, ...numbers });
  }

  private numbers(
    anomaly: ClientAnomaly,
    requests: number,
    errors: number,
    high: number,
    low: number,
  ): EvidenceNumbers {
    return {
      condition: anomaly.condition,
      rate: anomaly.rate,
      mean: anomaly.level.mean,
      stddev: anomaly.level.stddev,
      z: anomaly.z,
      multiple: anomaly.multiple,
      limit: anomaly.limit,
      requests,
      errors,
      error_ratio: requests === 0 ? 0 : errors / requests,
      baseline_error_ratio: this.effective.errorRatio,
      window_seconds: this.windowSeconds,
      samples: this.evidence.samples(high, low),
    };
  }

  private closeSite(second: number): void {
    const { window, site } = this;
    const perSecond = this.classic ? window.siteRequests : window.siteWeight;
    let sum = 0;
    for (let s = second - site.averagedSeconds + 1; s <= second; s++)
      sum += perSecond[s % this.windowSeconds] as number;
    const change = site.close(second, sum / site.averagedSeconds, this.effective);
    if (!change) return;
    const { phase, condition, rate, level, z, multiple } = change;
    const signature = findSignature(
      this.clients,
      this.evidence,
      this.options.detection.ipv6_prefix,
      second,
      this.windowSeconds,
    );
    this.emit({
      event: 'global_anomaly',
      phase,
      time: formatSecond(second),
      condition,
      rate,
      ...level,
      z,
      multiple,
      ...signature,
    });
  }

  private finishSiteAnomaly(): void {
    // A gap in the log ends what was in progress: nothing is known of the time between.
    for (let second = this.window.newest; this.site.since !== undefined; second++) this.closeSite(second);
  }
}
