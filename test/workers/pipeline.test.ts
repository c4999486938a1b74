/** The real threads: any number of them, any chunks, gives what one thread gives. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { packOffenders } from '../../src/decide/offender-table.ts';
import { parseEngineState } from '../../src/engine/engine-state.ts';
import type { Chunk } from '../../src/model/chunk.ts';
import type { EngineEvent } from '../../src/model/told-event.ts';
import { parsePrefix } from '../../src/net/prefix.ts';
import { Pipeline } from '../../src/workers/pipeline.ts';
import { workerSetup } from '../../src/workers/worker-setup.ts';
import { Bench, chunked } from '../support/engine.ts';
import { bytesOf } from '../support/parse.ts';
import { ATTACKED_LOG, logLine, START, writeLog } from '../support/traffic.ts';

const config = configSchema.parse({
  bans: { max_share: 1 },
  logs: [{ path: 'a.log' }, { path: 'b.log', format: 'combined' }],
});

function chunkOf(bytes: Uint8Array<ArrayBuffer>, source = 0, behind = true): Chunk {
  const position = { path: `${source}.log`, device: 1, inode: source, offset: 0, fingerprint: '', fingerprintBytes: 0 };
  return { source, bytes, position, behind, oversized: 0 };
}

/** A pipeline, closed after the test, with what it told. */
function pipelineFor(t: { after(fn: () => Promise<void>): void }, parseThreads: number, live = false) {
  const events: EngineEvent[] = [];
  const settled: Chunk[] = [];
  const pipeline = new Pipeline({
    setup: workerSetup(config),
    parseThreads,
    live,
    now: Date.now,
    onEvents: (told, chunks) => {
      events.push(...told);
      settled.push(...chunks);
    },
  });
  t.after(() => pipeline.close());
  return { pipeline, events, settled };
}

test('claims of robots come out of the threads where they are asked for, and not else', async (t) => {
  const claimed: string[] = [];
  const pipeline = new Pipeline({
    ...{ setup: workerSetup(config), parseThreads: 1, now: Date.now, onEvents: () => {} },
    onRobotClaims: (claims) => claimed.push(...claims.map(({ address, userAgent }) => `${address} ${userAgent}`)),
  });
  t.after(() => pipeline.close());
  const lines = (ip: string) =>
    Array.from({ length: 5 }, (_, n) => `${logLine(START + n, ip, '/', 200, 'Examplebot/1.0')}\n`);
  const feed = async (ip: string) => {
    await pipeline.feed(chunkOf(bytesOf(lines(ip).join(''))), 0);
    await pipeline.send({ kind: 'flush' });
  };
  await feed('192.0.2.1');
  const prefix = parsePrefix('192.0.2.3');
  assert.ok(prefix);
  await pipeline.send({ kind: 'robot_networks', networks: [{ name: 'Examplebot', prefix }], ask: true });
  await feed('192.0.2.2');
  await feed('192.0.2.3');
  assert.deepEqual(claimed, ['192.0.2.2 Examplebot/1.0']);
});

const LINES = writeLog({ ...ATTACKED_LOG, visitors: 40, seed: 5, lateShare: 0.2 });
const ATTACKED = (() => {
  const bench = new Bench(
    { detection: config.detection, bans: { max_share: 1 } },
    { staticExtensions: config.detection.static_extensions },
  );
  bench.feed(...LINES);
  return bench.events;
})();

test('the log at hand has attacks in it', () => {
  assert.ok(ATTACKED.filter(({ event }) => event === 'ban').length >= 3);
});

/** Counts the threads that are started from now on. */
function countThreads(t: { after(fn: () => void): void }): () => number {
  let started = 0;
  const onWorker = () => started++;
  process.on('worker', onWorker);
  t.after(() => process.off('worker', onWorker));
  return () => started;
}

test('a single parse thread is the one that feeds; live, one more comes with large chunks alone', async (t) => {
  const started = countThreads(t);
  const { pipeline } = pipelineFor(t, 1, true);
  await pipeline.feed(chunkOf(bytesOf(`${logLine(START, '192.0.2.1')}\n`)), 0);
  await pipeline.send({ kind: 'flush' });
  assert.equal(pipeline.lines, 1);
  assert.equal(started(), 1);
});

for (const [threads, chunkBytes, threadsStarted, live = false] of [
  [1, 4096, 1],
  [2, 20_000, 3],
  [4, 5000, 5],
  // Some of the chunks are parsed by the caller, some by the thread.
  [1, 16_450, 2, true],
] as const) {
  test(`${threads} parse threads${live ? ', live' : ''}, chunks of ${chunkBytes} bytes: the events of a single thread`, async (t) => {
    const started = countThreads(t);
    const { pipeline, events, settled } = pipelineFor(t, threads, live);
    await pipeline.send({ kind: 'expect', source: 0 });
    const chunks = [...chunked(LINES, chunkBytes)].map((bytes) => chunkOf(bytes));
    await Promise.all(chunks.map((chunk) => pipeline.feed(chunk, 0)));
    assert.deepEqual(events, ATTACKED);
    assert.deepEqual(settled, chunks, 'settled in order');
    assert.equal(pipeline.lines, LINES.length);
    assert.equal(started(), threadsStarted, 'with the traffic thread');
  });
}

test('two logs read at different speed give the events of their merged lines', async (t) => {
  const [even, odd] = [0, 1].map((rest) => LINES.filter((_, n) => n % 2 === rest));
  const run = async (parseThreads: number, sizes: readonly [number, number]): Promise<readonly EngineEvent[]> => {
    const { pipeline, events } = pipelineFor(t, parseThreads);
    for (const source of [0, 1]) await pipeline.send({ kind: 'expect', source });
    await Promise.all(
      [even, odd].map(async (lines, source) => {
        const fed = [...chunked(lines ?? [], sizes[source] ?? 1)].map((bytes) =>
          pipeline.feed(chunkOf(bytes, source), 0),
        );
        await pipeline.finish(source);
        await Promise.all(fed);
      }),
    );
    return events;
  };
  const expected = await run(1, [1 << 20, 1 << 20]);
  assert.ok(expected.some(({ event }) => event === 'ban'));
  assert.deepEqual(await run(2, [3000, 100_000]), expected);
  assert.deepEqual(await run(2, [50_000, 2000]), expected);
});

test('refused lines are counted by reason, and each log is read in its format', async (t) => {
  const { pipeline, events } = pipelineFor(t, 1);
  const future = logLine(Math.floor(Date.now() / 1000) + 100_000, '192.0.2.1');
  await pipeline.feed(chunkOf(bytesOf(`rubbish\n${future}\n${logLine(START, '192.0.2.1')}\n\n`), 0, false), 0);
  await pipeline.feed({ ...chunkOf(bytesOf(`${logLine(START, '192.0.2.1')}\n`), 1, false), oversized: 3 }, 1);
  assert.equal(pipeline.lines, 8);
  const counted = Object.entries(pipeline.skipped).filter(([, count]) => count > 0);
  assert.deepEqual(Object.fromEntries(counted), { not_combined: 2, future: 1, empty: 1, too_long: 3 });
  assert.deepEqual(events, []);
});

test('a chunk settles only when the log it waits for has come', async (t) => {
  const { pipeline, settled } = pipelineFor(t, 1);
  await pipeline.send({ kind: 'expect', source: 1 });
  const first = pipeline.feed(chunkOf(bytesOf(`${logLine(START + 5, '192.0.2.1')}\n`), 0), 0);
  const { status } = await pipeline.send({ kind: 'status' });
  assert.equal(status?.second, 0);
  assert.equal(settled.length, 0);
  await pipeline.feed(chunkOf(bytesOf(`${logLine(START, '192.0.2.2')}\n`), 1, false), 0);
  await first;
  assert.deepEqual(
    settled.map(({ source }) => source),
    [1, 0],
  );
});

test('bans, releases, the allowlist and the baseline reach the engine', async (t) => {
  const { pipeline, events } = pipelineFor(t, 1);
  const flood = (second: number, count: number) =>
    chunkOf(bytesOf(`${Array(count).fill(logLine(second, '203.0.113.9')).join('\n')}\n`), 0, false);
  const [high, low] = [1, 0xcb00_7109];
  await pipeline.send({
    kind: 'set_bans',
    offenders: packOffenders([{ high, low, tier: 2, until: START + 1000, lastEnd: START + 1000 }]),
  });
  await pipeline.feed(flood(START, 1000), 0);
  assert.deepEqual(events, []);
  await pipeline.send({ kind: 'release', clients: [{ high, low }], second: START });
  const prefix = parsePrefix('203.0.113.0/24');
  assert.ok(prefix);
  await pipeline.send({ kind: 'never_banned', networks: [{ prefix, kind: 'allowlist', because: 'test' }] });
  await pipeline.feed(flood(START + 1, 400), 0);
  assert.deepEqual(
    events.map(({ event }) => event),
    ['refused'],
  );
  await pipeline.send({ kind: 'status', second: START + 120 });
  const { snapshot } = await pipeline.send({ kind: 'snapshot' });
  assert.equal(parseEngineState(snapshot ?? assert.fail())?.observedSeconds, 120);
  const { status } = await pipeline.send({ kind: 'status' });
  assert.deepEqual([status?.second, status?.clients, status?.clientsSeen], [START + 120, 0, 1]);
  assert.equal(status?.discarded['banned_lines'], 1000);
});

test('a closed pipeline takes nothing any more', async (t) => {
  const { pipeline } = pipelineFor(t, 1);
  await pipeline.close();
  await assert.rejects(pipeline.send({ kind: 'status' }), /closed/);
  await assert.rejects(pipeline.feed(chunkOf(bytesOf(`${logLine(START, '192.0.2.1', '/')}\n`)), 0), /closed/);
});
