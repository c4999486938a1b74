import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEntry } from '../../src/model/audit.ts';
import type { TrafficMinute } from '../../src/model/traffic.ts';
import { TrafficLog } from '../../src/record/traffic/traffic-log.ts';

const START = Math.floor(Date.parse('2026-11-16T00:00:00Z') / 60_000); // a Monday
const WEEK = 7 * 1440;

class States extends Map<string, Uint8Array> {
  load = (key: string) => this.get(key);
  save = (states: Readonly<Record<string, Uint8Array>>) => {
    for (const [key, bytes] of Object.entries(states)) this.set(key, bytes.slice());
  };
  get bytes(): number {
    return [...this.values()].reduce((sum, { length }) => sum + length, 0);
  }
}

const minute = (at: number, change: Partial<TrafficMinute> = {}): TrafficMinute => ({
  minute: at,
  requests: 120,
  counted: 60,
  refused: 12,
  failed: 6,
  banned: 0,
  mean: 1.5,
  stddev: 0.5,
  times: [0.125, 0.25, 0.5],
  isAnomalous: false,
  ...change,
});
const entry = (action: string, at: number, change: Partial<AuditEntry> = {}) =>
  ({ action, timeMs: at * 60_000 + 500, detail: '', condition: null, numbers: null, ...change }) as AuditEntry;
const nowMs = (at: number) => at * 60_000 + 1000;

test('it stays of one size, and another start finds what is younger than a day by the minute, than a week by the quarter', () => {
  const states = new States();
  const traffic = new TrafficLog(states);
  for (let at = 0; at < 9 * 1440; at += 60) {
    traffic.add(Array.from({ length: 60 }, (_, index) => minute(START + at + index)));
  }
  const { size, bytes } = states;
  for (let at = 9 * 1440; at < 12 * 1440; at++) traffic.add([minute(START + at)]);
  assert.deepEqual([states.size, states.bytes], [size, bytes]);
  assert.ok(bytes < 150_000, `${bytes} bytes`);

  const end = nowMs(START + 12 * 1440);
  const again = new TrafficLog(states);
  for (const [range, count] of [
    ['1h', 60],
    ['24h', 288],
    ['7d', 672],
  ] as const) {
    const { steps } = again.series(range, end);
    assert.equal(steps.length, count);
    // All but the one under way.
    assert.equal(steps.indexOf(undefined), count - 1, range);
    assert.deepEqual(steps[3], traffic.series(range, end).steps[3]);
    const { requests, counted, refused, failed, mean } = steps[3] ?? {};
    assert.deepEqual([requests, counted, refused, failed, mean], [2, 1, 0.2, 0.1, 1.5], range);
  }
  assert.equal(again.newestMs, nowMs(START + 12 * 1440) - 1000);
});

test('time without zban is a gap, not silence', () => {
  const traffic = new TrafficLog(new States());
  traffic.add([minute(START), minute(START + 3)]);
  const { steps, fromSecond } = traffic.series('1h', nowMs(START + 3));
  assert.equal(fromSecond, (START - 56) * 60);
  assert.deepEqual(
    steps.slice(-5).map((step) => step?.requests),
    [undefined, 2, undefined, undefined, 2],
  );
});

test('a minute whose lines are read again counts once, and the more of it the better', () => {
  const traffic = new TrafficLog(new States());
  traffic.note([entry('ban', START)]);
  traffic.add([minute(START, { requests: 90 })]);
  traffic.note([entry('ban', START)]);
  traffic.add([minute(START, { requests: 30 }), minute(START, { requests: 120 })]);
  const step = traffic.series('1h', nowMs(START)).steps.at(-1);
  assert.deepEqual([step?.requests, step?.bans], [2, 2]);
});

test('incidents, annotations and starts are marked, also after another start', () => {
  const states = new States();
  const traffic = new TrafficLog(states);
  const since = new Date((START - 1) * 60_000).toISOString();
  traffic.note([
    entry('global_anomaly', START, { condition: 'site_clients', numbers: { phase: 'start', since } }),
    entry('annotate', START + 1, { detail: 'deploy 1.4.2' }),
    entry('global_anomaly', START + 2, { condition: 'site_clients', numbers: { phase: 'end', since } }),
    entry('start', START + 3),
  ]);
  traffic.save();
  const again = new TrafficLog(states);
  again.note([entry('start', START + 3)]);
  assert.deepEqual(again.series('1h', nowMs(START + 3)).marks, [
    { kind: 'incident', timeMs: (START - 1) * 60_000, text: 'site_clients', endMs: (START + 2) * 60_000 + 500 },
    { kind: 'annotation', timeMs: (START + 1) * 60_000 + 500, text: 'deploy 1.4.2' },
    { kind: 'start', timeMs: (START + 3) * 60_000 + 500, text: '' },
  ]);
});

test('marks that are damaged are none, and do not keep zban from starting', () => {
  const states = new States();
  for (const saved of ['{half', '{}', 'null', '[null]', '[{"kind":"start","timeMs":"now","text":""}]']) {
    states.set('traffic:marks', Buffer.from(saved));
    const traffic = new TrafficLog(states);
    traffic.note([entry('start', START)]);
    assert.equal(traffic.series('1h', nowMs(START)).marks.length, 1, saved);
  }
});

test('what is usual is learned by the hour of the week, without anomalies, and younger weeks count more', () => {
  const traffic = new TrafficLog(new States());
  const hour = (at: number, change: Partial<TrafficMinute>) =>
    traffic.add(Array.from({ length: 60 }, (_, index) => minute(START + at + index, change)));
  hour(0, { counted: 60 });
  hour(60, { counted: 6000, isAnomalous: true });
  assert.deepEqual(traffic.usualHours()[0], { rate: 1, refusedShare: Math.fround(720) / 7200 });
  assert.equal(traffic.usualHours()[1], undefined);
  hour(WEEK, { counted: 240 });
  const [first] = traffic.usualHours();
  assert.ok(Math.abs((first?.rate ?? 0) - (1 * (2 / 3) + 4) / (2 / 3 + 1)) < 1e-6, `${first?.rate}`);
});
