/** Which lanes share a zone of nginx's: zones are few and have one rate each, lanes are many and nearly all are rarely met. */
import type { NginxLane } from './nginx-lane-text.ts';

/** Zones that nginx knows by name, because operators name them in their own configuration (docs/swarms.md). */
export const ZONES = 4;
/** What one page with its requests needs at once. */
const BURST_MIN = 10;

export interface HoldZone {
  /** Each has a bucket of its own. */
  readonly lanes: readonly NginxLane[];
  readonly perMinute: number;
  readonly atOnce: number;
}

/** What a lane that holds lets pass: requests a minute in the long run, and how many together. nginx takes whole numbers. */
export function findHoldLimits(usualRps: number): Omit<HoldZone, 'lanes'> {
  const perMinute = Math.max(1, Math.ceil(usualRps * 60));
  return { perMinute, atOnce: Math.max(BURST_MIN, perMinute) };
}

/** Lanes of one rate share a zone; of more rates than zones those that differ least take the higher one, which lets more pass. */
export function findHoldZones(holds: readonly NginxLane[]): readonly HoldZone[] {
  const limitsOf = (lane: NginxLane) => ({ ...findHoldLimits(lane.usualRps), lanes: [lane] });
  const zones: HoldZone[] = holds.map(limitsOf).sort((a, b) => a.perMinute - b.perMinute);
  const stepTo = (index: number) => (zones[index]?.perMinute ?? 0) / (zones[index - 1]?.perMinute ?? 1);
  for (;;) {
    const steps = zones.map((_, index) => (index === 0 ? Number.POSITIVE_INFINITY : stepTo(index)));
    const least = Math.min(...steps);
    if (least > 1 && zones.length <= ZONES) return zones;
    const index = steps.indexOf(least);
    const [lower, higher] = [zones[index - 1] as HoldZone, zones[index] as HoldZone];
    zones.splice(index - 1, 2, { ...higher, lanes: [...lower.lanes, ...higher.lanes] });
  }
}
