import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Action } from '../../src/http/parse-action.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { loadTokens } from '../../src/http/token-file.ts';
import { temporaryFolder } from '../support/folder.ts';
import { NOW_MS } from './examples.ts';
import { serve } from './scenes.ts';
import { startHttpServer } from './start.ts';

const TOKEN = 'a'.repeat(64);
const UNBAN = { action: 'unban', target: '203.0.113.9', reason: 'a\u001b[31m customer' };
const acted: (Action & { name: string })[] = [];
const servers: HttpServer[] = [];
after(() => Promise.all(servers.map((server) => server.close())));

async function start(withActions: boolean): Promise<string> {
  const actions = {
    tokens: [
      { name: 'bob', token: 'b'.repeat(64) },
      { name: 'alice', token: TOKEN },
    ],
    act: async (action: Action, name: string) => {
      acted.push({ ...action, name });
      return { ok: true, message: 'done' };
    },
  };
  const options = { ...serve({}, NOW_MS), listen: '127.0.0.1:0' };
  const server = await startHttpServer({ ...options, actions: withActions ? actions : undefined });
  servers.push(server);
  return server.url;
}

async function post(url: string, body: unknown, change: Record<string, string> = {}): Promise<[number, string]> {
  const { origin } = new URL(url);
  const headers = { origin, 'content-type': 'application/json', authorization: `Bearer ${TOKEN}`, ...change };
  const response = await fetch(`${url}api/action`, { method: 'POST', headers, body: JSON.stringify(body) });
  return [response.status, await response.text()];
}

test('actions are off unless configured: there is no such address then', async () => {
  const url = await start(false);
  assert.equal((await post(url, UNBAN))[0], 404);
  assert.equal(JSON.parse(await (await fetch(`${url}api/snapshot`)).text()).actions, false);
});

test('an action takes a token and the page as its origin, and carries the name of who asked', async () => {
  const url = await start(true);
  acted.length = 0;
  for (const [change, status] of [
    [{ authorization: '' }, 401],
    [{ authorization: `Bearer ${'c'.repeat(64)}` }, 401],
    [{ authorization: `Bearer ${TOKEN} x` }, 401],
    [{ origin: 'https://evil.example.com' }, 403],
    [{ origin: 'null' }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'content-type': 'text/plain' }, 415],
  ] as const)
    assert.equal((await post(url, UNBAN, change))[0], status, JSON.stringify(change));
  for (const body of [{ action: 'panic' }, { ...UNBAN, extra: 1 }, { ...UNBAN, target: 'x'.repeat(300) }, 'text', null])
    assert.equal((await post(url, body))[0], 400, JSON.stringify(body));
  assert.equal((await post(url, { ...UNBAN, reason: 'x'.repeat(10_000) }))[0], 400);
  assert.equal((await fetch(`${url}api/action`)).status, 405);
  assert.equal(acted.length, 0);
  assert.deepEqual(await post(url, UNBAN), [200, '{"ok":true,"message":"done"}\n']);
  const program = { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` } };
  const note = JSON.stringify({ action: 'annotate', reason: 'deploy 1.4.2' });
  assert.equal((await fetch(`${url}api/action`, { ...program, body: note })).status, 200, 'a program has no origin');
  assert.equal(acted.pop()?.reason, 'deploy 1.4.2');
  assert.equal(JSON.parse((await post(url, { action: 'whoami' }))[1]).name, 'alice');
  assert.deepEqual(acted, [{ action: 'unban', target: '203.0.113.9', reason: 'a [31m customer', name: 'alice' }]);
});

test('a file of tokens that is not safe is refused with how to fix it, and without a token in the message', (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'tokens');
  const load = (text: string, mode = 0o640) => {
    writeFileSync(path, text);
    chmodSync(path, mode);
    return loadTokens(path);
  };
  assert.deepEqual(load(`# who may act\n\nalice ${TOKEN}\nbob\t${'b'.repeat(32)}\n`), {
    tokens: [
      { name: 'alice', token: TOKEN },
      { name: 'bob', token: 'b'.repeat(32) },
    ],
  });
  for (const [text, mode, problem] of [
    [`alice ${TOKEN}`, 0o644, /everybody/],
    ['alice secret', 0o600, /shorter than 32/],
    [`${TOKEN}`, 0o600, /not NAME TOKEN/],
    [`alice ${TOKEN}\nbob ${TOKEN}`, 0o600, /another person's/],
    ['# nobody\n', 0o600, /names nobody/],
  ] as const) {
    const found = load(text, mode);
    assert.ok('problem' in found);
    assert.match(found.problem, problem);
    assert.ok(!JSON.stringify(found).includes(TOKEN) && !JSON.stringify(found).includes('secret'));
  }
  const missing = loadTokens(join(folder, 'none'));
  assert.ok('problem' in missing && /does not exist/.test(missing.problem));
});
