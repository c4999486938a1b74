import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runCommandLine } from '../../src/cli/command-line.ts';
import type { AddLaneRequest, ChangeLaneRequest, LaneResult } from '../../src/control/protocol.ts';
import type { LiveLane } from '../../src/model/live-lane.ts';
import { serveControl } from '../support/control.ts';
import { logLine } from '../support/traffic.ts';
import { place } from './run-zban.ts';

const LANE: LiveLane = {
  ...{ id: 'tovg3s-1', action: 'hold', enforced: true, actor: 'policy', kept: false, usual_rate: 0.2, state: 'open' },
  match: { user_agent: 'Bot\u001b[2J', referer: 'absent' },
  ...{ since: new Date(Date.now() - 60_000).toISOString(), until: new Date(Date.now() + 60_000).toISOString() },
  message: '',
  proof: {
    ...{ surplus: 5120, clients: 4980, seconds: 60, coverage: 0.96, rate: 85 },
    backtest: { hours: 24, clients: 41_000, clients_matched: 3, requests: 900_000, requests_matched: 5 },
  },
};

/** A daemon that has `lanes`, and notes what it is asked for. */
async function start(t: TestContext, lanes: readonly LiveLane[] = []) {
  const { folder, config, socket } = place(t);
  const asked: (AddLaneRequest | ChangeLaneRequest)[] = [];
  const answer = async (request: AddLaneRequest | ChangeLaneRequest): Promise<LaneResult> => {
    asked.push(request);
    const id = 'id' in request ? request.id : 'new';
    const isKnown = id === 'new' || lanes.some((lane) => lane.id === id);
    return { ok: isKnown, code: isKnown ? 'done' : 'not_found', message: isKnown ? 'done' : 'no such lane', id };
  };
  const handlers = { lanes: async () => lanes, addLane: answer, changeLane: answer };
  await serveControl(t, socket, handlers, { findPeer: async () => ({ uid: 0, name: 'root' }) });
  const run = async (...words: readonly string[]) => {
    const out = { stdout: '', stderr: '' };
    const sink = (name: keyof typeof out) => ({
      write: (text: string) => {
        out[name] += text;
      },
    });
    const streams = { stdout: sink('stdout'), stderr: sink('stderr'), env: {} };
    const exitCode = await runCommandLine(['lanes', ...words, '--config', config], '0', streams);
    return { exitCode, ...out };
  };
  return { folder, run, asked };
}

test('lanes lists what is open, and says when nothing is', async (t) => {
  const none = await (await start(t)).run();
  assert.deepEqual([none.exitCode, none.stderr], [0, 'no lane is open\n']);
  const { run } = await start(t, [LANE]);
  const { stdout } = await run();
  assert.match(stdout, /^tovg3s-1 +hold +open .* policy +user agent "Bot\u{fffd}\[2J", no referer$/mu);
  assert.deepEqual(JSON.parse((await run('--json')).stdout), [LANE]);
});

test('drop and keep name the lane and who asks; an unknown one is exit code 5, none at all wrong usage', async (t) => {
  const { run, asked } = await start(t, [LANE]);
  assert.equal((await run('drop', LANE.id, '--reason', 'customers')).exitCode, 0);
  assert.equal((await run('keep', LANE.id, '--for', '2d')).exitCode, 0);
  assert.deepEqual(asked, [
    { id: LANE.id, reason: 'customers', operator: 'root' },
    { id: LANE.id, keepMs: 172_800_000, reason: '', operator: 'root' },
  ]);
  assert.equal((await run('drop', 'other')).exitCode, 5);
  for (const words of [['drop'], ['keep', LANE.id, '--for', '31d'], ['add'], ['add', '--path', 'x']])
    assert.equal((await run(...words)).exitCode, 2, words.join(' '));
});

test('add looks at the logs first: it shows whom it would touch, and refuses what touches many', async (t) => {
  const { folder, run, asked } = await start(t);
  const now = Math.floor(Date.now() / 1000);
  const lines = Array.from({ length: 3600 }, (_, n) =>
    logLine(now - 3600 + n, `192.0.2.${n % 200}`, n === 7 ? '/x?b=1&a=2' : '/'),
  );
  writeFileSync(join(folder, 'access.log'), `${lines.join('\n')}\n`);
  const few = ['add', '--path', '/none*'];
  const dry = await run(...few, '--dry-run', '--json');
  assert.deepEqual(JSON.parse(dry.stdout).backtest.clients, 200);
  assert.equal(asked.length, 0);
  assert.equal((await run(...few, '--for', '10m')).exitCode, 0);
  const touching = await run('add', '--query-keys', 'b,a', '--method', 'GET');
  assert.equal(touching.exitCode, 1);
  assert.match(
    touching.stdout,
    /query with a, b: would have touched 1 of 200 clients of the last 1h, 1 of 3,600 requests/,
  );
  assert.match(touching.stderr, /nothing was opened; add conditions, or --force/);
  assert.equal((await run('add', '--query-keys', 'b,a', '--force', '--deny')).exitCode, 0);
  const [first, second] = asked as readonly AddLaneRequest[];
  assert.deepEqual(
    [first?.action, first?.match, first?.forMs, first?.usualRate],
    ['hold', { path: '/none*' }, 600_000, 0],
  );
  assert.deepEqual([second?.action, second?.match], ['deny', { query_keys: ['a', 'b'] }]);
  assert.ok(Math.abs((second?.usualRate ?? 0) - 1 / 3600) < 1e-6);
});
