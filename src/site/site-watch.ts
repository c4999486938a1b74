/** Watches the site as a whole: counts, compares with what is usual, and reports when a surge starts and when it ends. */

import type { GlobalAnomalyEnd, GlobalAnomalyEvent, GlobalAnomalyStart } from '../model/event.ts';
import { formatSecond } from '../model/time.ts';
import type { EngineOptions } from '../settings/engine-settings.ts';
import type { Effective } from '../traffic/baseline.ts';
import { topClients } from '../traffic/busiest.ts';
import type { Clients } from '../traffic/clients.ts';
import type { Evidence } from '../traffic/evidence.ts';
import type { Window } from '../traffic/window.ts';
import { readOrdinary, readSurge } from './site-evidence.ts';
import { SiteMeter } from './site-meter.ts';
import { exceedsUsual, type RuleState, readLoad, readTextbook, type SiteReading, SiteRule } from './site-rule.ts';
import { type SampleState, SiteSample } from './site-sample.ts';
import { findSignature } from './site-signature.ts';
import { SiteUsual, type UsualState } from './site-usual.ts';
import { findVerdict } from './site-verdict.ts';
import { continueSurge, RATE_SECONDS, type Surge, type SurgeNumbers, surgeNumbers } from './surge.ts';

/** An attack, however long, becomes normal only after a day. */
const ATTACK_NORMAL_SECONDS = 86_400;
const TOP_CLIENTS = 5;

/** What survives a restart. */
export interface SiteState {
  readonly usual: UsualState;
  readonly sample: SampleState;
  readonly rule: RuleState;
  /** The anomaly in progress, if any. */
  readonly surge?: Surge;
}

export class SiteWatch {
  private readonly options: EngineOptions;
  private readonly clients: Clients;
  private readonly window: Window;
  private readonly evidence: Evidence;
  private readonly rule: SiteRule;
  private readonly usual: SiteUsual;
  private readonly sample = new SiteSample();
  private readonly meter: SiteMeter;
  private readonly newNormalSeconds: number;
  private readonly clientRequestsMax: number;
  private surge: Surge | undefined;
  /** Of ordinary windows. */
  private lines = 0;
  /** Seconds before this one were judged before a restart: when they are read again they only fill the window. */
  private judgedUntil = 0;

  constructor(options: EngineOptions, clients: Clients, window: Window, evidence: Evidence) {
    const { site } = options.detection;
    this.options = options;
    this.clients = clients;
    this.window = window;
    this.evidence = evidence;
    this.clientRequestsMax = site.client_requests;
    this.newNormalSeconds = Math.round(options.baseline.window / 1000);
    // The textbook waits for nothing.
    const startSeconds = options.profile === 'classic' ? 1 : Math.round(site.start_after / 1000);
    this.rule = new SiteRule(startSeconds, Math.round(site.end_after / 1000));
    this.usual = new SiteUsual(options.baseline, window.seconds);
    this.meter = new SiteMeter(options, clients, window);
  }

  /** The anomaly that was reported and has not ended; `lastSecond` is its last above the limit. */
  get ongoing(): (SurgeNumbers & { readonly lastSecond: number }) | undefined {
    const { surge } = this;
    return surge?.state === 'open' ? { ...surgeNumbers(surge), lastSecond: surge.lastSecond } : undefined;
  }

  /** Counts a request that weighs something; the window has counted it already. */
  noteRequest(slot: number, second: number): void {
    this.meter.noteRequest(slot, second);
  }

  noteBan(): void {
    if (this.window.newest >= this.judgedUntil) this.meter.noteBan(this.window.newest);
  }

  /** True when traffic of `second` was judged anomalous and must teach nothing, unless it has lasted so long that it is normal. */
  covers(second: number): boolean {
    return this.rule.covers(second) && !this.isNewNormal(second);
  }

  /** Judges `second`, which has ended, and begins the next one. */
  close(second: number, effective: Effective): GlobalAnomalyEvent | undefined {
    this.meter.noteClients(second);
    const isAgain = second < this.judgedUntil;
    const event = isAgain ? undefined : this.judge(second, effective);
    if ((second + 1) % this.window.seconds === 0 && !isAgain) this.learn(second);
    this.meter.begin(second + 1);
    return event;
  }

  /** A gap in the log after `second`, or a clock that was set back, ends what was in progress: nothing is known of the time between. */
  interrupt(second: number, effective: Effective): GlobalAnomalyEvent | undefined {
    this.meter.clear();
    this.usual.discard();
    this.sample.discard();
    this.judgedUntil = 0;
    if (!this.rule.finish(second)) return undefined;
    return this.end(second, effective);
  }

  /**
   * The log has been silent by the wall clock for so long that the anomaly is over for people, although the log's own
   * clock stands. Nothing else changes: what is learned depends on the lines alone. If the surge goes on after all, that
   * is another anomaly.
   */
  fallSilent(second: number, effective: Effective): GlobalAnomalyEnd | undefined {
    const { surge } = this;
    if (surge?.state !== 'open') return undefined;
    const event = { ...this.describeEnd(surge, second, effective, 0), silent: true } as const;
    surge.state = 'closed';
    surge.lastSecond = second;
    return event;
  }

  /**
   * Ends a rehearsal. `known` is the anomaly that was reported and has not ended: it goes on as the same, or ends now.
   * One that only the rehearsal found is reported when it goes on.
   */
  goLive(known: Surge | undefined, second: number, effective: Effective): GlobalAnomalyEnd | undefined {
    const { surge } = this;
    this.judgedUntil = 0;
    if (surge && known) continueSurge(surge, known);
    else if (surge?.state === 'open') Object.assign(surge, { state: 'unreported', lastSecond: second });
    else if (known) return this.describeEnd(known, second, effective);
    return undefined;
  }

  snapshot(): SiteState {
    const { usual, sample, rule, surge } = this;
    const kept = { usual: usual.snapshot(), sample: sample.snapshot(), rule: rule.snapshot() };
    return { ...kept, ...(surge && { surge: { ...surge } }) };
  }

  /** Takes over a state of epoch second `second`. */
  restore({ usual, sample, rule, surge }: SiteState, second: number): void {
    this.usual.restore(usual);
    this.sample.restore(sample);
    this.judgedUntil = second;
    this.rule.restore(rule);
    this.surge = surge && { ...surge };
  }

  private judge(second: number, effective: Effective): GlobalAnomalyEvent | undefined {
    if (this.isQuiet(second)) return undefined;
    const reading = this.read(second, effective);
    const fired = reading.fired && effective.ready && this.options.detection.site.enabled;
    const phase = this.rule.close(second, { ...reading, fired }, () => this.meter.onset(second, reading));
    if (phase === 'start') return this.start(second, effective, reading, this.rule.since ?? second);
    if (phase === 'end') return this.end(second, effective);
    const { surge } = this;
    if (!surge) return undefined;
    // What is reported again must show in seconds of which nothing was reported.
    if (surge.state !== 'open' && second < surge.lastSecond + RATE_SECONDS) return undefined;
    const goesOn = this.follow(surge, second, effective);
    if (reading.condition === surge.condition) surge.peakMeasured = Math.max(surge.peakMeasured, reading.measured);
    if (!goesOn || surge.state === 'open') return undefined;
    return this.start(
      second,
      effective,
      reading,
      surge.state === 'closed' ? this.meter.onset(second, reading) : surge.since,
    );
  }

  /** Nothing is in progress and nothing begins: so are most seconds. */
  private isQuiet(second: number): boolean {
    const { options, usual, rule, surge, meter, window } = this;
    if (surge || rule.since !== undefined || options.profile === 'classic') return false;
    const usually = usual.at(second);
    if (usually === undefined) return true;
    return !exceedsUsual(meter.load(second, window.seconds, true), usually, options.detection.site);
  }

  /** Judges the last window, or what a window would be like of which all seconds were as the last few. */
  private read(second: number, effective: Effective, seconds = this.window.seconds): SiteReading {
    const { detection, profile } = this.options;
    if (profile === 'classic') return readTextbook(this.meter.rate(second, seconds), effective.site, detection);
    // Clients stay in the window for its whole length: that tells least when a surge ended.
    const knowsClients = seconds === this.window.seconds || this.surge?.condition === 'site_clients';
    const load = this.meter.load(second, seconds, knowsClients);
    return readLoad(load, this.usual.at(second) ?? load, detection.site);
  }

  private start(second: number, effective: Effective, reading: SiteReading, since: number): GlobalAnomalyStart {
    this.usual.discard();
    this.sample.discard();
    const { lines, from } = readSurge(this.evidence, this.clients, since, this.clientRequestsMax);
    const expected = ((this.usual.at(second)?.lines ?? 0) * (second - from + 1)) / this.window.seconds;
    const { verdict, detail } = findVerdict(lines, expected, this.sample, this.usual.knowsClients);
    const { condition } = reading;
    const bans = this.meter.bans(second, second - since + 1);
    const none = { peakRate: 0, peakMeasured: reading.measured, extraRequests: 0 };
    const surge: Surge = { condition, verdict, since, ...none, bans, lastSecond: second, state: 'open' };
    this.surge = surge;
    // Before this a mean of the last few seconds would reach out of the window.
    const oldest = second - this.window.seconds + RATE_SECONDS;
    for (let s = Math.max(since, oldest); s <= second; s++) this.follow(surge, s, effective);
    return {
      ...this.numbers(surge, second, effective, reading),
      phase: 'start',
      detail,
      topClients: topClients(this.clients, this.options.detection, TOP_CLIENTS),
      ...findSignature(lines, this.sample, this.usual.knowsClients),
    };
  }

  /** Adds up what a second of the surge brought; true when the surge goes on in it. */
  private follow(surge: Surge, second: number, effective: Effective): boolean {
    surge.peakRate = Math.max(surge.peakRate, this.meter.rate(second, RATE_SECONDS));
    surge.extraRequests += this.meter.rate(second, 1) - effective.site.mean;
    const now = this.read(second, effective, RATE_SECONDS);
    // Clients stay in the window for its whole length: their requests say whether they are still there.
    const goesOn = now.fired && this.meter.exceeds(second, RATE_SECONDS, now);
    if (goesOn && second > surge.lastSecond) {
      surge.bans += this.meter.bans(second, second - surge.lastSecond);
      surge.lastSecond = second;
    }
    return goesOn;
  }

  private end(second: number, effective: Effective): GlobalAnomalyEnd | undefined {
    const { surge } = this;
    this.surge = undefined;
    return surge?.state === 'open' ? this.describeEnd(surge, second, effective) : undefined;
  }

  private describeEnd(surge: Surge, second: number, effective: Effective, rate?: number): GlobalAnomalyEnd {
    const { condition, since, lastSecond, extraRequests, bans } = surge;
    return {
      ...this.numbers(surge, second, effective, { ...this.read(second, effective), condition }, rate),
      phase: 'end',
      durationSeconds: lastSecond - since + 1,
      extraRequests: Math.max(0, Math.round(extraRequests)),
      bans,
    };
  }

  private numbers(
    surge: Surge,
    second: number,
    { site }: Effective,
    { measured, usual, limit }: SiteReading,
    rate = this.meter.rate(second, RATE_SECONDS),
  ) {
    return {
      event: 'global_anomaly',
      time: formatSecond(second),
      ...surgeNumbers(surge),
      rate,
      ...site,
      z: (rate - site.mean) / site.stddev,
      multiple: rate / site.mean,
      measured,
      usual,
      limit,
    } as const;
  }

  private isNewNormal(second: number): boolean {
    const { since } = this.rule;
    if (!this.surge || since === undefined) return false;
    return second - since >= (this.surge.verdict === 'attack' ? ATTACK_NORMAL_SECONDS : this.newNormalSeconds);
  }

  /** Learns from the window that ends with `second`, unless something is wrong. */
  private learn(second: number): void {
    if (this.rule.covers(second) && !this.isNewNormal(second)) return;
    const load = this.meter.load(second, this.window.seconds, true);
    this.usual.commit(load, second);
    this.sample.commit();
    const { lines } = load;
    this.lines += lines;
    for (const line of readOrdinary(this.evidence, this.clients, lines, this.lines)) this.sample.take(line);
  }
}
