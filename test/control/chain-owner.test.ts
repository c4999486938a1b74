/** Two zbans that are given one chain, and who else may take its name. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { findOtherOwner, holdChain } from '../../src/control/chain-owner.ts';
import { ControlError } from '../../src/control/error.ts';
import { rootSkip } from '../support/netns.ts';

const someChain = () => `T${randomBytes(6).toString('hex')}`;
const [one, two] = ['one', 'two'].map((name) => ({ config: `/etc/${name}.yaml`, socket: `/run/${name}.sock` })) as [
  { config: string; socket: string },
  { config: string; socket: string },
];

async function hold(t: TestContext, chain: string, self: typeof one) {
  const lock = await holdChain(chain, self);
  t.after(() => lock.close());
  return lock;
}

const isInUse = (error: unknown) =>
  error instanceof ControlError &&
  error.code === 'chain_in_use' &&
  /another zban bans in firewall\.chain T\w+: the one of \/etc\/one\.yaml, run by \w+: stop that one, or give/i.test(
    error.message,
  );

test('a chain is one zban’s while it runs; the second hears whose', async (t) => {
  const chain = someChain();
  const first = await hold(t, chain, one);
  assert.equal(first.refusedBy, undefined);
  await assert.rejects(hold(t, chain, two), isInUse);
  await assert.rejects(hold(t, chain.toLowerCase(), two), isInUse, 'nftables has one table for both');
  assert.equal((await findOtherOwner(chain, two.socket))?.config, one.config);
  assert.equal(await findOtherOwner(chain, one.socket), undefined, 'itself');
  await hold(t, someChain(), two);
  await first.close();
  assert.equal(await findOtherOwner(chain, two.socket), undefined);
  await hold(t, chain, two);
});

test('who may not change a firewall cannot keep zban from a chain, and is named', { skip: rootSkip() }, async (t) => {
  const chain = someChain();
  const answer = JSON.stringify(one);
  const script = `require('net').createServer((c) => c.end(${JSON.stringify(answer)})).listen('\\0zban chain ${chain.toLowerCase()}', () => console.log('up'))`;
  const squatter = spawn('setpriv', ['--reuid=65534', '--clear-groups', process.execPath, '-e', script]);
  const ended = once(squatter, 'exit');
  t.after(async () => {
    squatter.kill('SIGKILL');
    await ended;
  });
  await once(squatter.stdout, 'data');
  assert.equal((await hold(t, chain, two)).refusedBy, 'nobody');
  assert.equal(await findOtherOwner(chain, two.socket), undefined);
});

test('what is no zban does not stop one, whatever it answers', async (t) => {
  for (const answer of ['', '{"config":1}', 'x'.repeat(1e6), undefined]) {
    const chain = someChain();
    const server = createServer((client) => {
      client.on('error', () => {});
      if (answer !== undefined) client.end(answer);
    });
    server.listen(`\0zban chain ${chain.toLowerCase()}`);
    await once(server, 'listening');
    t.after(() => server.close());
    assert.ok((await hold(t, chain, two)).refusedBy);
  }
});
