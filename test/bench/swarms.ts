/**
 * `node test/bench/swarms.ts [LOG…]`: what the watch for swarms costs a replay, as a share of its user processor time, and
 * its memory, on logs given, or on simulated sites without a swarm and on one with a swarm in most of its lines. Replays with and
 * without it take turns; the median of their ratios counts, because the machine's speed drifts.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configSchema } from '../../src/config/schema.ts';
import { Engine } from '../../src/engine/engine.ts';
import { Parser, type ParserOptions } from '../../src/parse/parser.ts';
import { replay } from '../../src/replay/replay.ts';
import type { AccessEvent } from '../../src/simulate/access-event.ts';
import { formatLine } from '../../src/simulate/format.ts';
import { Random } from '../../src/simulate/random.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import type { SiteKind } from '../../src/simulate/site.ts';
import { browserAgent } from '../../src/simulate/user-agents.ts';
import { workerSetup } from '../../src/workers/worker-setup.ts';
import { chunksOf } from './log.ts';

const ROUNDS = 7;
const [MIB, NEVER] = [2 ** 20, 0xffff_ffff];
const DAY_MS = 86_400_000;
/** Without a swarm: pages a second, days. */
const SITES: readonly (readonly [SiteKind, number, number])[] = [
  ['blog', 0.07, 20],
  ['shop', 0.5, 3],
  ['api', 5, 0.3],
];

/** Requests a second of a swarm, and for how long it lasts after so many hours of usual traffic. */
const [SWARM_RPS, SWARM_SECONDS, USUAL_HOURS] = [500, 1200, 6];
/** What a swarm may have in common: where that is nothing, it is looked for until the end. */
const SWARMS = [
  ['one user agent', () => 'Mozilla/5.0 (Windows NT 6.1; WOW64; rv:40.0) Gecko/20100101 Firefox/40.1'],
  ['nothing in common', browserAgent],
] as const;

function quiet(site: SiteKind, rateRps: number, durationMs: number): AccessEvent[] {
  return [...simulate({ site, rateRps, seed: 1, startMs: Date.UTC(2026, 0, 5), durationMs, attacks: [] })];
}

/** `count` requests for the home page by clients from anywhere with three each, evenly spread from `startMs` on. */
function* swarm(startMs: number, count: number, agentOf: (random: Random) => string): Generator<AccessEvent> {
  const random = new Random(1, 'swarm');
  const clients: AccessEvent['from'][] = [];
  for (let i = 0; i < count; i++) {
    if (i % 3 === 0) {
      const ip = `${random.int(20, 80)}.${random.int(0, 255)}.${random.int(0, 255)}.${random.int(1, 254)}`;
      clients.push({ ip, client: ip, userAgent: agentOf(random), host: 'shop.example', role: 'distributed' });
    }
    const from = clients[random.int(Math.max(0, clients.length - 5000), clients.length - 1)] as AccessEvent['from'];
    const timeMs = startMs + Math.floor((1000 * i) / SWARM_RPS);
    yield { timeMs, from, method: 'GET', path: '/', status: 200, responseBytes: 31_000, requestMs: 20, referer: '' };
  }
}

/** The log of a quiet site into which a swarm breaks. */
function swarmed(agentOf: (random: Random) => string): AccessEvent[] {
  const usual = quiet('shop', 0.5, USUAL_HOURS * 3_600_000 + 1000 * SWARM_SECONDS);
  const startMs = (usual[0]?.timeMs ?? 0) + USUAL_HOURS * 3_600_000;
  return usual
    .concat([...swarm(startMs, SWARM_RPS * SWARM_SECONDS, agentOf)])
    .sort((a, b) => Math.floor(a.timeMs / 1000) - Math.floor(b.timeMs / 1000));
}

function write(folder: string, name: string, events: readonly AccessEvent[]): string {
  const file = join(folder, name);
  writeFileSync(file, events.map((event) => formatLine(event, 'json')).join(''));
  return file;
}

function* writeAll(folder: string): Generator<string> {
  for (const [site, rate, days] of SITES) {
    yield write(folder, `${site} ${rate} pages a second, ${days} days`, quiet(site, rate, days * DAY_MS));
  }
  for (const [name, agentOf] of SWARMS) {
    yield write(folder, `shop with a swarm of ${SWARM_RPS} requests a second, ${name}`, swarmed(agentOf));
  }
}

/** User processor seconds of all threads. */
async function replayed(file: string, enabled: boolean): Promise<{ readonly seconds: number; readonly lines: number }> {
  const config = configSchema.parse({ swarm: { enabled } });
  const start = process.cpuUsage();
  const { summary } = await replay({ config, files: [file], threads: 1, onEvent: () => {} });
  return { seconds: process.cpuUsage(start).user / 1e6, lines: summary.lines };
}

/** Bytes in use after each chunk of the log, in one thread. */
function bytesUsed(file: string, enabled: boolean): number[] {
  const { parsers, engine: options } = workerSetup(configSchema.parse({ swarm: { enabled, action: 'hold' } }));
  const parser = new Parser(parsers[0] as ParserOptions);
  const engine = new Engine(options, parser.reader, () => {});
  const log = readFileSync(file);
  const used = chunksOf(log).map((chunk) => {
    const tally = parser.parse(chunk, NEVER);
    engine.ingest(0, chunk, tally, 0, tally.count);
    globalThis.gc?.();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  });
  // The log is in use until now: freed at a moment of its own, it would be counted in one run and not in the other.
  return log.length > 0 ? used : [];
}

/** The most that the watch held, in MiB: each in a process of its own, which nothing of the other is left in. */
function measureMemory(file: string): number {
  const [off, on] = ['off', 'on'].map((watch): number[] => {
    const args = ['--expose-gc', fileURLToPath(import.meta.url), `--bytes-${watch}`, file];
    return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  }) as [number[], number[]];
  return Math.max(...on.map((bytes, i) => bytes - (off[i] as number))) / MIB;
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
    `${basename(file)}: ${lines} lines, ${off.toFixed(2)} s without, ${on.toFixed(2)} s with: ${(100 * cost).toFixed(1)} %; ` +
      `at most ${measureMemory(file).toFixed(1)} MiB`,
  );
}

const [mode, log] = process.argv.slice(2);
if (log !== undefined && (mode === '--bytes-on' || mode === '--bytes-off')) {
  console.log(JSON.stringify(bytesUsed(log, mode === '--bytes-on')));
} else {
  const folder = mkdtempSync(join(tmpdir(), 'zban-bench-'));
  try {
    const given = process.argv.slice(2);
    for (const file of given.length > 0 ? given : writeAll(folder)) await measure(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
