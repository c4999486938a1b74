/**
 * `node test/bench/swarms.ts [LOG…]`: what the watch for swarms costs, and its memory, on logs given, or on simulated sites without a
 * swarm and on one with a swarm in most of its lines. Medians and quartiles of runs, each in a process of its own, of
 *
 * - the profiler's samples that lie in the watch, for each other one of parser and engine, of the whole log and of its second half, when
 *   the digest of usual traffic has most of its lines: both grow alike where others use the machine, so that it resolves 1 %;
 * - the user processor time of replays, with and without the watch by turns: at load they differ by more than the watch costs.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configSchema } from '../../src/config/schema.ts';
import { Engine } from '../../src/engine/engine.ts';
import { Parser, type ParserOptions } from '../../src/parse/parser.ts';
import { ROW } from '../../src/parse/tally.ts';
import { replay } from '../../src/replay/replay.ts';
import type { AccessEvent } from '../../src/simulate/access-event.ts';
import { formatLine } from '../../src/simulate/format.ts';
import { Random } from '../../src/simulate/random.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import type { SiteKind } from '../../src/simulate/site.ts';
import { browserAgent } from '../../src/simulate/user-agents.ts';
import { workerSetup } from '../../src/workers/worker-setup.ts';
import { chunksOf } from './log.ts';

const ROUNDS = 11;
const SAMPLING_US = 100;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const [MIB, NEVER] = [2 ** 20, 0xffff_ffff];
const DAY_MS = 86_400_000;
/** Without a swarm: pages a second, days. */
const SITES: readonly (readonly [SiteKind, number, number])[] = [
  ['blog', 0.07, 20],
  ['shop', 0.5, 3],
  ['api', 5, 1],
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

/** User processor seconds of all threads of a replay. */
async function replayed(file: string, enabled: boolean): Promise<number> {
  const config = configSchema.parse({ swarm: { enabled } });
  const start = process.cpuUsage();
  await replay({ config, files: [file], threads: 1, onEvent: () => {} });
  return process.cpuUsage(start).user / 1e6;
}

/** Samples of V8's profiler with the watch on the stack, for each one without, while a log is worked through in one thread, from this share of it on. */
async function profiled(file: string, share: number): Promise<number> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLING_US });
  const log = readFileSync(file);
  let bytes = 0;
  let isOn = false;
  for (const chunk of workThrough(log, true)) {
    bytes += chunk;
    if (isOn || bytes < share * log.length) continue;
    await session.post('Profiler.start');
    isOn = true;
  }
  const { nodes, samples = [] } = (await session.post('Profiler.stop')).profile;
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const isOf = (id: number | undefined): boolean =>
    id !== undefined && (frames.get(id)?.url.includes('/src/swarm/') === true || isOf(parents.get(id)));
  // What belongs to no function belongs to neither.
  const counted = samples.filter(
    (id) => !/^\((idle|program|garbage collector)\)$/.test(frames.get(id)?.functionName ?? ''),
  );
  const own = counted.filter(isOf).length;
  return own / (counted.length - own);
}

/** Parses a log and runs the engine on it, in this thread; gives the bytes of each chunk, and 0 before the first. */
function* workThrough(log: Buffer, enabled: boolean): Generator<number> {
  yield 0;
  const { parsers, engine: options } = workerSetup(configSchema.parse({ swarm: { enabled, action: 'hold' } }));
  const parser = new Parser(parsers[0] as ParserOptions);
  const engine = new Engine(options, parser.reader, () => {});
  for (const chunk of chunksOf(log)) {
    const { rows, ...tally } = parser.parse(chunk, NEVER);
    // The parser's rows are used again for the next chunk.
    engine.ingest(0, chunk, { ...tally, rows: rows.slice(0, tally.count * ROW) }, 0, tally.count);
    yield chunk.length;
  }
}

/** Bytes in use after each chunk of the log, in one thread. */
function bytesUsed(file: string, enabled: boolean): number[] {
  const log = readFileSync(file);
  const used: number[] = [];
  for (const bytes of workThrough(log, enabled)) {
    if (bytes === 0) continue;
    globalThis.gc?.();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    used.push(heapUsed + arrayBuffers);
  }
  // The log is in use until now: freed at a moment of its own, it would be counted in one run and not in the other.
  return log.length > 0 ? used : [];
}

/** What a task gives for a file, in a process of its own, whose functions are compiled as those of the command line. */
function run<T>(task: string, file: string): T {
  const flags = readFileSync(join(ROOT, 'scripts/launch'), 'utf8').match(/--(invocation-count|no-osr)\S+/g) ?? [];
  const args = ['--expose-gc', ...flags, fileURLToPath(import.meta.url), `--${task}`, file];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

/** The most that the watch held, in MiB. */
function measureMemory(file: string): number {
  const [off, on] = [run<number[]>('bytes-off', file), run<number[]>('bytes-on', file)];
  return Math.max(...on.map((bytes, i) => bytes - (off[i] as number))) / MIB;
}

/** Median and quartiles. */
function describe(values: readonly number[], write: (value: number) => string): string {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, median, high] = [1, 2, 3].map((quarter) => write(sorted[Math.floor((quarter * sorted.length) / 4)] ?? 0));
  return `${median} (${low} to ${high})`;
}

function measure(file: string): void {
  const [shares, late, more]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    // Each goes first in every other round.
    const seconds = { on: 0, off: 0 };
    for (const watch of round % 2 === 0 ? (['on', 'off'] as const) : (['off', 'on'] as const))
      seconds[watch] = run<number>(`replay-${watch}`, file);
    more.push(seconds.on / seconds.off - 1);
    shares.push(run<number>('profile', file));
    late.push(run<number>('profile-late', file));
  }
  const percent = (share: number) => (100 * share).toFixed(1);
  console.log(
    `${basename(file)}: ${describe(shares, percent)} % of what all else takes; in the second half of the log ${describe(late, percent)} %; replays take ${describe(more, percent)} % more; ` +
      `at most ${measureMemory(file).toFixed(1)} MiB`,
  );
}

const TASKS: Readonly<Record<string, (file: string) => unknown>> = {
  '--bytes-on': (file) => bytesUsed(file, true),
  '--bytes-off': (file) => bytesUsed(file, false),
  '--replay-on': (file) => replayed(file, true),
  '--replay-off': (file) => replayed(file, false),
  '--profile': (file) => profiled(file, 0),
  '--profile-late': (file) => profiled(file, 0.5),
};
const given = process.argv.slice(2);
const task = TASKS[given[0] ?? ''];
if (task) console.log(JSON.stringify(await task(given[1] as string)));
else {
  const folder = mkdtempSync(join(tmpdir(), 'zban-bench-'));
  try {
    for (const file of given.length > 0 ? given : writeAll(folder)) measure(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
