/** Simulated time: actors wake, send requests dated now or later, and the requests come out in order. */
import type { AccessEvent } from './access-event.ts';
import type { Random } from './random.ts';
import type { Site } from './site.ts';

/** What an actor sees of the simulation. */
export interface World {
  readonly site: Site;
  readonly startMs: number;
  /** Infinity when the simulation has no end. */
  readonly endMs: number;
  /** Records a request; its time must not lie before the time of the running wake-up. */
  send(event: AccessEvent): void;
  /** Calls `act` when the simulation reaches `timeMs` (to the second: acts of one second run in the order of their entry). */
  wake(timeMs: number, act: () => void): void;
  /** Traffic of this moment as a multiple of the day's mean. */
  level(timeMs: number): number;
}

interface Second {
  readonly events: AccessEvent[];
  readonly acts: (() => void)[];
}

/** A calendar with one leaf per second: cheaper than a heap, because most requests lie within seconds of the clock. */
export class Calendar {
  readonly #seconds = new Map<number, Second>();

  send(event: AccessEvent): void {
    this.#leaf(event.timeMs).events.push(event);
  }

  wake(timeMs: number, act: () => void): void {
    this.#leaf(timeMs).acts.push(act);
  }

  /** Runs everything due within the second and hands out its requests in the order of time. */
  close(second: number): readonly AccessEvent[] {
    const leaf = this.#seconds.get(second);
    if (!leaf) return [];
    // Acts may enter further acts into the same second: the list grows while it is walked.
    for (let index = 0; index < leaf.acts.length; index++) leaf.acts[index]?.();
    this.#seconds.delete(second);
    return leaf.events.sort((left, right) => left.timeMs - right.timeMs);
  }

  #leaf(timeMs: number): Second {
    const second = Math.floor(timeMs / 1000);
    let leaf = this.#seconds.get(second);
    if (!leaf) {
      leaf = { events: [], acts: [] };
      this.#seconds.set(second, leaf);
    }
    return leaf;
  }
}

/**
 * Lets `act` happen at random moments, on average `perSecond` times a second times the level of the moment
 * (a Poisson process, thinned to the level). Nothing happens for a rate of 0.
 */
export function recur(
  world: World,
  random: Random,
  perSecond: number,
  act: (timeMs: number) => void,
  level: (timeMs: number) => number = world.level,
): void {
  if (perSecond <= 0) return;
  const meanMs = 1000 / (perSecond * LEVEL_MAX);
  let timeMs = world.startMs;
  const next = (): void => {
    timeMs += random.exponential(meanMs);
    if (timeMs < world.endMs) world.wake(timeMs, arrive);
  };
  const arrive = (): void => {
    if (random.chance(level(timeMs) / LEVEL_MAX)) act(Math.floor(timeMs));
    next();
  };
  next();
}

/** Lets `act` happen now, at `timeMs`, and again at every moment that it gives, until it gives none. */
export function repeat(world: World, timeMs: number, act: (timeMs: number) => number | undefined): void {
  const nextMs = act(timeMs);
  if (nextMs !== undefined) world.wake(nextMs, () => repeat(world, nextMs, act));
}

/** Lets `act` happen by the clock, `jitterMs` early or late at most, from some moment of the first period on. */
export function beat(
  world: World,
  random: Random,
  periodMs: number,
  jitterMs: number,
  act: (timeMs: number) => void,
): void {
  const tick = (timeMs: number): number => {
    act(timeMs);
    return timeMs + periodMs + random.int(-jitterMs, jitterMs);
  };
  const firstMs = world.startMs + random.int(0, periodMs);
  world.wake(firstMs, () => repeat(world, firstMs, tick));
}

/** Visits of which the mean is taken. */
const TRIALS = 1000;

/**
 * Requests that one `visit` sends on average, found by trying: they depend on the pages of the site. At least 1.
 * The trials leave their marks on returning clients, as the visits of the day before would have.
 */
export function meanRequests(world: World, visit: (trial: World) => void): number {
  let sent = 0;
  const trial: World = { ...world, send: () => void sent++, wake: (_timeMs, act) => act() };
  for (let index = 0; index < TRIALS; index++) visit(trial);
  return Math.max(1, sent / TRIALS);
}

/** Lets sessions of several requests begin at random moments: so many that `rateRps` requests a second come of them on average. */
export function recurSessions(
  world: World,
  random: Random,
  rateRps: number,
  session: (on: World, timeMs: number) => void,
  level?: (timeMs: number) => number,
): void {
  const perSecond = rateRps / meanRequests(world, (trial) => session(trial, world.startMs));
  recur(world, random, perSecond, (timeMs) => session(world, timeMs), level);
}

/** No level exceeds this. */
export const LEVEL_MAX = 2.5;

const DAY_MS = 86_400_000;
const WOBBLE_MS = 300_000;

/**
 * Traffic over the day as a multiple of its mean: quiet at four in the morning (UTC), busy from ten to twenty, and
 * uneven from one five minutes to the next. `speed` lets that many days pass in one.
 */
export function dayCurve(random: Random, startMs: number, speed: number): (timeMs: number) => number {
  const wobble = Array.from({ length: 288 }, () => Math.min(1.4, random.lognormal(1, 0.08)));
  return (timeMs) => {
    const siteMs = startMs + (timeMs - startMs) * speed;
    const phase = (2 * Math.PI * (siteMs % DAY_MS)) / DAY_MS;
    const shape =
      1 - 0.5 * Math.cos(phase - (2 * Math.PI * 3.5) / 24) - 0.15 * Math.cos(2 * phase - (2 * Math.PI * 5) / 24);
    return shape * (wobble[Math.floor(siteMs / WOBBLE_MS) % wobble.length] ?? 1);
  };
}
