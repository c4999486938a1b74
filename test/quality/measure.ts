/** Simulates scenes, lets the default configuration judge them, and scores it. */
import { configSchema } from '../../src/config/schema.ts';
import { Engine } from '../../src/core/engine.ts';
import type { BanEvent } from '../../src/core/event.ts';
import { Parser } from '../../src/core/parse/parser.ts';
import type { AccessEvent } from '../../src/simulate/access-event.ts';
import { parseAttacks } from '../../src/simulate/attacks/plan.ts';
import { formatLine } from '../../src/simulate/format.ts';
import { Labeller } from '../../src/simulate/labels.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import { workerSetup } from '../../src/workers/pipeline.ts';
import { bytesOf, NEVER } from '../support/parse.ts';
import type { Scene } from './scenes.ts';
import { addScore, emptyScore, type Score } from './score.ts';

const CHUNK_CHARS = 1 << 18;
/** Monday, 5:00 UTC. */
const START_MS = Date.UTC(2026, 0, 5, 5);

/** The score over all seeds of the scene, and how many lines it was made of. */
export function measure(scene: Scene): { readonly lines: number; readonly score: Score } {
  const score = emptyScore();
  let lines = 0;
  const durationMs = scene.hours * 3_600_000;
  const attacks = parseAttacks(scene.attacks, durationMs);
  if (typeof attacks === 'string') throw new TypeError(attacks);
  for (const seed of scene.seeds) {
    const labeller = new Labeller();
    const bans = judge(watched(simulate({ ...scene, seed, startMs: START_MS, durationMs, attacks }), labeller));
    const labels = labeller.labels(scene.name);
    lines += labels.stats.lines;
    addScore(score, labels, bans);
  }
  return { lines, score };
}

function* watched(events: Iterable<AccessEvent>, labeller: Labeller): Generator<AccessEvent> {
  for (const event of events) {
    labeller.add(event);
    yield event;
  }
}

/** The bans of the default configuration, as `zban replay` would have them. */
function judge(events: Iterable<AccessEvent>): BanEvent[] {
  const { engine: options, parsers } = workerSetup(configSchema.parse({}));
  if (!parsers[0]) throw new TypeError('the default configuration has no log');
  const parser = new Parser(parsers[0]);
  const bans: BanEvent[] = [];
  const engine = new Engine(
    options,
    (_source, line) => parser.readRecord(line),
    (event) => {
      if (event.event === 'ban') bans.push(event);
    },
  );
  const feed = (text: string): void => {
    const bytes = bytesOf(text);
    const tally = parser.parse(bytes, NEVER);
    engine.ingest(0, bytes, tally, 0, tally.count);
  };
  let text = '';
  for (const event of events) {
    text += formatLine(event, 'json');
    if (text.length < CHUNK_CHARS) continue;
    feed(text);
    text = '';
  }
  if (text !== '') feed(text);
  return bans;
}
