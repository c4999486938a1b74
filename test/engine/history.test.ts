import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HistorySummary, summarizeHistory } from '../../src/engine/history-summary.ts';
import { Bench, ENGINE, type Overrides } from '../support/engine.ts';
import { SCHEME } from '../support/parse.ts';
import { logLine, START, visitorIp, writeLog } from '../support/traffic.ts';

const { points } = ENGINE.detection;
const HOUR = 3600;
const CLIENT = '203.0.113.9';
/** Where the limits have sunk to their values: a line of long ago. */
const LONG_AGO = logLine(START - 2 * HOUR, '192.0.2.99');
const WARM: Overrides = { history: true, detection: { points } };

function summary(bench: Bench, most = 10): HistorySummary {
  const { history, clients } = bench.engine;
  assert.ok(history);
  return summarizeHistory(history, clients, SCHEME, most);
}

/** Requests of one client, one a second. */
const asking = (from: number, count: number, status = 200, ip = CLIENT): string[] =>
  Array.from({ length: count }, (_, n) =>
    logLine(from + n, ip, `/${status === 200 ? 'page' : 'gone'}/${n}.php`, status),
  );

test('a client in numbers: requests, answers, hours, and how near it came to the limits', () => {
  const bench = new Bench(WARM);
  for (let hour = 0; hour < 4; hour++) bench.feed(...asking(START + hour * HOUR, 5));
  bench.feed(...asking(START + 4 * HOUR, 6, 404));
  const { heaviest, knownClients, first, last } = summary(bench);
  assert.equal(first, '2026-01-01T00:00:00Z');
  assert.equal(last, '2026-01-01T04:00:05Z');
  assert.equal(knownClients, 1);
  const [client] = heaviest;
  assert.ok(client);
  assert.deepEqual([client.ip, client.requests, client.answered, client.hours], [CLIENT, 26, 20, 4]);
  const scan = client.reached.find(({ limit }) => limit === 'scan');
  assert.equal(scan?.tolerated, points.scan.limit);
  // Six points less what five seconds drained.
  assert.ok(scan && scan.share > 0.45 && scan.share < 0.54, `${scan?.share}`);
  assert.ok(client.reached.every(({ share }, index, all) => index === 0 || share <= (all[index - 1]?.share ?? 0)));
});

test('a ban tells what the client was before it; what it asks for meanwhile is kept out', () => {
  const bench = new Bench(WARM);
  for (let hour = 0; hour < 3; hour++) bench.feed(...asking(START + hour * HOUR, 10));
  bench.feed(...asking(START + 3 * HOUR, 30, 404));
  const [ban, second] = bench.of('ban');
  assert.equal(second, undefined);
  const before = (Date.parse(ban?.time ?? '') / 1000 - START) % HOUR;
  assert.deepEqual(ban?.past, { hours: 3, requests: 30 + before + 1, answered: 30, visit_seconds: before });
  const { shutOut, heaviest, nearest } = summary(bench);
  assert.deepEqual(shutOut, [{ ip: CLIENT, requests: 30 - before - 1 }]);
  assert.deepEqual([heaviest, nearest], [[], []], 'the banned are not among those that were not');
});

test('an hour in which most was refused makes nobody known, nor do hours after a ban', () => {
  const bench = new Bench(WARM);
  for (let hour = 0; hour < 2; hour++) bench.feed(...asking(START + hour * HOUR, 5));
  for (let hour = 2; hour < 5; hour++) bench.feed(...asking(START + hour * HOUR, 3, 404));
  bench.feed(...asking(START + 5 * HOUR, 30, 404));
  assert.equal(bench.of('ban')[0]?.past?.hours, 2);
  for (let hour = 6; hour < 12; hour++) bench.feed(...asking(START + hour * HOUR, 5));
  assert.equal(summary(bench).knownClients, 0);
});

test('a slow guesser is nearest to the limit of guessing, a fast reader to the rate', () => {
  const bench = new Bench(WARM);
  const posts = Array.from({ length: 7 }, (_, n) => logLine(START + n, CLIENT, '/login', 200).replace('GET', 'POST'));
  bench.feed(...Array.from({ length: 12 }, (_, n) => logLine(START, visitorIp(n), '/')));
  bench.feed(...posts);
  bench.feed(...Array.from({ length: 100 }, () => logLine(START + 10, visitorIp(0), '/')));
  const limits = summary(bench, 2).heaviest.map(({ ip, reached }) => [ip, reached[0]?.limit]);
  assert.deepEqual(limits, [
    [visitorIp(0), 'rate'],
    [CLIENT, 'brute_force'],
  ]);
});

for (const [limit, line] of [
  ['scan', (n: number) => logLine(START + n, CLIENT, `/${n}.php`, 404)],
  ['brute_force', (n: number) => logLine(START + n, CLIENT, '/login').replace('GET', 'POST')],
  ['scrape', (n: number) => logLine(START + n, CLIENT, `/a/${'b'.repeat(n % 200)}`).replace('512', `${1000 + 37 * n}`)],
  // Three paths in turn, so that none of them is the next number on the path before it.
  ['flood', (n: number) => logLine(START + Math.floor(n / 4), CLIENT, `/${'abc'[n % 3]}?${n}`)],
] as const) {
  test(`anyone who stops one request before a ban has nearly reached the limit of ${limit}`, () => {
    const whole = { ...WARM, detection: ENGINE.detection };
    const banned = new Bench(whole);
    banned.feed(LONG_AGO);
    let count = 0;
    while (banned.of('ban').length === 0) banned.feed(line(count++));
    assert.equal(banned.of('ban')[0]?.condition, limit);
    const spared = new Bench(whole);
    spared.feed(LONG_AGO);
    for (let n = 0; n < count - 1; n++) spared.feed(line(n));
    const [nearest] = summary(spared).nearest[0]?.reached ?? [];
    assert.equal(nearest?.limit, limit);
    const { points_limit = 0 } = banned.of('ban')[0] ?? {};
    assert.ok(Math.abs((nearest?.tolerated ?? 0) - points_limit) < 1e-3);
    assert.ok(nearest && nearest.share <= 1 && (1 - nearest.share) * points_limit <= 1.01, JSON.stringify(nearest));
  });
}

test('only as many clients as asked for, and requests by day', () => {
  const bench = new Bench({ history: true });
  const day = 24 * HOUR;
  for (let n = 0; n < 300; n++) bench.feed(...asking(START + n * 10, 1, 200, `192.0.2.${(n % 100) + 1}`));
  // A single line that leaps ahead is not believed.
  bench.feed(...asking(START + day - 1, 51, 200, '198.51.100.7'));
  const { heaviest, days } = summary(bench, 3);
  assert.deepEqual(
    heaviest.map(({ ip, requests }) => [ip, requests]),
    [
      ['198.51.100.7', 50],
      ['192.0.2.1', 3],
      ['192.0.2.2', 3],
    ],
  );
  assert.deepEqual(days, [
    { day: '2026-01-01', requests: 300 },
    { day: '2026-01-02', requests: 50 },
  ]);
});

test('a client that made room for another leaves nothing to it, but counts among the known', () => {
  const bench = new Bench({ history: true, detection: { clients_max: 1000 } });
  for (let hour = 0; hour < 3; hour++) bench.feed(...asking(START + hour * HOUR, 5));
  for (let n = 0; n < 1000; n++) bench.feed(logLine(START + 3 * HOUR + n, `198.51.${100 + (n >> 8)}.${n & 255}`));
  const { heaviest, knownClients } = summary(bench, 2000);
  assert.equal(knownClients, 1);
  assert.equal(heaviest.length, 1000);
  assert.ok(heaviest.every(({ requests, hours }) => requests === 1 && hours === 1));
});

test('keeping a history changes no event', () => {
  const attacks = [
    { ip: CLIENT, from: 300, to: 420, rate: 20 },
    { ip: '203.0.113.10', from: 500, to: 600, rate: 1, status: 404 },
  ];
  const lines = writeLog({ seed: 5, seconds: 1200, visitors: 60, attacks });
  for (const profile of ['balanced', 'classic'] as const) {
    const [plain, watched] = [false, true].map((history) => {
      const bench = new Bench({ history, profile, detection: { points } });
      bench.feed(...lines);
      return bench.events.map((event) => ({ ...event, past: undefined }));
    });
    if (profile === 'balanced')
      assert.ok(
        plain?.some(({ event }) => event === 'ban'),
        'there is something to tell',
      );
    assert.deepEqual(watched, plain);
  }
});
