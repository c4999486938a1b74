/** Small simulations for the tests; nothing here asserts. */
import type { AccessEvent } from '../../src/simulate/access-event.ts';
import { type AttackPlan, parseAttacks } from '../../src/simulate/attacks/plan.ts';
import { formatLine } from '../../src/simulate/format.ts';
import { type Simulation, simulate } from '../../src/simulate/simulate.ts';

export const HOUR_MS = 3_600_000;
/** 12:00 UTC, when offices work. */
export const NOON_MS = Date.UTC(2026, 0, 5, 12);

export function plan(text: string, durationMs: number): AttackPlan[] {
  const plans = parseAttacks(text, durationMs);
  if (typeof plans === 'string') throw new TypeError(plans);
  return plans;
}

export function simulation(changes: Partial<Simulation> & { attack?: string } = {}): Simulation {
  const { attack = 'none', ...rest } = changes;
  const durationMs = rest.durationMs ?? HOUR_MS;
  return { seed: 7, startMs: NOON_MS, durationMs, rateRps: 12, attacks: plan(attack, durationMs), ...rest };
}

export function requests(changes: Partial<Simulation> & { attack?: string } = {}): AccessEvent[] {
  return [...simulate(simulation(changes))];
}

/** A line of the JSON log, read back. */
export interface LogLine {
  readonly timestamp: string;
  readonly source_ip: string;
  readonly path: string;
  readonly referer: string;
}

export function text(events: readonly AccessEvent[]): string {
  return events.map((event) => formatLine(event, 'json')).join('');
}

/** Requests per client and minute, rising. */
export function perClientMinute(events: readonly AccessEvent[]): number[] {
  const counts = new Map<string, number>();
  for (const { from, timeMs } of events) {
    const key = `${from.client} ${Math.floor(timeMs / 60_000)}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts.values()].sort((left, right) => left - right);
}

export function quantile(rising: readonly number[], share: number): number {
  return rising[Math.min(rising.length - 1, Math.floor(rising.length * share))] ?? Number.NaN;
}

/** Whether a static file by the ending of its path. */
export function isAsset({ path }: AccessEvent): boolean {
  return /\.(css|js|png|jpg|webp|svg|ico|woff2|mp4)(\?|$)/.test(path);
}
