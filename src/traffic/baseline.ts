/**
 * The rolling baselines: what the site, its clients and their errors are like when nothing is wrong. Minutes of
 * learned traffic go into a ring (the last 30) and into a slot for their hour of the day, which fades by a third a day.
 */

import type { BaselineEvent, Level } from '../model/event.ts';
import { formatSecond } from '../model/time.ts';
import type { BaselineOptions } from '../settings/engine-settings.ts';
import { addMoments, addSample, emptyMoments, levelOf, type Moments, scaleMoments } from './moments.ts';

const MINUTE = 60;
/** What is left of an hour slot when the same hour comes again the next day. */
const HOUR_FADE = 2 / 3;

/** Sums of one minute, of the ring, or of an hour slot. */
interface Block {
  readonly site: Moments;
  readonly client: Moments;
  requests: number;
  errors: number;
}

/** The part of the state that survives a restart. */
export interface BaselineState {
  readonly observedSeconds: number;
  readonly minutes: readonly Block[];
  readonly hours: readonly (Block & { readonly day: number })[];
}

/** What rates are held against. Site: weight a second. Client: weight a minute. */
export interface Effective {
  readonly ready: boolean;
  readonly site: Level;
  readonly client: Level;
  readonly errorRatio: number;
  /** Before the floors; undefined without samples. */
  readonly learned: {
    readonly site: Level | undefined;
    readonly client: Level | undefined;
    readonly errorRatio: number | undefined;
  };
  readonly origin: BaselineEvent['origin'];
  readonly siteSamples: number;
  readonly clientSamples: number;
}

function emptyBlock(): Block {
  return { site: emptyMoments(), client: emptyMoments(), requests: 0, errors: 0 };
}

function addBlock(to: Block, from: Block): void {
  addMoments(to.site, from.site);
  addMoments(to.client, from.client);
  to.requests += from.requests;
  to.errors += from.errors;
}

export class Baseline {
  private readonly options: BaselineOptions;
  private readonly minutesMax: number;
  private current = emptyBlock();
  private minutes: Block[] = [];
  private hours: (Block & { day: number })[] = Array.from({ length: 24 }, () => ({ ...emptyBlock(), day: -1 }));
  private observedSeconds = 0;

  constructor(options: BaselineOptions) {
    this.options = options;
    this.minutesMax = Math.max(1, Math.round(options.window / 60_000));
  }

  /** Counts a second of log time towards the warm-up. */
  observe(seconds: number): void {
    this.observedSeconds += seconds;
  }

  /** Learns the site's weight in one second. */
  learnSecond(weight: number): void {
    addSample(this.current.site, weight);
  }

  /** Learns one client's weight in the minute that ends. */
  learnClient(weight: number): void {
    addSample(this.current.client, weight);
  }

  learnErrors(requests: number, errors: number): void {
    this.current.requests += requests;
    this.current.errors += errors;
  }

  /** Files the current minute, which ended before epoch second `end`. */
  closeMinute(end: number): void {
    if (this.current.site.count === 0 && this.current.requests === 0) return;
    const start = end - MINUTE;
    const hour = this.hours[Math.floor(start / 3600) % 24];
    if (hour) {
      const day = Math.floor(start / 86_400);
      if (hour.day !== day) {
        for (const moments of [hour.site, hour.client]) scaleMoments(moments, HOUR_FADE);
        hour.requests *= HOUR_FADE;
        hour.errors *= HOUR_FADE;
        hour.day = day;
      }
      addBlock(hour, this.current);
    }
    this.minutes.push(this.current);
    if (this.minutes.length > this.minutesMax) this.minutes.shift();
    this.current = emptyBlock();
  }

  /** The numbers in force at epoch second `now`: the hour's slot once it has enough minutes, else the ring; never below the floors. */
  effective(now: number): Effective {
    const { options } = this;
    const ring = emptyBlock();
    for (const minute of this.minutes) addBlock(ring, minute);
    addBlock(ring, this.current);
    const hour = this.hours[Math.floor(now / 3600) % 24];
    const useHour =
      options.hour_of_day.enabled && hour !== undefined && hour.site.count >= options.hour_of_day.min_samples * MINUTE;
    const chosen = useHour ? hour : ring;
    const site = levelOf(chosen.site);
    const client = levelOf(chosen.client);
    const errorRatio = chosen.requests > 0 ? chosen.errors / chosen.requests : undefined;
    const learned = {
      site: chosen.site.count > 0 ? site : undefined,
      client: chosen.client.count > 0 ? client : undefined,
      errorRatio,
    };
    const floored = client.mean < options.client_mean_floor && client.stddev < options.client_stddev_floor;
    return {
      ready: this.observedSeconds * 1000 >= options.warmup,
      site: {
        mean: Math.max(site.mean, options.site_mean_floor),
        stddev: Math.max(site.stddev, options.site_stddev_floor),
      },
      client: {
        mean: Math.max(client.mean, options.client_mean_floor),
        stddev: Math.max(client.stddev, options.client_stddev_floor),
      },
      errorRatio: Math.max(options.error_ratio_floor, errorRatio ?? 0),
      learned,
      origin: useHour ? 'hour' : floored ? 'floor' : 'rolling',
      siteSamples: Math.round(chosen.site.count),
      clientSamples: Math.round(chosen.client.count),
    };
  }

  snapshot(): BaselineState {
    const copy = (block: Block): Block => ({ ...block, site: { ...block.site }, client: { ...block.client } });
    return {
      observedSeconds: this.observedSeconds,
      minutes: [...this.minutes.map(copy), copy(this.current)],
      hours: this.hours.map((hour) => ({ ...copy(hour), day: hour.day })),
    };
  }

  restore(state: BaselineState): void {
    this.observedSeconds = state.observedSeconds;
    // The last one is not over: lines of it may follow.
    this.minutes = state.minutes.slice(-this.minutesMax - 1).map((block) => structuredClone(block));
    this.current = this.minutes.pop() ?? emptyBlock();
    this.hours = state.hours.map((hour) => structuredClone(hour));
  }
}

/** The effective baseline as people and tools see it: everything in requests a second. */
export function baselineEvent(effective: Effective, second: number): BaselineEvent {
  const { client, learned } = effective;
  const perSecond = ({ mean, stddev }: Level): Level => ({ mean: mean / MINUTE, stddev: stddev / MINUTE });
  return {
    event: 'baseline',
    time: formatSecond(second),
    ready: effective.ready,
    site: effective.site,
    client: perSecond(client),
    errorRatio: effective.errorRatio,
    learned: {
      site: learned.site ?? null,
      client: learned.client ? perSecond(learned.client) : null,
      errorRatio: learned.errorRatio ?? null,
    },
    origin: effective.origin,
    siteSamples: effective.siteSamples,
    clientSamples: effective.clientSamples,
  };
}
