/**
 * `npm run bench`: lines a second of each stage beside plain JSON.parse, and the resident memory with many clients.
 * Shared machines are noisy: compare the ratios, not the figures. `--quick` takes fewer lines.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configSchema } from '../../src/config/schema.ts';
import { Engine } from '../../src/core/engine.ts';
import { Parser } from '../../src/core/parse/parser.ts';
import { replay } from '../../src/replay/replay.ts';
import { workerSetup } from '../../src/workers/pipeline.ts';
import { benchLog, chunksOf } from './log.ts';

const LINES = process.argv.includes('--quick') ? 200_000 : 2_000_000;
const ROUNDS = 5;
const NEVER = 0xffff_ffff;
const config = configSchema.parse({});
const setup = workerSetup(config);
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
  const parser = newParser();
  return chunks.reduce((lines, chunk) => lines + parser.parse(chunk, NEVER).count, 0);
}

function parserAndEngine(history: boolean): number {
  const parser = newParser();
  const engine = new Engine(
    { ...setup.engine, history },
    (_source, line) => parser.readRecord(line),
    () => {},
  );
  let lines = 0;
  for (const chunk of chunks) {
    const tally = parser.parse(chunk, NEVER);
    engine.ingest(0, chunk, tally, 0, tally.count);
    lines += tally.count;
  }
  return lines;
}

function newParser(): Parser {
  const [options] = setup.parsers;
  if (!options) throw new Error('the default configuration has no log');
  return new Parser(options);
}

interface Rate {
  /** Lines a second of wall time and of processor time over all threads, medians. */
  readonly wall: number;
  readonly cpu: number;
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
  const median = (rates: number[]): number => rates.sort((a, b) => a - b)[ROUNDS >> 1] ?? 0;
  return { wall: median(wall), cpu: median(cpu) };
}

const folder = mkdtempSync(join(tmpdir(), 'zban-bench-'));
try {
  const file = join(folder, 'access.json');
  writeFileSync(file, log);
  const replayed = async (threads: number) =>
    (await replay({ config, files: [file], threads, onEvent: () => {} })).summary.lines;
  const stages: [string, () => number | Promise<number>][] = [
    ['split + JSON.parse', jsonParse],
    ['newline search', newlines],
    ['parser', parserAlone],
    ['parser + engine, one thread', () => parserAndEngine(false)],
    ['the same, with a history', () => parserAndEngine(true)],
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
} finally {
  rmSync(folder, { recursive: true });
}

for (const clients of [100_000, 1_000_000]) {
  const args = [fileURLToPath(new URL('./memory.ts', import.meta.url)), String(clients)];
  const { rssMib, peakMib } = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  console.log(`${clients} clients in the window: ${rssMib} MiB resident, ${peakMib} MiB at the peak`);
}
