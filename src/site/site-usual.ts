/** What is usual in a window for the site as a whole: learned once a window, recently and at each hour of the day. */
import type { BaselineOptions } from '../settings/engine-settings.ts';

/** What is counted in a window. */
export interface SiteLoad {
  /** Requests that are no static files, of each client only the first few. */
  readonly requests: number;
  /** Clients never seen before that ask for anything but static files. */
  readonly newcomers: number;
  /** Clients. */
  readonly clients: number;
  /** All requests; a surge is not known by them, but what of it is usual. */
  readonly lines: number;
}

const LOADS = ['requests', 'newcomers', 'clients', 'lines'] as const;

/** Means, and of how many windows. */
type Mean = { -readonly [name in keyof SiteLoad]: number } & { windows: number };

/** Newcomers are judged once zban has known the site's clients for so many windows in a row of this run. */
const NEWCOMER_WINDOWS = 60;
/** Days that an hour of the day remembers, about. */
const HOUR_DAYS = 3;
const HOUR_SECONDS = 3600;

/** What survives a restart: of newcomers nothing, because the clients seen before are forgotten. */
export type UsualState = readonly (Omit<SiteLoad, 'newcomers'> & { readonly windows: number })[];

const emptyMean = (): Mean => ({ requests: 0, newcomers: 0, clients: 0, lines: 0, windows: 0 });

function learn(mean: Mean, load: SiteLoad, windowsMax: number): void {
  mean.windows = Math.min(mean.windows + 1, windowsMax);
  for (const name of LOADS) mean[name] += (load[name] - mean[name]) / mean.windows;
}

export class SiteUsual {
  private readonly windowSeconds: number;
  private readonly recentMax: number;
  private readonly hourMin: number;
  private recent = emptyMean();
  private hours = Array.from({ length: 24 }, emptyMean);
  private newcomerWindows = 0;
  /** The newest window, which counts once another without an anomaly has followed. */
  private pending: { readonly load: SiteLoad; readonly second: number } | undefined;

  constructor({ window, hour_of_day }: BaselineOptions, windowSeconds: number) {
    this.windowSeconds = windowSeconds;
    this.recentMax = Math.max(1, Math.round(window / 1000 / windowSeconds));
    this.hourMin = hour_of_day.enabled ? hour_of_day.min_samples : Number.POSITIVE_INFINITY;
  }

  /** The window that ends with `second` was ordinary, as far as one can see. */
  commit(load: SiteLoad, second: number): void {
    if (this.pending) {
      learn(this.recent, this.pending.load, this.recentMax);
      const hour = this.hourOf(this.pending.second);
      // Tomorrow's newcomers are not as many as those of the first hour, in which everybody is new.
      const newcomers = this.knowsClients ? this.pending.load.newcomers : hour.newcomers;
      learn(hour, { ...this.pending.load, newcomers }, (HOUR_DAYS * HOUR_SECONDS) / this.windowSeconds);
      this.newcomerWindows++;
    }
    this.pending = { load, second };
  }

  /** The newest window was not ordinary after all. */
  discard(): void {
    this.pending = undefined;
  }

  /** At `second`; newcomers are infinite as long as nobody can tell who is new. Undefined before anything was learned. */
  at(second: number): SiteLoad | undefined {
    const { recent } = this;
    if (recent.windows === 0) return undefined;
    const hour = this.hourOf(second);
    const known = hour.windows >= this.hourMin ? hour : recent;
    return {
      requests: Math.max(recent.requests, known.requests),
      clients: Math.max(recent.clients, known.clients),
      // What is expected, rather than the most that would be.
      lines: recent.lines,
      newcomers: this.knowsClients ? Math.max(recent.newcomers, known.newcomers) : Number.POSITIVE_INFINITY,
    };
  }

  /** The site's clients have been known for so long that one never seen before is really new. */
  get knowsClients(): boolean {
    return this.newcomerWindows >= NEWCOMER_WINDOWS;
  }

  snapshot(): UsualState {
    return [this.recent, ...this.hours].map(({ newcomers: _, ...mean }) => mean);
  }

  restore([recent, ...hours]: UsualState): void {
    this.recent = { ...emptyMean(), ...recent };
    this.hours = this.hours.map((hour, index) => ({ ...hour, ...hours[index] }));
  }

  private hourOf(second: number): Mean {
    return this.hours[Math.floor(second / HOUR_SECONDS) % 24] as Mean;
  }
}
