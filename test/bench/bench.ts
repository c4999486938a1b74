/**
 * `npm run bench`: lines a second of each stage beside plain JSON.parse, what the rules cost beside counting alone, and
 * the resident memory with many clients.
 * Shared machines are noisy: compare the ratios, not the figures. `--quick` takes fewer lines.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configSchema } from '../../src/config/schema.ts';
import { Engine } from '../../src/engine/engine.ts';
import { Parser } from '../../src/parse/parser.ts';
import { replay } from '../../src/replay/replay.ts';
import type { WorkerSetup } from '../../src/workers/messages.ts';
import { workerSetup } from '../../src/workers/worker-setup.ts';
import { benchLog, chunksOf } from './log.ts';

const LINES = process.argv.includes('--quick') ? 200_000 : 2_000_000;
const ROUNDS = 5;
const NEVER = 0xffff_ffff;
const config = configSchema.parse({});
const setup = workerSetup(config);
/** Time, address and status are read and the window is kept; nothing is known of paths and agents, and no points are counted. */
const UNREAD = Object.fromEntries(['path', 'request', 'method', 'referer', 'user_agent'].map((name) => [name, 'none']));
const counting = configSchema.parse({
  logs: [{ path: '-', fields: UNREAD }],
  detection: { points: { enabled: false } },
});
const log = benchLog(LINES, 20_000, 2000);
const chunks = chunksOf(log);

function newlines(): number {
  let lines = 0;
  for (let at = log.indexOf(10); at >= 0; at = log.indexOf(10, at + 1)) lines++;
  return lines;
}

function jsonParse(): number {
  let lines = 0;
  for (const chunk of chunks) {
    for (const line of Buffer.from(chunk.buffer).toString().split('\n')) {
      if (line !== '' && JSON.parse(line).status !== undefined) lines++;
    }
  }
  return lines;
}

function parserAlone(): number {
  const parser = newParser(setup);
  return chunks.reduce((lines, chunk) => lines + parser.parse(chunk, NEVER).count, 0);
}

function parserAndEngine(setup: WorkerSetup, history = false): number {
  const parser = newParser(setup);
  const engine = new Engine({ ...setup.engine, history }, parser.reader, () => {});
  let lines = 0;
  for (const chunk of chunks) {
    const tally = parser.parse(chunk, NEVER);
    engine.ingest(0, chunk, tally, 0, tally.count);
    lines += tally.count;
  }
  return lines;
}

function newParser({ parsers: [options] }: WorkerSetup): Parser {
  if (!options) throw new Error('the configuration has no log');
  return new Parser(options);
}

interface Rate {
  /** Lines a second of wall time and of processor time over all threads, medians. */
  readonly wall: number;
  readonly cpu: number;
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;

/** How many times as long `run` takes as `reference`, in wall time; in turn, because the machine's speed drifts. */
async function compare(run: () => unknown, reference: () => unknown): Promise<number> {
  const timed = async (work: () => unknown): Promise<number> => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  const ratios: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const [long, short] = [await timed(run), await timed(reference)];
    // The first round warms up.
    if (round > 0) ratios.push(long / short);
  }
  return median(ratios);
}

async function measure(run: () => number | Promise<number>): Promise<Rate> {
  const wall: number[] = [];
  const cpu: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const [start, cpuStart] = [performance.now(), process.cpuUsage()];
    const lines = await run();
    if (lines !== LINES) throw new Error(`${lines} of ${LINES} lines were counted`);
    // The first round warms up.
    if (round === 0) continue;
    const { user, system } = process.cpuUsage(cpuStart);
    wall.push((lines * 1000) / (performance.now() - start));
    cpu.push((lines * 1e6) / (user + system));
  }
  return { wall: median(wall), cpu: median(cpu) };
}

const folder = mkdtempSync(join(tmpdir(), 'zban-bench-'));
try {
  const file = join(folder, 'access.json');
  writeFileSync(file, log);
  const replayed = async (threads: number, by = config) =>
    (await replay({ config: by, files: [file], threads, onEvent: () => {} })).summary.lines;
  const stages: [string, () => number | Promise<number>][] = [
    ['split + JSON.parse', jsonParse],
    ['newline search', newlines],
    ['parser', parserAlone],
    ['parser + engine, one thread', () => parserAndEngine(setup)],
    ['the same, with a history', () => parserAndEngine(setup, true)],
    ['replay, 1 parse thread', () => replayed(1)],
    [`replay, ${availableParallelism()} parse threads`, () => replayed(availableParallelism())],
  ];
  console.log(`${LINES} lines of ${Math.round(log.length / LINES)} bytes; median of ${ROUNDS}`);
  let reference: Rate | undefined;
  for (const [name, run] of stages) {
    const rate = await measure(run);
    reference ??= rate;
    const times = (of: keyof Rate): string => `${(rate[of] / (reference?.[of] ?? 1)).toFixed(1)} x`.padStart(7);
    const [wall, cpu] = [rate.wall, rate.cpu].map((value) => (value / 1e6).toFixed(2).padStart(6));
    console.log(`${name.padEnd(28)}${wall} M lines/s ${times('wall')} ${cpu} M lines/cpu-s ${times('cpu')}`);
  }
  for (const [name, run, reference] of [
    ['one thread', () => parserAndEngine(setup), () => parserAndEngine(workerSetup(counting))],
    ['replay, 1 parse thread', () => replayed(1), () => replayed(1, counting)],
  ] as const) {
    const times = await compare(run, reference);
    const slower = `${Math.round(100 * (1 - 1 / times))} % fewer lines a second`;
    console.log(`the rules beside counting alone, ${name}: ${times.toFixed(2)} x the time, ${slower}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

for (const clients of [100_000, 1_000_000]) {
  const args = [fileURLToPath(new URL('./memory.ts', import.meta.url)), String(clients)];
  const { rssMib, peakMib } = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  console.log(`${clients} clients in the window: ${rssMib} MiB resident, ${peakMib} MiB at the peak`);
}
