/** A directory of logs and a follower on it, driven pass by pass with a clock of its own. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { everySecond } from '../../src/daemon/every-second.ts';
import type { Chunk, Position } from '../../src/model/chunk.ts';
import { type FollowOptions, LogFollower } from '../../src/source/follow.ts';

/** In one of its own: a follower looks for what is gone in the directories beside that of the log too. */
export function makeDirectory(context?: TestContext): string {
  const parent = mkdtempSync(join(tmpdir(), 'zban-source-'));
  context?.after(() => rmSync(parent, { recursive: true, force: true }));
  const directory = join(parent, 'logs');
  mkdirSync(directory);
  return directory;
}

export interface Harness {
  readonly follower: LogFollower;
  /** Lines handed on, without their newline. */
  readonly lines: string[];
  readonly chunks: Chunk[];
  readonly troubles: string[];
  readonly fixes: string[];
  readonly recovered: string[];
  readonly said: string[];
  /** What is lost, each with the way to avoid it. */
  readonly lost: string[];
  oversized: number;
  /** Newest position of each path. */
  readonly positions: Map<string, Position>;
  /** Passes, each with a look at the files, until nothing more comes. */
  settle(): Promise<void>;
  /** Moves the clock on and settles. */
  elapse(ms: number): Promise<void>;
  close(): void;
}

export function follow(logs: readonly string[], options: Partial<FollowOptions> = {}): Harness {
  let nowMs = 0;
  const positions = new Map<string, Position>((options.positions ?? []).map((position) => [position.path, position]));
  const seen = { lines: [] as string[], chunks: [] as Chunk[], troubles: [] as string[], fixes: [] as string[] };
  const more = { recovered: [] as string[], said: [] as string[], lost: [] as string[], positions };
  const harness: Harness = {
    ...seen,
    ...more,
    oversized: 0,
    follower: new LogFollower({
      logs,
      pollMs: 20,
      discoverMs: 0,
      lineBytesMax: 200,
      positions: [],
      startAt: 'beginning',
      now: () => nowMs,
      everySecond,
      log: (level, message) => more.said.push(`${level}: ${message}`),
      onTrouble: (_path, message, fix) => {
        seen.troubles.push(message);
        seen.fixes.push(fix);
      },
      onRecovered: (path) => more.recovered.push(path),
      onLoss: (_path, message, fix) => more.lost.push(`${message}; ${fix}`),
      onChunk: async (chunk) => {
        const text = Buffer.from(chunk.bytes).toString('latin1');
        if (text !== '') seen.lines.push(...text.replace(/\n$/, '').split('\n'));
        seen.chunks.push(chunk);
        harness.oversized += chunk.oversized;
        positions.set(chunk.position.path, chunk.position);
      },
      ...options,
    }),
    async settle() {
      for (let idle = 0; idle < 3; ) {
        const before = seen.chunks.length;
        const again = await harness.follower.pass(true);
        idle = again || seen.chunks.length > before ? 0 : idle + 1;
      }
    },
    async elapse(ms) {
      nowMs += ms;
      await harness.settle();
    },
    close: () => harness.follower.close(),
  };
  return harness;
}

/** A log with these lines, which are read; it is followed until the test is over. */
export async function followed(t: TestContext, ...lines: string[]): Promise<{ log: string; harness: Harness }> {
  t.after(() => harness.close());
  const log = join(makeDirectory(t), 'access.log');
  append(log, ...lines);
  const harness = follow([log]);
  await harness.settle();
  return { log, harness };
}

export function append(path: string, ...lines: string[]): void {
  appendFileSync(path, lines.map((line) => `${line}\n`).join(''));
}

/** Options of a test that needs these programs. */
export function needs(...programs: readonly string[]): { skip: string | false } {
  const missing = programs.filter((program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).error);
  return { skip: missing.length > 0 && `needs ${missing.join(', ')}` };
}
