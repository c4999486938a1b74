/** Which lines a start reads again, whatever becomes of the files meanwhile. */
import assert from 'node:assert/strict';
import { appendFileSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { rehearse } from '../../src/daemon/start/rehearsal.ts';
import type { Chunk } from '../../src/model/chunk.ts';
import { findEnd } from '../../src/source/log-history.ts';
import type { TrafficTask } from '../../src/workers/messages.ts';
import { temporaryFolder } from '../support/folder.ts';
import { logLine } from '../support/traffic.ts';

const NOW = Math.floor(Date.now() / 1000);

/** What a pipeline does with what it is fed. */
const takesLines = (onLines: (lines: string) => void) => ({
  lines: 0,
  forgetCounts: () => {},
  finish: async () => {},
  feed: async ({ bytes }: Chunk) => onLines(Buffer.from(bytes).toString()),
});

test('a log that is rotated while zban starts: no line is read that is yet to be judged', async (t) => {
  const path = join(temporaryFolder(t), 'access.log');
  const judged = logLine(NOW - 3, '192.0.2.1');
  const attack = Array.from({ length: 300 }, (_, n) => logLine(NOW - 2, '203.0.113.9', `/${n}`));
  writeFileSync(path, `${judged}\n`);
  const left = findEnd(path);
  assert.ok(left);
  renameSync(path, `${path}.1`);
  writeFileSync(path, attack.map((line) => `${line}\n`).join(''));
  let read = '';
  let share = 0;
  const positions = await rehearse({
    config: configSchema.parse({ logs: [{ path }] }),
    positions: [left],
    state: undefined,
    pipeline: {
      ...takesLines((lines) => (read += lines)),
      // What is to be read is known by then, and nothing was read.
      send: async ({ kind }: TrafficTask) => {
        assert.equal(kind, 'expect');
        renameSync(`${path}.1`, `${path}.2`);
        renameSync(path, `${path}.1`);
        appendFileSync(path, `${logLine(NOW - 1, '192.0.2.1')}\n`);
        return { second: 0, events: [], consumed: [] };
      },
    },
    now: () => NOW * 1000,
    log: () => {},
    onProgress: (progress) => {
      share = progress.share;
    },
    signal: new AbortController().signal,
  });
  assert.equal(read, `${judged}\n`);
  assert.equal(share, 1, 'the start says how far it is');
  assert.deepEqual(positions, [left]);
});

test('a log that no system call can look at hinders neither the start nor the other logs', async (t) => {
  const folder = temporaryFolder(t);
  const [path, loop] = [join(folder, 'access.log'), join(folder, 'loop.log')];
  writeFileSync(path, `${logLine(NOW - 3, '192.0.2.1')}\n`);
  const left = findEnd(path);
  assert.ok(left);
  symlinkSync('loop.log', loop);
  let read = '';
  await rehearse({
    config: configSchema.parse({ logs: [{ path: loop }, { path }] }),
    positions: [left, { ...left, path: loop }],
    state: undefined,
    pipeline: {
      ...takesLines((lines) => (read += lines)),
      send: async () => ({ second: 0, events: [], consumed: [] }),
    },
    now: () => NOW * 1000,
    log: () => {},
    onProgress: () => {},
    signal: new AbortController().signal,
  });
  assert.equal(read, `${logLine(NOW - 3, '192.0.2.1')}\n`);
});

/** Reads the past of a log of zeros without a line break, of which `onShare` hears how far it has come. */
async function rehearseZeros(t: TestContext, onShare: (share: number) => void, signal: AbortSignal) {
  const path = join(temporaryFolder(t), 'access.log');
  writeFileSync(path, '');
  truncateSync(path, 8 << 20);
  const said: string[] = [];
  await rehearse({
    config: configSchema.parse({ logs: [{ path }] }),
    positions: [],
    state: undefined,
    pipeline: { ...takesLines(() => {}), send: async () => ({ second: 0, events: [], consumed: [] }) },
    now: () => NOW * 1000,
    log: (level, message) => void said.push(`${level} ${message}`),
    onProgress: ({ share }) => onShare(share),
    signal,
  });
  return said;
}

test('a log of zeros: the start says how far it is, and then what it found', async (t) => {
  const shares: number[] = [];
  const said = await rehearseZeros(t, (share) => shares.push(share), new AbortController().signal);
  assert.ok(shares.length >= 8, 'at least once a MiB');
  assert.equal(shares.at(-1), 1);
  assert.deepEqual(said, ['warn most of an older log is not lines: little was learned from it']);
});

test('a start that reads zeros is stopped at once', async (t) => {
  const giveUp = new AbortController();
  let last = 0;
  const stopped = rehearseZeros(
    t,
    (share) => {
      last = share;
      giveUp.abort();
    },
    giveUp.signal,
  );
  await assert.rejects(stopped, { name: 'AbortError' });
  assert.ok(last < 1);
});
