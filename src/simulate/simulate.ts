/** The simulation itself: pure, without clock or chance of its own; the same options give the same requests. */
import type { AccessEvent } from './access-event.ts';
import { AttackerAddresses } from './addresses.ts';
import { runAttack } from './attacks/attack.ts';
import type { AttackPlan } from './attacks/plan.ts';
import { populate } from './population/populate.ts';
import { Random } from './random.ts';
import { buildSite, type SiteKind } from './site.ts';
import { Calendar, dayCurve, type World } from './world.ts';

/** What happens in a simulation. */
export interface Simulation {
  /** Whole number; every seed is another day on another site. */
  readonly seed: number;
  /** Epoch milliseconds. */
  readonly startMs: number;
  /** Infinity never ends. */
  readonly durationMs: number;
  /** Honest requests a second, mean over the day. */
  readonly rateRps: number;
  /** So many days pass in one, with as many more visits; the requests of one visit keep their pace. Default 1. */
  readonly speed?: number;
  /** One load around the clock, instead of a quiet night and a busy day. */
  readonly steady?: boolean;
  /** Default `shop`. */
  readonly site?: SiteKind;
  readonly attacks: readonly AttackPlan[];
}

/**
 * The requests of a simulation in order of time. Attacks add requests and change none: without them the same seed gives
 * the same ordinary traffic. The first seconds are quiet, because every visit begins within the simulation.
 */
export function* simulate(simulation: Simulation): Generator<AccessEvent, void, undefined> {
  const { seed, startMs, speed = 1 } = simulation;
  const endMs = startMs + simulation.durationMs;
  const calendar = new Calendar();
  const world: World = {
    site: buildSite(new Random(seed, 'site'), simulation.site ?? 'shop'),
    startMs,
    endMs,
    send: (event) => calendar.send(event),
    wake: (timeMs, act) => calendar.wake(timeMs, act),
    level: simulation.steady ? () => 1 : dayCurve(new Random(seed, 'day'), startMs, speed),
  };
  populate(world, seed, simulation.rateRps * speed);
  const addresses = new AttackerAddresses(new Random(seed, 'attackers'));
  for (const [index, plan] of simulation.attacks.entries())
    runAttack(world, new Random(seed, `attack ${index} ${plan.kind}`), plan, addresses);
  for (let second = Math.floor(startMs / 1000); second * 1000 < endMs; second++)
    for (const event of calendar.close(second)) if (event.timeMs < endMs) yield event;
}
