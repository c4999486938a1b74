import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { callDaemon } from '../../src/control/client.ts';
import type { ControlHandlers } from '../../src/control/protocol.ts';
import { parseRequest } from '../../src/control/request.ts';
import { REQUEST_BYTES_MAX, TARGETS_MAX } from '../../src/model/limits.ts';
import { serveControl } from '../support/control.ts';
import fc from '../support/fast-check.ts';
import { until } from '../support/until.ts';

const request = { targets: ['192.0.2.1'], reason: 'too many requests', operator: 'ann' };
const banRequest = { bans: [{ target: '192.0.2.1' }], keepLonger: false, reason: 'too many requests', operator: 'ann' };

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'zban-control-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function start(t: TestContext, handlers: Partial<ControlHandlers> = {}, requestTimeoutMs = 10_000) {
  const socket = join(folder(t), 'run', 'zban.sock');
  return { socket, server: await serveControl(t, socket, handlers, { requestTimeoutMs }) };
}

/** Sends bytes and resolves with everything that came back until the server closed. */
function exchange(socket: string, bytes: string | Buffer, end = true): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const client: Socket = connect(socket, () => (end ? client.end(bytes) : client.write(bytes)));
    client.setEncoding('utf8').on('data', (text: string) => {
      received += text;
    });
    client.on('close', () => resolve(received));
    client.on('error', (error: NodeJS.ErrnoException) => (error.code === 'EPIPE' ? undefined : reject(error)));
  });
}

test('a command reaches its handler and the answer comes back', async (t) => {
  const seen: unknown[] = [];
  const { socket } = await start(t, {
    ban: async (argument) => {
      seen.push(argument);
      return [{ target: '192.0.2.1', ok: true, code: 'done', message: 'banned' }];
    },
    reload: async () => ({ ok: true, message: 'reloaded' }),
  });
  const banned = await callDaemon(socket, 'ban', { ...banRequest, forMs: null });
  assert.deepEqual(banned, [{ target: '192.0.2.1', ok: true, code: 'done', message: 'banned' }]);
  assert.deepEqual(seen, [{ ...banRequest, forMs: null }]);
  assert.deepEqual(await callDaemon(socket, 'reload'), { ok: true, message: 'reloaded' });
});

test("an answer that is not zban's is an error, and not believed", async (t) => {
  const socket = join(folder(t), 'other.sock');
  let answer = '';
  const other = createServer((client) => client.end(`${answer}\n`)).listen(socket);
  t.after(() => other.close());
  await once(other, 'listening');
  for (answer of ['<html>', 'null', '[]', '{}', '{"ok":1,"value":[]}', '{"ok":false}'])
    await assert.rejects(callDaemon(socket, 'status'), { code: 'failed', message: /that is not zban's/ }, answer);
  const answersOtherwise = {
    code: 'failed',
    message: /answers as another version of zban does: .*systemctl restart zban/,
  };
  for (answer of ['{"ok":true}', '{"ok":true,"value":{"state":"running"}}', '{"ok":true,"value":[{"ok":true}]}'])
    for (const command of ['status', 'top', 'lanes', 'unban'] as const)
      await assert.rejects(callDaemon(socket, command), answersOtherwise, `${command}: ${answer}`);
});

test('the socket is for its user and group only and goes away with the server', async (t) => {
  const { socket, server } = await start(t);
  assert.equal(statSync(socket).mode & 0o777, 0o660);
  await server.close();
  assert.equal(existsSync(socket), false);
});

test('a failing handler is reported to its caller and affects nobody else', async (t) => {
  const { socket } = await start(t, {
    unban: async () => {
      throw new Error('the firewall refused');
    },
    reload: async () => ({ ok: true, message: 'fine' }),
  });
  await assert.rejects(callDaemon(socket, 'unban', { ...request, all: false }), {
    code: 'failed',
    message: 'the firewall refused',
  });
  assert.equal((await callDaemon(socket, 'reload')).ok, true);
});

test('requests on one connection are answered in order, also when they arrive in pieces or with the end of the input', async (t) => {
  const { socket } = await start(t, {
    reload: async () => ({ ok: true, message: 'r' }),
    notifyTest: async () => ({ ok: false, message: 'n', channels: [] }),
  });
  const answers = await exchange(socket, '{"command":"reload"}\n{"command":"notifyTest"}\n{"command":"reload"}\n');
  const messages = answers
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { value: { message: string } }).value.message);
  assert.deepEqual(messages, ['r', 'n', 'r']);
});

test('requests and answers of ten thousand targets go through whole; a refusal of as many is a short text', async (t) => {
  const code = 'done' as const;
  const { socket } = await start(t, {
    ban: async ({ bans }) => bans.map(({ target, reason = '' }) => ({ target, ok: true, code, message: reason })),
  });
  const bans = Array.from({ length: TARGETS_MAX }, (_, index) => ({
    target: `2001:db8:${index.toString(16)}::/64`,
    reason: `reason ${index} ${'long '.repeat(40)}`.trim(),
  }));
  const results = await callDaemon(socket, 'ban', { ...banRequest, bans });
  assert.deepEqual(
    results,
    bans.map(({ target, reason }) => ({ target, ok: true, code, message: reason })),
  );
  const wrong = bans.map(({ target }) => ({ target, colour: 'red' }));
  await assert.rejects(callDaemon(socket, 'ban', { ...banRequest, bans: wrong }), (error: Error) => {
    assert.match(error.message, /Unrecognized key: "colour"/);
    return error.message.length < 2000;
  });
});

test('nonsense, oversized and idle clients are refused in words while others are served', async (t) => {
  let reloads = 0;
  const handlers = { reload: async () => ({ ok: true, message: `fine ${++reloads}` }) };
  const patient = await start(t, handlers);
  assert.match(await exchange(patient.socket, 'GET / HTTP/1.1\n'), /"ok":false.*not JSON/);
  assert.match(await exchange(patient.socket, '{"command":"shutdown"}\n'), /not understood/);
  const wrong = '{"command":"ban","argument":{"bans":"all"}}\n';
  assert.match(await exchange(patient.socket, wrong), /argument of ban is wrong/);
  assert.match(await exchange(patient.socket, Buffer.alloc(REQUEST_BYTES_MAX + 2, 'a'), false), /at most/);
  const { socket } = await start(t, handlers, 1000);
  assert.match(await exchange(socket, '{"command":', false), /no request came/);
  assert.match(await exchange(socket, '{"command":"reload"}\n', false), /fine 1.*\n.*no request came/);
  assert.equal((await callDaemon(socket, 'reload')).message, 'fine 2');
});

test('connections over the limit are refused with a reason, and free slots are reused', async (t) => {
  const { socket } = await start(t, { reload: async () => ({ ok: true, message: 'fine' }) });
  const idle = await Promise.all(
    Array.from(
      { length: 32 },
      () =>
        new Promise<Socket>((resolve) => {
          const client = connect(socket, () => resolve(client));
        }),
    ),
  );
  await assert.rejects(callDaemon(socket, 'reload'), /more than 32 commands at once/);
  const closed = idle.map((client) => new Promise((resolve) => client.destroy().on('close', resolve)));
  await Promise.all(closed);
  await until('a free slot', () =>
    callDaemon(socket, 'reload').then(
      (answer) => answer.ok,
      () => false,
    ),
  );
});

test('closing waits for requests in progress and drops idle connections', async (t) => {
  const begun = Promise.withResolvers<void>();
  const work = Promise.withResolvers<{ ok: boolean; message: string }>();
  const reload = () => {
    begun.resolve();
    return work.promise;
  };
  const { socket, server } = await start(t, { reload });
  const answer = callDaemon(socket, 'reload');
  const idle = exchange(socket, '', false);
  await begun.promise;
  let isClosed = false;
  const closed = server.close().then(() => {
    isClosed = true;
  });
  assert.equal(await idle, '');
  await assert.rejects(callDaemon(socket, 'reload'), { code: 'not_running' });
  assert.equal(isClosed, false, 'a command is under way');
  work.resolve({ ok: true, message: 'done' });
  assert.deepEqual(await answer, { ok: true, message: 'done' });
  await closed;
});

test('the socket of a dead daemon is replaced, a live one is an error, anything else is left alone', async (t) => {
  const path = folder(t);
  const socket = join(path, 'zban.sock');
  const handlers = { reload: async () => ({ ok: true, message: 'fine' }) };
  const script = `require('net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  assert.ok(statSync(socket).isSocket(), 'the killed server left its socket');
  await assert.rejects(callDaemon(socket, 'reload'), { code: 'not_running' });
  await serveControl(t, socket, handlers);
  await assert.rejects(serveControl(t, socket, handlers), {
    code: 'already_running',
    message: /already running/,
  });
  assert.equal((await callDaemon(socket, 'reload')).ok, true);
  const file = join(path, 'file');
  writeFileSync(file, 'precious');
  await assert.rejects(serveControl(t, file, handlers), {
    code: 'failed',
    message: /not a socket/,
  });
  assert.ok(existsSync(file));
});

test('no daemon, no permission and a daemon that never answers are distinct errors', async (t) => {
  const path = folder(t);
  await assert.rejects(callDaemon(join(path, 'nobody.sock'), 'status'), {
    code: 'not_running',
    message: /systemctl start zban/,
  });
  const mute = join(path, 'mute.sock');
  const server = createServer(() => {}).listen(mute);
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  await assert.rejects(callDaemon(mute, 'status', undefined, { timeoutMs: 100 }), {
    code: 'silent',
    message: /no answer within/,
  });
});

test('a user outside the group has no permission', {
  skip: process.getuid?.() === 0 ? false : 'needs root to become nobody',
}, async (t) => {
  const { socket } = await start(t);
  chmodSync(join(socket, '..', '..'), 0o755);
  chmodSync(join(socket, '..'), 0o755);
  const script = `import(${JSON.stringify(`${import.meta.dirname}/../../src/control/client.ts`)})
    .then((client) => { process.setgroups([]); process.setgid(65534); process.setuid(65534); return client.callDaemon(${JSON.stringify(socket)}, 'status'); })
    .catch((error) => console.log(error.code))`;
  const { stdout } = await new Promise<{ stdout: string }>((resolve) => {
    import('node:child_process').then(({ execFile }) =>
      execFile(process.execPath, ['-e', script], (_, stdout) => resolve({ stdout })),
    );
  });
  assert.equal(stdout.trim(), 'no_permission');
});

test('any line is a request or a problem; an operator\u2019s words stay one line', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const parsed = parseRequest(text);
      assert.ok('problem' in parsed || typeof parsed.command === 'string');
    }),
  );
  const parsed = parseRequest(
    JSON.stringify({ command: 'ban', argument: { ...banRequest, reason: 'a\n\u001b[31mb\u2028c' } }),
  );
  assert.ok('argument' in parsed);
  assert.equal((parsed.argument as { reason: string }).reason, 'a [31mb c');
  const many = { ...banRequest, bans: new Array(TARGETS_MAX + 1).fill({ target: '192.0.2.1' }) };
  assert.ok('problem' in parseRequest(JSON.stringify({ command: 'ban', argument: many })));
});

test('a socket that somebody removes, with its folder, is made again; who was connected is answered', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { socket } = await start(t, { reload: async () => ({ ok: true, message: 'reloaded' }) });
  const client = connect(socket);
  await once(client, 'connect');
  rmSync(dirname(socket), { recursive: true });
  await assert.rejects(callDaemon(socket, 'reload', undefined), { code: 'not_running' });
  t.mock.timers.tick(1000);
  await until('it is there again', () => existsSync(socket) && (statSync(socket).mode & 0o777) === 0o660);
  await callDaemon(socket, 'reload', undefined);
  const answered = once(client, 'data');
  client.end('{"command":"reload"}\n');
  assert.match(String(await answered), /"ok":true/);
});
