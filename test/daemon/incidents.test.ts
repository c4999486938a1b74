/** An anomaly of the site is reported once and ended once: what people are told, and a real daemon over restarts. */
import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { INCIDENT_KEY, Incidents } from '../../src/daemon/reports/incidents.ts';
import type { GlobalAnomalyEvent } from '../../src/model/told-event.ts';
import { anomaly, anomalyEnd } from '../notify/examples.ts';
import { TestDaemon, until } from '../support/daemon.ts';
import { logLine, visitorIp } from '../support/traffic.ts';

const eventOf = (notification: ReturnType<typeof anomaly>): GlobalAnomalyEvent => {
  assert.ok(notification.kind === 'global_anomaly');
  return notification.event;
};
const START = eventOf(anomaly());
const END = eventOf(anomalyEnd());
const [STARTED_MS, HOUR_MS] = [Date.parse(START.time), 3_600_000];

/** What the database holds after a restart. */
const reopened = ({ state }: { readonly state: Readonly<Record<string, Uint8Array>> }) =>
  new Incidents(state[INCIDENT_KEY]);

test('what is reported is saved with its row, and known after a restart until it has ended', () => {
  const started = new Incidents(undefined).take([START], true, STARTED_MS);
  assert.deepEqual(started.notifications, [{ kind: 'global_anomaly', event: START }]);
  const again = reopened(started);
  const { since, lastSecond, peakRate, state } = again.known ?? assert.fail();
  assert.deepEqual([since * 1000, lastSecond * 1000], [Date.parse(START.since), STARTED_MS]);
  assert.deepEqual([peakRate, state], [START.peak_rate, 'open']);
  assert.deepEqual(again.catchUp().notifications, [], 'people know of it');
  const ended = again.take([END], true, STARTED_MS + 600_000);
  assert.deepEqual(ended.notifications, [{ kind: 'global_anomaly', event: END }]);
  assert.equal(reopened(ended).known, undefined);
  assert.deepEqual(again.take([], true, STARTED_MS), { state: {}, notifications: [] });
});

test('of an hour ago, read now: one message, when it is over or when everything has been read', () => {
  const over = new Incidents(undefined);
  assert.deepEqual(over.take([START], false, STARTED_MS + HOUR_MS).notifications, []);
  assert.deepEqual(over.take([END], false, STARTED_MS + HOUR_MS).notifications, [
    { kind: 'global_anomaly', event: END },
  ]);
  const lasting = reopened(new Incidents(undefined).take([START], false, STARTED_MS + HOUR_MS));
  const told = lasting.catchUp();
  assert.deepEqual(told.notifications, [{ kind: 'global_anomaly', event: START }]);
  assert.deepEqual([...lasting.catchUp().notifications, ...reopened(told).catchUp().notifications], []);
});

test('of a moment ago it is news at once, also where more is to be read; a log whose clock is wrong is no old one', () => {
  assert.equal(new Incidents(undefined).take([START], false, STARTED_MS + 5000).notifications.length, 1);
  assert.equal(new Incidents(undefined).take([START], true, STARTED_MS + HOUR_MS).notifications.length, 1);
});

interface Row {
  readonly action: string;
  readonly detail: string;
  readonly numbers: GlobalAnomalyEvent;
}

const now = () => Math.floor(Date.now() / 1000);

/** An hour of calm that ends now. */
function calm(): string {
  const from = now() - 3600;
  const lines = Array.from({ length: 3600 * 2 }, (_, n) =>
    logLine(from + Math.floor(n / 2), visitorIp(n % 80), `/page/${n % 9}`),
  );
  return lines.map((line) => `${line}\n`).join('');
}

/** A thousand clients, five requests each, within the last ten seconds. */
function flood(): string {
  const from = now() - 10;
  return Array.from({ length: 5000 }, (_, n) => {
    const ip = `2001:db8:${n % 4}:${((n % 1000) + 0x100).toString(16)}::1`;
    return `${logLine(from + Math.floor(n / 500), ip, '/search', 200, 'Tool/1')}\n`;
  }).join('');
}

test('a flood, silence, restarts and reloads: one start and one end, by the wall clock', async (t) => {
  const detection = { site: { start_after: '1s', end_after: '3s' } };
  const daemon = new TestDaemon({ config: { mode: 'observe', detection } });
  t.after(() => daemon.close());
  const rows = () =>
    daemon
      .zban('audit', '--json')
      .stdout.split('\n')
      .filter((line) => line.includes('"global_anomaly"'))
      .map((line) => JSON.parse(line) as Row);
  writeFileSync(daemon.log, calm());
  await daemon.start();
  appendFileSync(daemon.log, flood());
  appendFileSync(daemon.log, `${logLine(now() + 1, visitorIp(1), '/page/1')}\n`);
  await until('its start', () => rows().length > 0);
  await until('its end, though the clock of the log stands', () => rows().length > 1);
  assert.deepEqual([daemon.status()?.global_anomaly, daemon.status()?.incident], [false, null]);
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    await daemon.stop(signal);
    await daemon.start();
    appendFileSync(daemon.log, `${logLine(now() + 1, visitorIp(2), '/page/2')}\n`);
    await until('it reads on', () => daemon.status()?.lines_total === 1);
  }
  const [start, end, ...more] = rows();
  assert.deepEqual(more, []);
  assert.deepEqual([start?.detail, end?.detail], ['start', 'end']);
  assert.equal(end?.numbers.since, start?.numbers.since);
  assert.ok((end?.numbers.peak_rate ?? 0) > 100, JSON.stringify(end));
});
