/** Simulates scenes and scores how they are judged. */
import type { AccessEvent } from '../../src/simulate/access-event.ts';
import { type AttackPlan, parseAttacks } from '../../src/simulate/attacks/plan.ts';
import { Labeller } from '../../src/simulate/labels.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import { befallen } from './incidents.ts';
import { Judge } from './judge.ts';
import type { Scene } from './scenes.ts';
import { addScore, emptyScore, type Score } from './score.ts';

const HOUR_MS = 3_600_000;
/** Monday, 5:00 UTC. */
const START_MS = Date.UTC(2026, 0, 5, 5);

export function attacksOf({ attacks, hours }: Scene): AttackPlan[] {
  const plans = parseAttacks(attacks, hours * HOUR_MS);
  if (typeof plans === 'string') throw new TypeError(plans);
  return plans;
}

/** What came of a scene, over its seeds. */
interface Measurement {
  readonly lines: number;
  /** When the fuse blew and was whole again. */
  readonly fuses: readonly string[];
  readonly score: Score;
}

export function measure(scene: Scene, seeds: readonly number[]): Measurement {
  const score = emptyScore();
  const fuses: string[] = [];
  let lines = 0;
  const durationMs = scene.hours * HOUR_MS;
  const attacks = attacksOf(scene);
  for (const seed of seeds) {
    const labeller = new Labeller();
    const judge = new Judge();
    const events = simulate({ ...scene, seed, startMs: START_MS, durationMs, attacks });
    judge.feed(watched(befallen(events, START_MS, scene.incidents ?? []), labeller));
    const labels = labeller.labels(scene.name);
    lines += labels.stats.lines;
    addScore(score, labels, judge.bans);
    fuses.push(...judge.fuses);
  }
  return { lines, fuses, score };
}

function* watched(events: Iterable<AccessEvent>, labeller: Labeller): Generator<AccessEvent> {
  for (const event of events) {
    labeller.add(event);
    yield event;
  }
}
