import type { Sender } from '../access-event.ts';
import { type Actor, ask } from '../actor.ts';
import type { Random } from '../random.ts';
import { LEVEL_MAX, recur, type World } from '../world.ts';
import type { AttackPlan } from './plan.ts';

/** One run of an attack, ready to start. */
export interface Attack {
  readonly world: World;
  readonly random: Random;
  readonly plan: AttackPlan;
  readonly startMs: number;
  /** Draws the sender of the next request; a single attacker's IPv6 addresses change within their network. */
  readonly sender: () => Sender;
}

/** Sends at random moments, on average `rateMaxRps` × `share(progress)` a second, where progress runs from 0 to 1 over the attack. */
export function pour(
  attack: Attack,
  rateMaxRps: number,
  act: (timeMs: number) => void,
  share = (_progress: number): number => 1,
): void {
  const { plan, random, startMs, world } = attack;
  const span: World = { ...world, startMs, endMs: Math.min(world.endMs, startMs + plan.durationMs) };
  const level = (timeMs: number): number => LEVEL_MAX * share((timeMs - startMs) / plan.durationMs);
  recur(span, random, (rateMaxRps * plan.intensity) / LEVEL_MAX, act, level);
}

/** Sends one request of the attack, without a referer. */
export function send(
  attack: Attack,
  timeMs: number,
  method: string,
  path: string,
  status: number,
  responseBytes: number,
): void {
  ask(attackerOf(attack), timeMs, method, path, status, responseBytes);
}

/** The attacker, with the address of the next request. */
export function attackerOf({ world, random, sender }: Attack): Actor {
  return { world, random, from: sender() };
}
