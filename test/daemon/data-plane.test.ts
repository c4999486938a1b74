/** The data plane of one instance. */
import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../support/folder.ts';
import { logLine, START } from '../support/traffic.ts';
import { until } from '../support/until.ts';
import { makePlane, startPlane } from './make-plane.ts';

test('lines of the past are counted at no time', async (t) => {
  const log = join(temporaryFolder(t), 'access.log');
  const lines = Array.from({ length: 20 }, (_, second) => `${logLine(START + second, '192.0.2.1')}\nno line\n`);
  writeFileSync(log, lines.join(''));
  const plane = makePlane(t, [log], { now: () => (START + 20) * 1000 });
  const read: { lines: number; counted: unknown }[] = [];
  const forget = plane.pipeline.forgetCounts.bind(plane.pipeline);
  t.mock.method(plane.pipeline, 'forgetCounts', () => {
    read.push({ lines: plane.pipeline.lines, counted: plane.counts() });
    forget();
  });
  await startPlane(plane);
  assert.deepEqual(read, [{ lines: 40, counted: { lines_total: 0, skipped: {} } }]);
  appendFileSync(log, `${logLine(START + 20, '192.0.2.1')}\nno line\n`);
  await until('the new lines are counted', () => plane.counts().lines_total === 2);
  const skipped = Object.values(plane.counts().skipped).reduce((sum, count) => sum + count, 0);
  assert.equal(skipped, 1);
});

test("a window without lines has no traffic, before the engine's clock has waited for late ones", async (t) => {
  const log = join(temporaryFolder(t), 'access.log');
  writeFileSync(log, '');
  let nowMs = START * 1000;
  const plane = makePlane(t, [log], { now: () => nowMs });
  await startPlane(plane);
  appendFileSync(log, Array.from({ length: 20 }, () => `${logLine(START, '192.0.2.1')}\n`).join(''));
  await until('there is traffic', () => plane.engine?.clients === 1 && (plane.engine.siteRate ?? 0) > 0);
  nowMs += 59_000;
  await until('a look while late lines may come', () => plane.lagSeconds() !== null && plane.engine?.clients === 1);
  nowMs += 11_000;
  await until('nobody is there', () => plane.engine?.clients === 0);
  assert.deepEqual([plane.engine?.siteRate, plane.engine?.topClients], [0, []]);
});

test('the rate of the last second falls to nothing with the requests, before the window is over', async (t) => {
  const log = join(temporaryFolder(t), 'access.log');
  writeFileSync(log, '');
  let nowMs = (START + 1) * 1000;
  const plane = makePlane(t, [log], { now: () => nowMs });
  await startPlane(plane);
  const seconds = [...Array.from({ length: 20 }, () => START), START + 1];
  appendFileSync(log, seconds.map((second) => `${logLine(second, '192.0.2.1')}\n`).join(''));
  await until('there is traffic', () => plane.engine?.siteRateLast === 20);
  nowMs += 4000;
  await until('the last second is empty', () => plane.engine?.siteRateLast === 0);
  assert.equal(plane.engine?.countedRateLast, 0);
  assert.ok((plane.engine?.siteRate ?? 0) > 0);
});

test('an engine in which nothing can change is asked every ten seconds, and at once when something was told to it', async (t) => {
  const log = join(temporaryFolder(t), 'access.log');
  writeFileSync(log, '');
  // The file was written just now, and on a busy machine it was not looked at this very moment.
  let nowMs = Date.now() + 120_000;
  const plane = makePlane(t, [log], { now: () => nowMs });
  await startPlane(plane);
  plane['endTicks']();
  await plane['ticking'];
  const { pipeline } = plane;
  const sent: string[] = [];
  const send = pipeline.send.bind(pipeline);
  t.mock.method(pipeline, 'send', (...[task, transferList]: Parameters<typeof send>) => {
    sent.push(task.kind);
    return send(task, transferList);
  });
  const questions = async (seconds: number) => {
    sent.length = 0;
    for (let second = 0; second < seconds; second++) await plane['tick']();
    return sent.filter((kind) => kind === 'status').length;
  };
  await questions(1);
  assert.equal(await questions(20), 2, 'no line was ever read');
  await pipeline.send({ kind: 'never_banned', networks: [] });
  assert.equal(await questions(1), 1);
  appendFileSync(log, `${logLine(Math.floor(nowMs / 1000), '192.0.2.1')}\n`);
  await until('the line is judged', () => plane.judgedBytes > 0);
  assert.equal(await questions(5), 5);
  nowMs += 70_000;
  await questions(1);
  assert.equal(await questions(20), 2, 'the window is empty');
});
