import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { HttpListenError, parseListen } from '../../src/http/listen.ts';
import { status } from '../support/status.ts';
import { ask, close, optionsOf, start } from './serving.ts';
import { startHttpServer } from './start.ts';

test('a taken port, a foreign address and a bad one say what to do', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  const failure = async (listen: string): Promise<HttpListenError> => {
    try {
      await start({ listen });
    } catch (error) {
      assert.ok(error instanceof HttpListenError);
      return error;
    }
    throw new Error(`${listen} was accepted`);
  };
  const taken = await failure(`127.0.0.1:${port}`);
  assert.equal(taken.code, 'address_in_use');
  assert.match(taken.message, new RegExp(`127\\.0\\.0\\.1:${port}: the port is taken: .*ss -ltnp`));
  assert.equal((await failure('192.0.2.1:9617')).code, 'no_such_address');
  assert.equal((await failure('9617')).code, 'bad_address');
  other.close();
});

test('addresses are read with and without brackets', () => {
  assert.deepEqual(parseListen('127.0.0.1:9617'), { host: '127.0.0.1', port: 9617 });
  assert.deepEqual(parseListen('[::1]:0'), { host: '::1', port: 0 });
  for (const bad of ['', ':1', '::1:9617', 'a:b', 'a:65536', '[::1]', 'a b:1'])
    assert.equal(parseListen(bad), undefined);
});

test('it listens on IPv6, with the host check', async () => {
  const url = await start({ listen: '[::1]:0' });
  assert.match(url, /^http:\/\/\[::1\]:\d+\/$/);
  assert.equal((await ask(`${url}healthz`)).status, 200);
  assert.equal((await ask(`${url}healthz`, { host: 'evil.example.com' })).status, 403);
});

test('closing ends streams, idle connections and the port', async () => {
  const url = await start();
  const stream = get(`${url}events`, { agent: false });
  const [response] = (await once(stream, 'response')) as [IncomingMessage];
  response.resume();
  stream.on('error', () => {});
  const ended = Promise.race([once(response, 'end'), once(response, 'close')]);
  const idle = connect(Number(new URL(url).port), '127.0.0.1');
  idle.on('error', () => {});
  await once(idle, 'connect');
  await close();
  await ended;
  await assert.rejects(ask(url), { code: 'ECONNREFUSED' });
});

test('what one instance leaves waiting the next answers; one that listens elsewhere, or nowhere, frees the port', async (t) => {
  const server = await startHttpServer(optionsOf());
  t.after(() => server.close());
  const { url } = server;
  server.suspend();
  const waiting = ask(`${url}api/status`);
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => taken.close());
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  await assert.rejects(server.serve(optionsOf({ listen: `127.0.0.1:${port}` })), { code: 'address_in_use' });
  await server.serve(optionsOf({ status: () => ({ ...status(), lines_total: 4711 }) }));
  assert.equal(JSON.parse((await waiting).body).lines_total, 4711);
  assert.equal(server.url, url);

  await server.serve(optionsOf({ listen: '[::1]:0' }));
  assert.equal((await ask(`${server.url}healthz`)).status, 200);
  await assert.rejects(ask(url), { code: 'ECONNREFUSED' });
  const moved = server.url;
  await server.serve(optionsOf({ listen: 'off' }));
  await assert.rejects(ask(moved), { code: 'ECONNREFUSED' });
});
