import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findProtectedAddresses } from '../../src/host/protected.ts';
import { formatPrefix } from '../../src/net/prefix.ts';
import { createNetwork, rootSkip } from '../support/netns.ts';

const byText = (found: readonly { prefix: Parameters<typeof formatPrefix>[0]; reason: string }[]) =>
  Object.fromEntries(found.map(({ prefix, reason }) => [formatPrefix(prefix), reason]));

test('loopback is protected and a host without any table is no error', async (t) => {
  const procNet = await mkdtemp(join(tmpdir(), 'zban-proc-'));
  t.after(() => rm(procNet, { recursive: true }));
  const found = byText(await findProtectedAddresses({ sshPorts: [22], procNet: join(procNet, 'missing') }));
  assert.equal(found['127.0.0.0/8'], 'loopback');
  assert.equal(found['::1'], 'loopback');
});

test('gateways, SSH peers and the caller are protected, each once', async (t) => {
  const procNet = await mkdtemp(join(tmpdir(), 'zban-proc-'));
  t.after(() => rm(procNet, { recursive: true }));
  const line = '1: 020200C0:0016 0A6433C6:D431 01 0:0 0';
  await writeFile(join(procNet, 'tcp'), `${line}\n${line}\n`);
  await writeFile(join(procNet, 'route'), 'eth0 00000000 010200C0 0003 0 0 0 00000000 0 0 0\n');
  const sshConnection = '2001:db8:5::5 50000 2001:db8:1::1 22';
  const addresses = await findProtectedAddresses({ sshPorts: [22], procNet, sshConnection });
  const found = byText(addresses);
  assert.equal(found['198.51.100.10'], 'peer of a live SSH session (port 22)');
  assert.equal(found['192.0.2.1'], 'default gateway (eth0)');
  assert.equal(found['2001:db8:5::5'], 'the SSH session zban was started from');
  assert.equal(addresses.length, Object.keys(found).length);
});

const PRINT = `
  import { formatPrefix } from './src/net/prefix.ts';
  import { findProtectedAddresses } from './src/host/protected.ts';
  const found = await findProtectedAddresses({ sshPorts: [22] });
  console.log(JSON.stringify(Object.fromEntries(found.map(({ prefix, reason }) => [formatPrefix(prefix), reason]))));
`;
const LISTEN = `require('node:net').createServer((s) => s.on('error', () => {})).listen(22, '::', () => console.log('ready'))`;
const CONNECT = `
  const { connect } = require('node:net');
  const links = process.argv.slice(1).map((host) => connect(22, host));
  Promise.all(links.map((link) => new Promise((resolve) => link.once('connect', resolve)))).then(() => console.log('ready'));
`;

test('on a real host: its addresses, its gateways, and anyone who has a live connection to the SSH port', {
  skip: rootSkip(),
}, async (t) => {
  const network = createNetwork({ hosts: ['router', 'server', 'operator'] });
  t.after(() => network.close());
  const start = async (host: string, code: string, ...args: string[]) => {
    const child = network.spawn(host, [process.execPath, '-e', code, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (child.stdout) await once(child.stdout, 'data');
    return child;
  };
  const look = () =>
    JSON.parse(network.run('server', [process.execPath, '--input-type=module-typescript', '-e', PRINT])) as Record<
      string,
      string
    >;
  await start('server', LISTEN);
  assert.equal(look()[network.address('operator')], undefined);
  await start('operator', CONNECT, network.address('server'), network.address('server', undefined, 6));
  const found = look();
  assert.equal(found[network.address('operator')], 'peer of a live SSH session (port 22)');
  assert.equal(found[network.address('operator', undefined, 6)], 'peer of a live SSH session (port 22)');
  assert.equal(found[network.address('server')], 'own address (eth0)');
  assert.equal(found[network.address('server', undefined, 6)], 'own address (eth0)');
  assert.equal(found[network.address('router', 'server')], 'default gateway (eth0)');
  assert.equal(found[network.address('router', 'server', 6)], 'default gateway (eth0)');
});

test('a table that is there and cannot be read is no empty one: SSH peers would lose their protection', async (t) => {
  const procNet = await mkdtemp(join(tmpdir(), 'zban-proc-'));
  t.after(() => rm(procNet, { recursive: true }));
  await mkdir(join(procNet, 'tcp'));
  await assert.rejects(findProtectedAddresses({ sshPorts: [22], procNet }), { code: 'EISDIR' });
});
