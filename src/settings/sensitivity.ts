/** One knob for all limits of the client rules. */
import { baseline, detection, type EngineOptions } from './engine-settings.ts';
import { moveLimitsOf } from './limits.ts';

/** What the levels divide every limit by: measured, see docs/measurements.md. */
export const SENSITIVITY_LEVELS = { low: 2 / 3, normal: 1, high: 1.5 } as const;

/** A level, or a number between or beyond them: above 1 more is banned, and sooner. */
export type Sensitivity = keyof typeof SENSITIVITY_LEVELS | number;

/** What the limits are divided by. */
export function sensitivityFactor(sensitivity: Sensitivity): number {
  return typeof sensitivity === 'number' ? sensitivity : SENSITIVITY_LEVELS[sensitivity];
}

/** The options with every limit for clients divided. What the site as a whole is held to stays, and so do weights and leaks. */
export function moveLimits(options: EngineOptions, sensitivity: Sensitivity): EngineOptions {
  const factor = sensitivityFactor(sensitivity);
  return {
    ...options,
    detection: moveLimitsOf(detection, options.detection, factor),
    baseline: moveLimitsOf(baseline, options.baseline, factor),
  };
}
