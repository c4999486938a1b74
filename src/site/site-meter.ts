/** Counts of the site second by second, and what they come to over a while. */
import type { EngineOptions } from '../settings/engine-settings.ts';
import type { Clients } from '../traffic/clients.ts';
import type { Window } from '../traffic/window.ts';
import { findOnset, SlidingCount, sumOf } from './site-counts.ts';
import { isNewcomer } from './site-line.ts';
import type { SiteReading } from './site-rule.ts';
import type { SiteLoad } from './site-usual.ts';

export class SiteMeter {
  private readonly clients: Clients;
  private readonly window: Window;
  private readonly clientRequestsMax: number;
  private readonly requests: SlidingCount;
  private readonly newcomers: SlidingCount;
  private readonly banned: SlidingCount;
  /** By how many the clients in the window grew, by second. */
  private readonly growth: Uint32Array;
  private clientsBefore = 0;
  /** Requests by second, in the classic profile all of them, else those that are no static files. */
  private readonly weights: Uint32Array;

  constructor({ detection, profile }: EngineOptions, clients: Clients, window: Window) {
    this.clients = clients;
    this.window = window;
    this.clientRequestsMax = detection.site.client_requests;
    this.requests = new SlidingCount(window.seconds);
    this.newcomers = new SlidingCount(window.seconds);
    this.banned = new SlidingCount(window.seconds);
    this.growth = new Uint32Array(window.seconds);
    this.weights = profile === 'classic' ? window.siteRequests : window.siteWeight;
  }

  /** Counts a request that weighs something; the window has counted it already. */
  noteRequest(slot: number, second: number): void {
    const requests = this.clients.weight(slot);
    if (requests <= this.clientRequestsMax) this.requests.add(second);
    if (requests === 1 && isNewcomer(this.clients, slot, second)) this.newcomers.add(second);
  }

  noteBan(second: number): void {
    this.banned.add(second);
  }

  /** Takes note of how many clients there are at the end of `second`. */
  noteClients(second: number): void {
    const { active } = this.clients;
    this.growth[second % this.growth.length] = Math.max(0, active - this.clientsBefore);
    this.clientsBefore = active;
  }

  begin(second: number): void {
    this.banned.begin(second);
    this.requests.begin(second);
    this.newcomers.begin(second);
  }

  clear(): void {
    this.banned.clear();
    this.requests.clear();
    this.newcomers.clear();
  }

  /** Over the last `seconds`, as so much a window; clients, of whom only the whole window tells, where they are asked for. */
  load(second: number, seconds: number, withClients: boolean): SiteLoad {
    const windows = seconds / this.window.seconds;
    return {
      requests: this.requests.over(second, seconds) / windows,
      newcomers: this.newcomers.over(second, seconds) / windows,
      clients: withClients ? this.clients.active : 0,
      lines: this.lines(second, seconds) / windows,
    };
  }

  /** Requests a second. */
  rate(second: number, seconds: number): number {
    return sumOf(this.weights, second, seconds) / seconds;
  }

  /** Clients that were banned in the last `seconds`, of those in the window. */
  bans(second: number, seconds: number): number {
    return this.banned.over(second, Math.min(seconds, this.window.seconds));
  }

  /** The second at which what the reading measured began to be more than ordinary; of clients, when they began to become more. */
  onset(second: number, reading: SiteReading): number {
    const perSecond = reading.condition === 'site_clients' ? this.growth : this.seconds(reading);
    return findOnset(perSecond, second, this.perSecondMin(reading));
  }

  /** True when what the reading measured is more than ordinary over the last `seconds`. */
  exceeds(second: number, seconds: number, reading: SiteReading): boolean {
    return sumOf(this.seconds(reading), second, seconds) > this.perSecondMin(reading) * seconds;
  }

  private lines(second: number, seconds: number): number {
    const { window } = this;
    return seconds === window.seconds ? window.siteTotal : sumOf(window.siteRequests, second, seconds);
  }

  /** What a reading measured, second by second. */
  private seconds({ condition }: SiteReading): Uint32Array {
    if (condition === 'site_requests') return this.requests.perSecond;
    if (condition === 'site_newcomers') return this.newcomers.perSecond;
    return condition === 'site_clients' ? this.window.siteRequests : this.weights;
  }

  /** More than this in a second is not ordinary. */
  private perSecondMin({ condition, calmBelow }: SiteReading): number {
    const isRate = condition === 'site_z_score' || condition === 'site_multiplier';
    return isRate ? calmBelow : calmBelow / this.window.seconds;
  }
}
