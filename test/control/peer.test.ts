import assert from 'node:assert/strict';
import { exec } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findPeer, nameOperator, type Peer } from '../../src/control/peer.ts';
import type { UnbanRequest } from '../../src/control/protocol.ts';
import { serveControl } from '../support/control.ts';
import { temporaryFolder } from '../support/folder.ts';

const skip = existsSync('/usr/bin/perl') ? false : 'needs perl (apt-get install perl-base)';
const rootOnly = skip || (process.getuid?.() === 0 ? false : 'needs root (to ask as somebody else)');

/** A control server for everybody, which notes who asked. */
async function start(t: TestContext, find?: typeof findPeer) {
  const folder = temporaryFolder(t);
  const socket = join(folder, 'zban.sock');
  const operators: string[] = [];
  const unban = async ({ operator }: UnbanRequest) => {
    operators.push(operator);
    return [];
  };
  await serveControl(t, socket, { unban }, find && { findPeer: find });
  chmodSync(folder, 0o755);
  chmodSync(socket, 0o666);
  return { socket, operators };
}

const requestOf = (operator: string) =>
  `${JSON.stringify({ command: 'unban', argument: { targets: [], all: true, reason: '', operator } })}\n`;

/** Asks `times` times over one connection; the answers. */
function ask(socket: string, operator: string, times = 1): Promise<string> {
  return new Promise((resolve, reject) => {
    let answers = '';
    const client: Socket = connect(socket, () => client.write(requestOf(operator).repeat(times)));
    client.on('error', reject).on('close', () => resolve(answers));
    client.on('data', (bytes) => {
      answers += bytes;
      if (answers.split('\n').length - 1 === times) client.end();
    });
  });
}

test('root names whom it acts for, others are the user the kernel names, and unverified names are marked', () => {
  const named: [Peer | undefined, string, string][] = [
    [{ uid: 0, name: 'root' }, 'ann', 'ann'],
    [{ uid: 0, name: 'root' }, '', 'root'],
    [{ uid: 1000, name: 'bob' }, 'ann', 'bob'],
    [{ uid: 1000, name: undefined }, 'ann', 'uid-1000'],
    [undefined, 'ann', 'ann (claimed)'],
    [{ uid: 0, name: 'root' }, 'ann (claimed)', 'ann??claimed?'],
  ];
  for (const [peer, claimed, name] of named) assert.equal(nameOperator(peer, claimed), name);
});

test('a client that claims another identity is recorded under its own', { skip: rootOnly }, async (t) => {
  const { socket, operators } = await start(t);
  const script = `import { connect } from 'node:net';
    const client = connect(${JSON.stringify(socket)}, () => client.write(${JSON.stringify(requestOf('root'))}));
    client.on('data', () => client.end());`;
  const program = `setpriv --reuid=65534 --regid=65534 --clear-groups ${process.execPath} --input-type=module -`;
  // Not synchronously: the server lives in this process.
  await new Promise<void>((resolve) => exec(program, () => resolve()).stdin?.end(script));
  assert.deepEqual(operators, ['nobody']);
  await ask(socket, 'ann');
  assert.deepEqual(operators, ['nobody', 'ann'], 'root speaks for ann');
});

test('the connection goes on as before once its user was looked up', { skip }, async (t) => {
  const { socket, operators } = await start(t);
  await ask(socket, 'ann', 3);
  assert.equal(operators.length, 3);
  await ask(socket, 'ann');
  assert.equal(operators.length, 4);
});

test('where the kernel cannot be asked, the name is a claim', async (t) => {
  const { socket, operators } = await start(t, async () => undefined);
  await ask(socket, 'ann');
  assert.deepEqual(operators, ['ann (claimed)']);
});

test('zban itself may fail before an order is carried out: who asked is told, and so is the next', async (t) => {
  let asked = 0;
  const { socket, operators } = await start(t, async () => {
    if (asked++ === 0) throw new Error('Cannot find module request-GONE.js');
    return { uid: 0, name: 'root' };
  });
  const { ok, message } = JSON.parse(await ask(socket, 'ann'));
  assert.equal(ok, false);
  assert.match(message, /cannot carry this out: Cannot find module request-GONE\.js; .*restart it/);
  assert.equal(JSON.parse(await ask(socket, 'ann')).ok, true);
  assert.equal(operators.length, 1);
});

test('a user of this process, and a connection that is gone', { skip }, async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'socket');
  const accepted = new Promise<Socket>((resolve) => {
    const server = createServer(resolve).listen(path);
    t.after(() => server.close());
  });
  const client = connect(path);
  t.after(() => client.destroy());
  const socket = await accepted;
  const { uid, username } = userInfo();
  assert.deepEqual(await findPeer(socket), { uid, name: username });
  client.destroy();
  socket.destroy();
  assert.equal(await findPeer(socket), undefined);
});
