/** The rules for one client: pure functions of its window and the baseline. */

import type { Condition, Evidence, Learned, Level, Sample } from '../model/event.ts';
import type { NetworkProof } from '../model/lane.ts';
import type { DetectionOptions } from '../settings/engine-settings.ts';
import type { Effective } from '../traffic/baseline.ts';
import type { Overflow } from './points.ts';
import { RATE, type ReportReach } from './reach.ts';

/** A client's window: what it asked for, what that weighs, what was answered 4xx. */
export interface ClientWindow {
  readonly requests: number;
  readonly weight: number;
  readonly errors: number;
}

export interface SeenClient extends ClientWindow {
  /** Since it was first seen. */
  readonly seconds: number;
}

/** Why a client is anomalous; rates per second. */
export interface ClientAnomaly {
  readonly condition: Condition;
  readonly rate: number;
  readonly level: Level;
  readonly z: number;
  readonly multiple: number;
  readonly limit: number;
}

/** One set of limits: a window is anomalous at `floor` or more when z or multiple is exceeded. */
interface Limits {
  readonly floor: number;
  readonly z: number;
  readonly multiple: number;
}

function exceeded(rate: number, level: Level, limits: Limits): { z: number; multiple: number; fired: boolean } {
  const z = (rate - level.mean) / level.stddev;
  const multiple = rate / level.mean;
  return { z, multiple, fired: z > limits.z || multiple > limits.multiple };
}

/** The rate above which `limits` fire. */
function limitRate(level: Level, limits: Limits, windowSeconds: number): number {
  return Math.max(
    limits.floor / windowSeconds,
    Math.min(level.mean + limits.z * level.stddev, level.mean * limits.multiple),
  );
}

/** The limits in force until the next recalculation of the baseline, so that judging a request is a comparison. */
export class ClientRules {
  /** No window below this weight can be anomalous; the only test that most requests meet. */
  readonly weightMin: number;
  private readonly windowSeconds: number;
  private readonly level: Level;
  private readonly errorRatio: number;
  private readonly learned: Learned;
  private readonly ready: boolean;
  private readonly countAll: boolean;
  private readonly normal: Limits;
  private readonly tight: Limits;
  private readonly errorsMin: number;
  private readonly ratioMultiple: number;
  private readonly ceiling: number;
  /** Weight in a window that each set of limits tolerates. */
  private readonly normalMax: number;
  private readonly tightMax: number;

  constructor(
    profile: 'balanced' | 'classic',
    detection: DetectionOptions,
    effective: Effective,
    warmupMaxRequests: number,
  ) {
    const surge = detection.error_surge;
    const classic = profile === 'classic';
    this.countAll = classic;
    this.windowSeconds = detection.window / 1000;
    this.level = classic
      ? {
          mean: Math.max(effective.site.mean, detection.classic.mean_floor),
          stddev: Math.max(effective.site.stddev, detection.classic.stddev_floor),
        }
      : { mean: effective.client.mean / 60, stddev: effective.client.stddev / 60 };
    this.errorRatio = effective.errorRatio;
    const { site, client, errorRatio } = effective.learned;
    const [learned, seconds] = classic ? [site, 1] : [client, 60];
    this.learned = {
      mean: learned ? learned.mean / seconds : null,
      stddev: learned ? learned.stddev / seconds : null,
      errorRatio: errorRatio ?? null,
    };
    this.ready = effective.ready;
    this.normal = { floor: classic ? 0 : detection.min_requests, z: detection.z_score, multiple: detection.multiple };
    this.tight = { floor: classic ? 0 : surge.min_requests, z: surge.z_score, multiple: surge.multiple };
    this.errorsMin = classic ? 1 : surge.min_errors;
    this.ratioMultiple = surge.ratio_multiple;
    this.ceiling = warmupMaxRequests;
    this.normalMax = limitRate(this.level, this.normal, this.windowSeconds) * this.windowSeconds;
    this.tightMax = limitRate(this.level, this.tight, this.windowSeconds) * this.windowSeconds;
    // Rounded down: dividing and multiplying by the window may put a whole number a hair above itself.
    this.weightMin = Math.floor(this.ready ? Math.min(this.normalMax, this.tightMax, this.ceiling) : this.ceiling);
  }

  /** The numbers of a window that was judged by something else. */
  describe({ weight }: ClientWindow, condition: Condition): ClientAnomaly {
    const rate = weight / this.windowSeconds;
    const { z, multiple } = exceeded(rate, this.level, this.normal);
    const limit = this.ready
      ? limitRate(this.level, this.normal, this.windowSeconds)
      : this.ceiling / this.windowSeconds;
    return { condition, rate, level: this.level, z, multiple, limit };
  }

  /** Judges a window; undefined while it is within its limits, which `allowance` multiplies; errors surge only of a client that is `probing`. */
  findAnomaly(window: ClientWindow, allowance = 1, probing = true): ClientAnomaly | undefined {
    const weight = (this.countAll ? window.requests : window.weight) / allowance;
    if (weight < this.weightMin) return undefined;
    const rate = weight / this.windowSeconds;
    const normal = exceeded(rate, this.level, this.normal);
    const numbers = { rate, level: this.level, z: normal.z, multiple: normal.multiple };
    if (!this.ready) {
      return weight > this.ceiling
        ? { ...numbers, condition: 'warmup_ceiling', limit: this.ceiling / this.windowSeconds }
        : undefined;
    }
    if (weight >= this.normal.floor && normal.fired) {
      const byZ = normal.z / this.normal.z >= normal.multiple / this.normal.multiple;
      return {
        ...numbers,
        condition: byZ ? 'z_score' : 'multiplier',
        limit: limitRate(this.level, this.normal, this.windowSeconds),
      };
    }
    const surging =
      probing &&
      window.errors >= this.errorsMin &&
      window.errors > this.ratioMultiple * this.errorRatio * window.requests;
    if (surging && weight >= this.tight.floor && exceeded(rate, this.level, this.tight).fired) {
      return { ...numbers, condition: 'error_surge', limit: limitRate(this.level, this.tight, this.windowSeconds) };
    }
    return undefined;
  }

  /** Tells how near a window is to the limits: to the usual ones, or to those of a surge of errors if that is nearer. */
  reach(requests: number, weight: number, errors: number, tell: ReportReach): void {
    const counted = this.countAll ? requests : weight;
    if (!this.ready) {
      tell(RATE, counted / this.ceiling, this.ceiling);
      return;
    }
    const usual = counted / this.normalMax;
    const errorsMax = Math.max(this.errorsMin, this.ratioMultiple * this.errorRatio * requests);
    const surge = Math.min(counted / this.tightMax, errors / errorsMax);
    if (surge > usual) tell(RATE, surge, this.tightMax);
    else tell(RATE, usual, this.normalMax);
  }

  /** The numbers behind a judgement, as they are told; of its points too where they `overflow`. */
  evidence(anomaly: ClientAnomaly, seen: SeenClient, samples: readonly Sample[], overflow?: Overflow): Evidence {
    const { condition, rate, level, z, multiple, limit } = anomaly;
    const { requests, errors, seconds } = seen;
    return {
      condition,
      rate,
      ...level,
      z,
      multiple,
      limit,
      requests,
      errors,
      errorRatio: requests === 0 ? 0 : errors / requests,
      baselineErrorRatio: this.errorRatio,
      windowSeconds: this.windowSeconds,
      spanSeconds: Math.min(this.windowSeconds, seconds),
      baselineOf: this.countAll ? 'site' : 'client',
      learned: this.learned,
      ...overflow?.numbers,
      samples,
    };
  }

  /** The numbers behind the ban of a network that a swarm comes from: of usual traffic it has none. */
  ofNetwork({ requests, seconds, rate }: NetworkProof, samples: readonly Sample[]): Evidence {
    const nobody = { mean: 0, stddev: 0, z: Number.POSITIVE_INFINITY, multiple: Number.POSITIVE_INFINITY, limit: 0 };
    return {
      condition: 'swarm',
      rate,
      ...nobody,
      requests,
      errors: 0,
      errorRatio: 0,
      baselineErrorRatio: this.errorRatio,
      windowSeconds: seconds,
      spanSeconds: seconds,
      baselineOf: 'client',
      samples,
    };
  }
}
