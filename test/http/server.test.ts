import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { ASSETS } from '../../src/http/assets.ts';
import type { Snapshot } from '../../src/http/snapshot.ts';
import type { AuditEntry } from '../../src/model/audit.ts';
import { status } from '../support/status.ts';
import { until } from '../support/until.ts';
import { auditEntry } from './examples.ts';
import { ask, snapshots, start } from './serving.ts';

test('every answer carries the headers that keep other sites and the log itself out', async () => {
  const url = await start();
  for (const path of ['', 'style.css', 'main.js', 'api/status', 'healthz', 'metrics', 'nothing']) {
    const { headers } = await ask(url + path);
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /default-src 'none'; script-src 'self';/);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.equal(headers['access-control-allow-origin'], undefined);
  }
});

test('the page and its files are complete, small and refer to nothing else', async () => {
  const url = await start();
  const page = await ask(url);
  assert.equal(page.status, 200);
  assert.match(page.headers['content-type'] ?? '', /^text\/html/);
  assert.doesNotMatch(page.body, /https?:\/\/(?!www\.w3\.org\/2000\/svg)| style=| on[a-z]+=|<script>/);
  for (const [, path = ''] of page.body.matchAll(/(?:src|href)="\/([^"]+)"/g))
    assert.equal((await ask(url + path)).status, 200, path);
  for (const name of [...ASSETS.keys()].filter((path) => path.endsWith('.js'))) {
    const script = await ask(url + name.slice(1));
    assert.match(script.headers['content-type'] ?? '', /^text\/javascript/);
    for (const [, imported = ''] of script.body.matchAll(/from '\.\/([^']+)'/g))
      assert.equal((await ask(url + imported)).status, 200, imported);
    assert.doesNotMatch(script.body, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/);
  }
  const bytes = [...ASSETS.values()].reduce((sum, { content }) => sum + content.length, 0);
  assert.ok(bytes < 100_000, `${bytes} bytes`);
});

test('paths outside the list of files are not found, whatever they try', async () => {
  const url = await start();
  for (const path of ['../package.json', '..%2f..%2fetc/passwd', 'page/main.js', '%00', '__proto__', 'constructor'])
    assert.equal((await ask(url + path)).status, 404, path);
});

test('whoever opens connections and sends half a request shuts nobody out', async (t) => {
  const { hostname, port } = new URL(await start());
  const open = async () => {
    const socket = connect(Number(port), hostname).on('error', () => {});
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    socket.write('GET / HTTP/1.1\r\nX-Slow: ');
    return socket;
  };
  const sockets = [];
  for (let count = 0; count < 150; count++) sockets.push(await open());
  const [first] = sockets;
  assert.ok(first);
  if (!first.closed) await once(first, 'close');
  assert.equal((await ask(`http://${hostname}:${port}/healthz`)).status, 200);
});

test('only GET and HEAD are served', async () => {
  const url = await start();
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const { status: code, headers } = await ask(`${url}api/status`, {}, method);
    assert.deepEqual([code, headers.allow], [405, 'GET, HEAD']);
  }
  const head = await ask(url, {}, 'HEAD');
  assert.deepEqual([head.status, head.body], [200, '']);
  assert.ok(Number(head.headers['content-length']) > 1000);
  assert.equal((await ask(`${url}events`, {}, 'HEAD')).status, 200);
});

test('on loopback a foreign host name is refused, a tunnel with its own port is served', async () => {
  const url = await start();
  for (const host of ['evil.example.com', '192.0.2.1:9617', 'localhost.evil.example.com', '127.0.0.1.example.com'])
    assert.equal((await ask(url, { host })).status, 403, host);
  for (const host of ['localhost:8080', '127.0.0.1', '[::1]:9617', 'zban.localhost'])
    assert.equal((await ask(url, { host })).status, 200, host);
});

test('requests made by another site are refused, following a link from there is not', async () => {
  const url = await start();
  const cross = { 'sec-fetch-site': 'cross-site' };
  for (const path of ['events', 'api/status', 'metrics'])
    assert.equal((await ask(url + path, { ...cross, 'sec-fetch-mode': 'no-cors' })).status, 403, path);
  assert.equal((await ask(url, { ...cross, 'sec-fetch-mode': 'navigate' })).status, 200);
  assert.equal((await ask(`${url}api/status`, { 'sec-fetch-site': 'same-origin' })).status, 200);
});

test('status and bans as JSON have the names of the command line', async () => {
  const url = await start();
  assert.deepEqual(JSON.parse((await ask(`${url}api/status`)).body), status());
  assert.deepEqual(JSON.parse((await ask(`${url}api/bans`)).body), [
    {
      ip: '203.0.113.9',
      tier: 1,
      since: '2026-11-20T10:09:12.000Z',
      until: '2026-11-20T10:19:12.000Z',
      condition: 'multiplier',
      enforced: true,
      confirmed: true,
      actor: 'policy',
      reason: 'multiplier',
      rate: 5.2,
      mean: 0.7,
      stddev: 0.55,
      z: 8.18,
      multiple: 7.43,
      points: null,
      points_limit: null,
    },
  ]);
});

test('a stream begins with a whole snapshot and goes on with new ones, each with the history so far', async () => {
  let lines = 0;
  const url = await start({ status: () => status({ lines_total: ++lines }), now: () => 42 });
  const [first, second, third] = await snapshots(url, 3);
  assert.ok(first && second && third);
  assert.equal(first.nowMs, 42);
  assert.deepEqual([first.recent[0]?.label, first.recent[0]?.client], ['banned', '203.0.113.9']);
  assert.deepEqual([first.revision, first.verdict.title], [1, 'All normal']);
  assert.ok(second.status.lines_total > first.status.lines_total);
  assert.ok(third.rates.length > first.rates.length);
  assert.equal(third.rates.at(-1), 13);
});

test('a snapshot stays small whatever the daemon holds', async () => {
  const url = await start({
    status: () =>
      status({
        logs: Array.from({ length: 5000 }, (_, index) => ({
          path: `/l/${index}`,
          state: 'following',
          behind_bytes: 0,
        })),
        troubles: Array(500).fill('x'.repeat(10_000)),
        top_clients: Array(500).fill({ name: 'x'.repeat(10_000), requests: 1, share: 0 }),
      }),
    recent: () => Array(5000).fill(auditEntry({ detail: '\ud800'.repeat(10_000) })),
  });
  const [snapshot] = await snapshots(url, 1);
  assert.equal(snapshot?.recent.length, 40);
  assert.ok(JSON.stringify(snapshot).length < 60_000);
});

test('decisions are shown also after a long list, whose results come after them, and are looked for once', async () => {
  const result = (id: number) =>
    auditEntry({ id, action: 'ban_result', numbers: { result: 'ok' }, detail: 'ok' } as Partial<AuditEntry>);
  let [newest, looks] = [1000, 0];
  const url = await start({
    recent: (limit) => Array.from({ length: limit }, (_, n) => result(newest - n)),
    decisions: () => {
      looks++;
      return [auditEntry()];
    },
  });
  const [first, second] = await snapshots(url, 2);
  assert.deepEqual([first?.recent.length, second?.recent.length, looks], [1, 1, 1]);
  newest++;
  await snapshots(url, 2);
  assert.equal(looks, 2);
});

test('the twenty-first page is turned away, and let in once another is closed', async () => {
  const url = await start();
  const readers = [];
  for (let count = 0; count < 20; count += 1) {
    const reader = get(`${url}events`, { agent: false });
    const [response] = (await once(reader, 'response')) as [IncomingMessage];
    assert.equal(response.statusCode, 200);
    readers.push(reader);
  }
  const refused = await ask(`${url}events`);
  assert.equal(refused.status, 503);
  assert.ok(refused.headers['retry-after']);
  assert.equal((await ask(`${url}healthz`)).status, 200);
  for (const reader of readers) reader.destroy();
  await until('a free place', async () => (await snapshots(url, 1).catch(() => [])).length === 1);
});

test('liveness, readiness and troubles are three things: a monitor that restarts zban asks for the first', async () => {
  let [stall, unready]: (string | undefined)[] = [];
  const url = await start({
    status: () => status({ state: 'trouble', troubles: ['Slack refuses'] }),
    probes: { findStall: () => stall, findUnready: () => unready },
  });
  const answers = async () => {
    const [live, ready] = [await ask(`${url}healthz`), await ask(`${url}readyz`)];
    return [live.status, live.body, ready.status, ready.body];
  };
  assert.deepEqual(await answers(), [200, 'alive\n', 200, 'ready\n'], 'a trouble is no reason');
  assert.match((await ask(`${url}metrics`)).body, /^zban_troubles 1$/m);
  unready = 'no log is followed';
  assert.deepEqual(await answers(), [200, 'alive\n', 503, 'no log is followed\n']);
  stall = 'the data plane has not moved for 31 s';
  assert.deepEqual((await answers()).slice(0, 2), [503, 'the data plane has not moved for 31 s\n']);
});

test('readers that come together share one snapshot, however many they are', async () => {
  let encoded = 0;
  const url = await start({
    recent: () => {
      encoded += 1;
      return [auditEntry()];
    },
  });
  const beganMs = performance.now();
  const all = await Promise.all(Array.from({ length: 20 }, () => snapshots(url, 1)));
  assert.ok(all.every(([snapshot]) => snapshot?.recent.length === 1));
  assert.equal((JSON.parse((await ask(`${url}api/snapshot`)).body) as Snapshot).recent.length, 1);
  // One at first, and one more with each tick of a second.
  assert.ok(encoded <= 2 + (performance.now() - beganMs) / 1000, `${encoded} for 20 readers`);
});

test('a status that fails is 503 and leaves the server standing', async () => {
  const said: string[] = [];
  let broken = true;
  const url = await start({
    status: () => {
      if (broken) throw new Error('worker is gone');
      return status();
    },
    log: (_level, message) => said.push(message),
  });
  for (const path of ['api/status', 'api/snapshot', 'metrics']) assert.equal((await ask(url + path)).status, 503);
  assert.ok(said.length >= 3);
  broken = false;
  assert.equal((await ask(`${url}healthz`)).status, 200);
});
