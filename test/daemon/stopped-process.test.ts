/** A process that is stopped for a while (SIGSTOP, docker pause, a disk that keeps it waiting) while nginx writes on. */
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Troubles } from '../../src/daemon/troubles.ts';
import { temporaryFolder } from '../support/folder.ts';
import { logLine, START } from '../support/traffic.ts';
import { until } from '../support/until.ts';
import { makePlane, startPlane } from './make-plane.ts';

const STOPPED_S = 1200;

test('what was written while zban was stopped is judged once it goes on, of all logs', async (t) => {
  const folder = temporaryFolder(t);
  const logs = ['a.log', 'b.log'].map((name) => join(folder, name));
  for (const log of logs) writeFileSync(log, `${logLine(START, '192.0.2.1')}\n`);
  let stoppedMs = 0;
  const [begunMs, elapsed] = [performance.now(), performance.now.bind(performance)];
  t.mock.method(performance, 'now', () => elapsed() + stoppedMs);
  t.mock.timers.enable({ apis: ['setInterval'] });
  const begun: string[] = [];
  const troubles = new Troubles({ log: () => {} });
  troubles.tell({ onBegin: ({ key }) => begun.push(key), onEnd: () => {} });
  const plane = makePlane(t, logs, {
    now: () => START * 1000 + performance.now() - begunMs,
    troubles,
  });
  await startPlane(plane);
  for (const log of logs) appendFileSync(log, `${logLine(START + 1, '192.0.2.1')}\n`);
  await until('the first lines', () => plane.counts().lines_total === 2);

  // The log that is read last has the older lines. The timer that is due when it goes on is first, before anything is read.
  const line = (log: number, n: number) => logLine(START + (log === 0 ? STOPPED_S : 2), `203.0.113.${n}`);
  for (const [log, path] of logs.entries())
    appendFileSync(path, Array.from({ length: 100 }, (_, n) => `${line(log, n)}\n`).join(''));
  stoppedMs = STOPPED_S * 1000;
  t.mock.timers.tick(1000);
  const bytes =
    logs.reduce((sum, path) => sum + readFileSync(path).length, 0) - 2 * `${logLine(START, '192.0.2.1')}\n`.length;
  await until('all is judged', () => plane.judgedBytes === bytes);
  const { status } = await plane.pipeline.send({ kind: 'status' });
  assert.equal(status?.discarded['late_lines'], 0);
  t.mock.timers.tick(1000);
  assert.deepEqual(begun, [], 'no log was silent');
});
