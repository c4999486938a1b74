/** One knob for all limits of the client rules. */
import type { DetectionOptions, EngineOptions } from '../model/options.ts';
import { RULES } from './rules.ts';

/** What the levels divide every limit by: measured, see docs/detection.md. */
export const SENSITIVITY_LEVELS = { low: 2 / 3, normal: 1, high: 1.5 } as const;

/** A level, or a number between or beyond them: above 1 more is banned, and sooner. */
export type Sensitivity = keyof typeof SENSITIVITY_LEVELS | number;

/** What the limits are divided by. */
export function sensitivityFactor(sensitivity: Sensitivity): number {
  return typeof sensitivity === 'number' ? sensitivity : SENSITIVITY_LEVELS[sensitivity];
}

/**
 * The options with every limit of the rules for clients divided: points; floors, z and multiples of the window; error
 * surge; the ceiling while warming up. What the site as a whole is held to stays, and so do weights and leaks.
 */
export function moveLimits(options: EngineOptions, sensitivity: Sensitivity): EngineOptions {
  const factor = sensitivityFactor(sensitivity);
  const { detection, baseline } = options;
  return {
    ...options,
    detection: moveDetection(detection, factor),
    baseline: { ...baseline, warmup_max_requests: count(baseline.warmup_max_requests, factor) },
  };
}

function moveDetection(detection: DetectionOptions, factor: number): DetectionOptions {
  const { points, error_surge: surge } = detection;
  const buckets = RULES.map(({ name }) => [name, { ...points[name], limit: points[name].limit / factor }]);
  return {
    ...detection,
    z_score: detection.z_score / factor,
    multiple: multiple(detection.multiple, factor),
    min_requests: count(detection.min_requests, factor),
    error_surge: {
      ratio_multiple: multiple(surge.ratio_multiple, factor),
      min_errors: count(surge.min_errors, factor),
      min_requests: count(surge.min_requests, factor),
      z_score: surge.z_score / factor,
      multiple: multiple(surge.multiple, factor),
    },
    points: { ...points, ...(Object.fromEntries(buckets) as Omit<typeof points, 'enabled'>) },
  };
}

/** A number of requests stays a whole one. */
const count = (limit: number, factor: number): number => Math.max(1, Math.round(limit / factor));

/** What divides is how far the limit lies above the usual: no sensitivity makes the usual itself too much. */
const multiple = (limit: number, factor: number): number => 1 + (limit - 1) / factor;
