/** What a start that takes long says of itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureWarmStart, WarmStartReport } from '../../src/daemon/start/warm-start.ts';
import { describeProgress, type Progress } from '../../src/english/progress.ts';

test('journal, systemd and terminal hear of a long start, each to its own rhythm; a short one leaves no line', () => {
  const said = { journal: [] as unknown[], systemd: [] as string[], screen: [] as Progress[] };
  let nowMs = 0;
  const report = new WarmStartReport({
    log: (level, message, fields) => said.journal.push([level, message, fields]),
    systemd: { starting: (text) => said.systemd.push(text) },
    screen: { draw: (progress) => said.screen.push(progress), clear: () => {} },
    now: () => nowMs,
  });
  for (nowMs = 100; nowMs <= 10_000; nowMs += 100) report.note(measureWarmStart(nowMs / 40_000, nowMs * 300, nowMs));
  assert.equal(said.screen.length, 100);
  assert.equal(said.systemd.length, 10);
  assert.equal(said.systemd[0], 'reading the past of the logs: 2 %, 300,000 lines/s, 39s left');
  assert.deepEqual(said.journal, [
    [
      'info',
      'reading the past of the logs',
      { percent: 25, lines: 3_000_000, lines_per_second: 300_000, seconds_left: 30 },
    ],
  ]);
});

test('of what has hardly begun nobody knows the end', () => {
  assert.deepEqual(measureWarmStart(0.001, 0, 0), { share: 0.001, lines: 0, lines_per_second: 0, seconds_left: null });
  assert.equal(describeProgress({ share: 0.999, perSecond: 5, leftMs: undefined }, 'lines'), '99 %, 5 lines/s');
  assert.equal(describeProgress({ share: 1, perSecond: 5, leftMs: 0 }, 'lines'), '100 %, 5 lines/s');
});
