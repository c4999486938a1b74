/**
 * `node test/bench/learned.ts [hours]`: bytes of learned state that a simulated site writes in the last of its days: as JSON
 * every minute (the form of old), packed every minute, and packed when enough is new.
 */
import { LearnedState } from '../../src/daemon/records/learned-state.ts';
import { packEngineState } from '../../src/engine/engine-state.ts';
import { formatLine } from '../../src/simulate/format.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import type { SiteKind } from '../../src/simulate/site.ts';
import { Bench } from '../trials/bench.ts';

const SITES: readonly (readonly [SiteKind, number])[] = [
  ['shop', 12],
  ['mirror', 12],
  ['blog', 1],
  ['blog', 0.03],
];
const START_MS = Date.UTC(2026, 0, 5);
const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
const durationMs = Number(process.argv[2] ?? 48) * 3_600_000;

async function measure(site: SiteKind, rateRps: number): Promise<void> {
  const bench = new Bench();
  const [old, packed, due] = [[] as number[], [] as number[], [] as number[]];
  let nowMs = START_MS;
  let judgedBytes = 0;
  const learned = new LearnedState({
    trail: { loadState: () => undefined, saveState: () => {} },
    profile: 'balanced',
    log: () => {},
    now: () => nowMs,
  });
  let lines: string[] = [];
  const look = async () => {
    if (lines.length > 0) bench.run([bench.parse(0, lines)]);
    lines = [];
    const state = bench.engine.snapshot();
    const bytes = packEngineState(state);
    old.push(JSON.stringify(state).length);
    packed.push(bytes.length);
    let written = 0;
    const take = async () => {
      written = bytes.length;
      return bytes;
    };
    await learned.saveDue({ judgedBytes, take });
    due.push(written);
    nowMs += MINUTE_MS;
  };
  for (const event of simulate({ site, rateRps, seed: 1, startMs: START_MS, durationMs, attacks: [] })) {
    while (event.timeMs >= nowMs + MINUTE_MS) await look();
    const line = formatLine(event, 'json');
    judgedBytes += line.length + 1;
    lines.push(line);
  }
  const day = (sizes: readonly number[]) => sizes.slice(-DAY_MINUTES).reduce((sum, bytes) => sum + bytes, 0);
  const [oldDay, packedDay, dueDay] = [old, packed, due].map(day) as [number, number, number];
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  console.log(
    `${site}, ${rateRps} requests/s: state ${old.at(-1)} bytes as JSON, ${packed.at(-1)} packed; a day: ${mb(oldDay)} JSON every minute, ${mb(packedDay)} packed every minute, ${mb(dueDay)} packed when due (1 : ${Math.round(oldDay / dueDay)})`,
  );
}

for (const [site, rateRps] of SITES) await measure(site, rateRps);
