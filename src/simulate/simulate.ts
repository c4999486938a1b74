/** The simulation itself: pure, without clock or chance of its own; the same options give the same requests. */
import type { AccessEvent } from './access-event.ts';
import { runAttack } from './attacks/attack.ts';
import type { AttackPlan } from './attacks/plan.ts';
import { runEditors } from './population/editors.ts';
import { runCrawlers, runCron, runFeedReaders, runMonitors } from './population/machines.ts';
import { runPhones } from './population/phones.ts';
import { runProbers } from './population/probers.ts';
import { runOffices, runVisitors } from './population/visitors.ts';
import { Random } from './random.ts';
import { buildSite } from './site.ts';
import { Calendar, dayCurve, type World } from './world.ts';

/** A time in which the backend is down: what it should have made is answered 502 or 504, to everybody. */
export interface Outage {
  /** After the start of the simulation, milliseconds. */
  readonly atMs: number;
  readonly durationMs: number;
}

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
  readonly attacks: readonly AttackPlan[];
  readonly outages?: readonly Outage[];
}

/**
 * The requests of a simulation in order of time. Attacks add requests and change none: without them the same seed gives
 * the same ordinary traffic. The first seconds are quiet, because every visit begins within the simulation.
 */
export function* simulate(simulation: Simulation): Generator<AccessEvent, void, undefined> {
  const { seed, startMs, speed = 1 } = simulation;
  const endMs = startMs + simulation.durationMs;
  const calendar = new Calendar();
  const outages = (simulation.outages ?? []).map(({ atMs, durationMs }) => ({
    fromMs: startMs + atMs,
    toMs: startMs + atMs + durationMs,
  }));
  const isDown = (timeMs: number): boolean => outages.some(({ fromMs, toMs }) => timeMs >= fromMs && timeMs < toMs);
  const world: World = {
    site: buildSite(new Random(seed, 'site')),
    startMs,
    endMs,
    send: (event) => calendar.send(outages.length > 0 && isDown(event.timeMs) ? failed(event) : event),
    wake: (timeMs, act) => calendar.wake(timeMs, act),
    level: dayCurve(new Random(seed, 'day'), startMs, speed),
  };
  populate(world, seed, simulation.rateRps * speed);
  for (const [index, plan] of simulation.attacks.entries())
    runAttack(world, new Random(seed, `attack ${index} ${plan.kind}`), plan);
  for (let second = Math.floor(startMs / 1000); second * 1000 < endMs; second++)
    for (const event of calendar.close(second)) if (event.timeMs < endMs) yield event;
}

/** Shares of the honest requests by kind of client. */
function populate(world: World, seed: number, rateRps: number): void {
  runVisitors(world, new Random(seed, 'visitors'), rateRps * 0.64);
  runOffices(world, new Random(seed, 'offices'), rateRps * 0.06);
  runPhones(world, new Random(seed, 'phones'), rateRps * 0.2);
  runCrawlers(world, new Random(seed, 'crawlers'), rateRps * 0.07);
  runEditors(world, new Random(seed, 'editors'), rateRps * 0.02);
  runFeedReaders(world, new Random(seed, 'feed readers'), rateRps * 0.01);
  runMonitors(world, new Random(seed, 'monitors'));
  runCron(world, new Random(seed, 'cron'));
  runProbers(world, new Random(seed, 'probers'));
}

/** The same request while the backend is down; nginx still serves files by itself. */
function failed(event: AccessEvent): AccessEvent {
  const isFile = event.status === 206 || event.path.startsWith('/static/') || event.path.startsWith('/media/');
  if (isFile) return event;
  const isSlow = event.timeMs % 3 === 0;
  return { ...event, status: isSlow ? 504 : 502, responseBytes: 552, requestMs: isSlow ? 60_000 : 1 };
}
