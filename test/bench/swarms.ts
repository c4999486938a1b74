/**
 * `node test/bench/swarms.ts [LOG…]`: what the watch for swarms costs a replay, as a share of its user processor time, on
 * logs given or on simulated sites without a swarm. Replays with and without it take turns; the median of their ratios counts,
 * because the machine's speed drifts.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { configSchema } from '../../src/config/schema.ts';
import { replay } from '../../src/replay/replay.ts';
import { formatLine } from '../../src/simulate/format.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import type { SiteKind } from '../../src/simulate/site.ts';

const ROUNDS = 7;
const DAY_MS = 86_400_000;
const SITES: readonly (readonly [SiteKind, number, number])[] = [
  ['blog', 0.07, 20],
  ['shop', 0.5, 3],
  ['api', 5, 0.3],
];

/** Writes the log of a quiet site: pages a second, days. */
function writeQuiet(folder: string, site: SiteKind, rateRps: number, days: number): string {
  const file = join(folder, `${site} ${rateRps} pages a second`);
  const plan = { site, rateRps, seed: 1, startMs: Date.UTC(2026, 0, 5), durationMs: days * DAY_MS, attacks: [] };
  writeFileSync(file, [...simulate(plan)].map((event) => formatLine(event, 'json')).join(''));
  return file;
}

/** User processor seconds of all threads. */
async function replayed(file: string, enabled: boolean): Promise<{ readonly seconds: number; readonly lines: number }> {
  const config = configSchema.parse({ swarm: { enabled } });
  const start = process.cpuUsage();
  const { summary } = await replay({ config, files: [file], threads: 1, onEvent: () => {} });
  return { seconds: process.cpuUsage(start).user / 1e6, lines: summary.lines };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

async function measure(file: string): Promise<void> {
  const pairs: { on: number; off: number }[] = [];
  let lines = 0;
  for (let round = 0; round <= ROUNDS; round++) {
    // Each goes first in every other round.
    const first = round % 2 === 0;
    const one = await replayed(file, first);
    const other = await replayed(file, !first);
    lines = one.lines;
    const [on, off] = first ? [one.seconds, other.seconds] : [other.seconds, one.seconds];
    // The first round warms up.
    if (round > 0) pairs.push({ on, off });
  }
  const cost = median(pairs.map(({ on, off }) => on / off)) - 1;
  const [on, off] = [median(pairs.map((pair) => pair.on)), median(pairs.map((pair) => pair.off))];
  console.log(
    `${basename(file)}: ${lines} lines, ${off.toFixed(2)} s without, ${on.toFixed(2)} s with: ${(100 * cost).toFixed(1)} %`,
  );
}

const folder = mkdtempSync(join(tmpdir(), 'zban-bench-'));
try {
  const given = process.argv.slice(2);
  const files = given.length > 0 ? given : SITES.map((site) => writeQuiet(folder, ...site));
  for (const file of files) await measure(file);
} finally {
  rmSync(folder, { recursive: true });
}
