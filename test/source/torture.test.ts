import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { everySecond } from '../../src/daemon/every-second.ts';
import type { Position } from '../../src/model/chunk.ts';
import { type FollowOptions, followLogs } from '../../src/source/follow.ts';
import { until } from '../support/until.ts';
import { makeDirectory } from './follow-harness.ts';

const run = promisify(execFile);
const WRITER = fileURLToPath(new URL('rotation-writer.ts', import.meta.url));
const LINES_PER_SECOND = 4000;

function options(log: string, onChunk: FollowOptions['onChunk'], positions: readonly Position[] = []): FollowOptions {
  const silent = { log: () => {}, onTrouble: () => {}, onRecovered: () => {}, onLoss: () => {} };
  return {
    ...silent,
    logs: [log],
    pollMs: 20,
    discoverMs: 1000,
    lineBytesMax: 65_536,
    positions,
    startAt: 'beginning',
    everySecond,
    onChunk,
  };
}

/** How often each line was handed on. */
function tally(counts: number[], bytes: Uint8Array): void {
  for (const line of Buffer.from(bytes).toString().trimEnd().split('\n')) {
    if (line === '') continue;
    const { n } = JSON.parse(line) as { n: number };
    counts[n] = (counts[n] ?? 0) + 1;
  }
}

function assertEachOnce(counts: readonly number[], written: number): void {
  const wrong = Array.from({ length: Math.max(written, counts.length) }, (_, n) => counts[n] ?? 0);
  assert.deepEqual(
    [wrong.filter((count) => count === 0).length, wrong.filter((count) => count > 1).length],
    [0, 0],
    'lost, doubled',
  );
}

test('five rotations at 4,000 lines/s with 50 late lines each lose and double nothing', async (t) => {
  const log = join(makeDirectory(t), 'access.log');
  const counts: number[] = [];
  const follower = await followLogs(options(log, async ({ bytes }) => tally(counts, bytes)));
  const { stdout } = await run(process.execPath, [WRITER, log, String(LINES_PER_SECOND), '5', '2000', '50']);
  await until('the last line', () => counts.length === Number(stdout));
  await follower.stop();
  assertEachOnce(counts, Number(stdout));
});

test('the same with a follower that stops and starts all the time', async (t) => {
  const log = join(makeDirectory(t), 'access.log');
  const counts: number[] = [];
  let written = Number.POSITIVE_INFINITY;
  let positions: Position[] = [];
  const writer = run(process.execPath, [WRITER, log, String(LINES_PER_SECOND), '5', '2000', '50']).then(
    ({ stdout }) => {
      written = Number(stdout);
    },
  );
  let starts = 0;
  for (; counts.length < written || written === Number.POSITIVE_INFINITY; starts++) {
    const follower = await followLogs(
      options(
        log,
        async ({ bytes, position }) => {
          tally(counts, bytes);
          positions = [position];
        },
        positions,
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 20 + (starts % 7) * 25));
    await follower.stop();
  }
  await writer;
  assert.ok(starts > 5);
  assertEachOnce(counts, written);
});
