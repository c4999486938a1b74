/** Watches the site as a whole: counts, compares with what is usual, and tells when a surge starts and when it ends. */
import type { EngineOptions } from '../engine-options.ts';
import type { GlobalAnomalyEvent } from '../event.ts';
import { formatSecond } from '../time.ts';
import type { Effective } from '../traffic/baseline.ts';
import type { Clients } from '../traffic/clients.ts';
import type { Evidence } from '../traffic/evidence.ts';
import type { Window } from '../traffic/window.ts';
import { findOnset, SlidingCount, sumOf } from './site-counts.ts';
import { readOrdinary, readSurge } from './site-evidence.ts';
import { isNewcomer } from './site-line.ts';
import { readLoad, readTextbook, type SiteReading, SiteRule } from './site-rule.ts';
import { type SampleState, SiteSample } from './site-sample.ts';
import { findSignature, topClients } from './site-signature.ts';
import { type SiteLoad, SiteUsual, type UsualState } from './site-usual.ts';
import { findVerdict, type Verdict } from './site-verdict.ts';

/** Seconds over which the rate is told. */
const RATE_SECONDS = 10;
/** An attack, however long, becomes normal only after a day. */
const ATTACK_NORMAL_SECONDS = 86_400;
const TOP_CLIENTS = 5;

/** What survives a restart. */
export interface SiteState {
  readonly usual: UsualState;
  readonly sample: SampleState;
}

/** The anomaly in progress. */
interface Surge {
  /** What started it. */
  readonly reading: SiteReading;
  readonly verdict: Verdict;
  peakRate: number;
  extraRequests: number;
  bans: number;
  /** Last second above the limit. */
  lastSecond: number;
}

export class SiteWatch {
  private readonly options: EngineOptions;
  private readonly clients: Clients;
  private readonly window: Window;
  private readonly evidence: Evidence;
  private readonly rule: SiteRule;
  private readonly usual: SiteUsual;
  private readonly sample = new SiteSample();
  private readonly requests: SlidingCount;
  private readonly newcomers: SlidingCount;
  private readonly newNormalSeconds: number;
  private readonly clientRequestsMax: number;
  private surge: Surge | undefined;
  /** Of ordinary windows. */
  private lines = 0;

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
    this.requests = new SlidingCount(window.seconds);
    this.newcomers = new SlidingCount(window.seconds);
  }

  /** An anomaly is in progress. */
  get anomalous(): boolean {
    return this.surge !== undefined;
  }

  /** Counts a request that weighs something; the window has counted it already. */
  noteRequest(slot: number, second: number): void {
    const requests = this.clients.weight[slot] as number;
    if (requests <= this.clientRequestsMax) this.requests.add(second);
    if (requests === 1 && isNewcomer(this.clients, slot, second)) this.newcomers.add(second);
  }

  noteBan(): void {
    if (this.surge) this.surge.bans++;
  }

  /** True when traffic of `second` was judged anomalous and must teach nothing, unless it has lasted so long that it is normal. */
  covers(second: number): boolean {
    return this.rule.covers(second) && !this.isNewNormal(second);
  }

  /** Judges `second`, which has ended, and begins the next one. */
  close(second: number, effective: Effective): GlobalAnomalyEvent | undefined {
    const event = this.judge(second, effective);
    if ((second + 1) % this.window.seconds === 0) this.learn(second);
    this.requests.begin(second + 1);
    this.newcomers.begin(second + 1);
    return event;
  }

  /** A gap in the log after `second`, or a clock that was set back, ends what was in progress: nothing is known of the time between. */
  interrupt(second: number, effective: Effective): GlobalAnomalyEvent | undefined {
    this.requests.clear();
    this.newcomers.clear();
    this.usual.discard();
    this.sample.discard();
    if (!this.rule.finish(second)) return undefined;
    return this.end(second, effective, this.read(second, effective));
  }

  snapshot(): SiteState {
    return { usual: this.usual.snapshot(), sample: this.sample.snapshot() };
  }

  restore(state: SiteState): void {
    this.usual.restore(state.usual);
    this.sample.restore(state.sample);
  }

  private judge(second: number, effective: Effective): GlobalAnomalyEvent | undefined {
    const reading = this.read(second, effective);
    const fired = reading.fired && effective.ready && this.options.detection.site.enabled;
    const phase = this.rule.close(second, { ...reading, fired }, () => this.onset(second, reading));
    if (phase === 'start') return this.start(second, effective, reading);
    if (phase === 'end') return this.end(second, effective, reading);
    if (this.surge) this.follow(this.surge, second, effective);
    return undefined;
  }

  /** Judges the last window, or what a window would be like of which all seconds were as the last few. */
  private read(second: number, effective: Effective, seconds = this.window.seconds): SiteReading {
    const { detection, profile } = this.options;
    if (profile === 'classic') return readTextbook(this.rate(second, seconds), effective.site, detection);
    const load = this.load(second, seconds);
    return readLoad(load, this.usual.at(second) ?? load, detection.site);
  }

  /** Clients are only known of the whole window: that tells least when a surge ended, so it does where nothing else can. */
  private knowsClientsOf(seconds: number): boolean {
    return seconds === this.window.seconds || this.surge?.reading.condition === 'site_clients';
  }

  /** Over the last `seconds`, as so much a window. */
  private load(second: number, seconds = this.window.seconds): SiteLoad {
    const windows = seconds / this.window.seconds;
    return {
      requests: this.requests.over(second, seconds) / windows,
      newcomers: this.newcomers.over(second, seconds) / windows,
      clients: this.knowsClientsOf(seconds) ? this.clients.active : 0,
      lines: sumOf(this.window.siteRequests, second, seconds) / windows,
    };
  }

  /** Requests a second, in the classic profile all of them, else those that are no static files. */
  private rate(second: number, seconds: number): number {
    return sumOf(this.weights, second, seconds) / seconds;
  }

  private get weights(): Uint32Array {
    return this.options.profile === 'classic' ? this.window.siteRequests : this.window.siteWeight;
  }

  /** What a reading measured, second by second. */
  private seconds({ condition }: SiteReading): Uint32Array {
    if (condition === 'site_requests') return this.requests.perSecond;
    if (condition === 'site_newcomers') return this.newcomers.perSecond;
    return condition === 'site_clients' ? this.window.siteRequests : this.weights;
  }

  private onset(second: number, reading: SiteReading): number {
    return findOnset(this.seconds(reading), second, this.perSecondMin(reading));
  }

  /** More than this in a second is not ordinary. */
  private perSecondMin({ condition, calmBelow }: SiteReading): number {
    const isRate = condition === 'site_z_score' || condition === 'site_multiplier';
    return isRate ? calmBelow : calmBelow / this.window.seconds;
  }

  private start(second: number, effective: Effective, reading: SiteReading): GlobalAnomalyEvent {
    this.usual.discard();
    this.sample.discard();
    const since = this.rule.since ?? second;
    const { lines, from } = readSurge(this.evidence, this.clients, since, this.clientRequestsMax);
    const expected = ((this.usual.at(second)?.lines ?? 0) * (second - from + 1)) / this.window.seconds;
    const { verdict, detail } = findVerdict(lines, expected, this.sample, this.usual.knowsClients);
    const surge: Surge = { reading, verdict, peakRate: 0, extraRequests: 0, bans: 0, lastSecond: second };
    this.surge = surge;
    // Before this a mean of the last few seconds would reach out of the window.
    const oldest = second - this.window.seconds + RATE_SECONDS;
    for (let s = Math.max(since, oldest); s <= second; s++) this.follow(surge, s, effective);
    return {
      ...this.numbers(second, effective, reading),
      phase: 'start',
      verdict,
      detail,
      since: formatSecond(since),
      top_clients: topClients(this.clients, this.options.detection.ipv6_prefix, TOP_CLIENTS),
      ...findSignature(lines, this.sample, this.usual.knowsClients),
    };
  }

  /** Adds up what a second of the surge brought. */
  private follow(surge: Surge, second: number, effective: Effective): void {
    surge.peakRate = Math.max(surge.peakRate, this.rate(second, RATE_SECONDS));
    surge.extraRequests += this.rate(second, 1) - effective.site.mean;
    if (this.read(second, effective, RATE_SECONDS).fired) surge.lastSecond = second;
  }

  private end(second: number, effective: Effective, reading: SiteReading): GlobalAnomalyEvent {
    const surge = this.surge as Surge;
    this.surge = undefined;
    return {
      ...this.numbers(second, effective, { ...reading, condition: surge.reading.condition }),
      phase: 'end',
      verdict: surge.verdict,
      duration_seconds: surge.lastSecond - this.rule.last.start + 1,
      peak_rate: surge.peakRate,
      extra_requests: Math.max(0, Math.round(surge.extraRequests)),
      bans: surge.bans,
    };
  }

  private numbers(second: number, { site }: Effective, { condition, measured, usual, limit }: SiteReading) {
    const rate = this.rate(second, RATE_SECONDS);
    return {
      event: 'global_anomaly',
      time: formatSecond(second),
      condition,
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
    const load = this.load(second);
    this.usual.commit(load, second);
    this.sample.commit();
    const { lines } = load;
    this.lines += lines;
    for (const line of readOrdinary(this.evidence, this.clients, lines, this.lines)) this.sample.take(line);
  }
}
