/** `zban unban` and `zban list` on a real kernel with the daemon stopped. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { MAIN } from '../support/built.ts';
import { TestDaemon, until } from '../support/daemon.ts';
import { createNetwork, type Network, toolSkip } from '../support/netns.ts';

const skip = toolSkip('ipset', 'iptables');
let network: Network;

before(() => {
  if (!skip) network = createNetwork({ hosts: ['server', 'client'] });
});
after(() => network?.close());

const reaches = (isExpected: boolean, message?: string) =>
  network.assertEcho('client', network.address('server', 'client'), isExpected, message);
const rules = () => network.run('server', ['iptables', '-S']);

test('unban lifts a ban in database and kernel while the daemon is stopped, and nothing else', { skip }, async (t) => {
  const daemon = new TestDaemon({
    prefix: network.prefix('server'),
    config: { firewall: { backend: 'ipset', protect_ports: [] } },
  });
  t.after(() => daemon.close());
  const client = network.address('client');
  const listed = () => daemon.json<{ ip: string }[]>('list', '--sort', 'client').map(({ ip }) => ip);
  // A process of its own: what TestDaemon runs in a thread is in another network.
  const unban = (...words: readonly string[]) =>
    network.exec('server', [process.execPath, MAIN, 'unban', ...words, '--config', daemon.configPath]);
  const inKernel = () => network.run('server', ['ipset', 'list']);
  await daemon.start();
  assert.equal(daemon.zban('ban', client, '192.0.2.9', '192.0.2.10', '--for', '1h').status, 0);
  await daemon.stop();
  reaches(false, 'bans outlive the daemon');
  assert.deepEqual(listed(), [client, '192.0.2.9', '192.0.2.10']);

  const { status, stdout } = unban(client, '--reason', 'a customer');
  assert.deepEqual([status, stdout], [0, `${client}: unbanned\n`]);
  reaches(true);
  assert.match(inKernel(), /192\.0\.2\.9 /);
  assert.deepEqual(listed(), ['192.0.2.9', '192.0.2.10']);
  assert.equal(unban(client).status, 5, 'it is not banned any more');
  const rows = daemon.zban('audit', '--json', '--client', client).stdout.trim().split('\n');
  const actions = rows.map((row) => (JSON.parse(row) as { action: string; detail: string }).action);
  assert.deepEqual(actions, ['ban', 'ban_result', 'unban', 'unban_result']);
  assert.match(rows[2] ?? '', /"actor":"operator:[^"]+".*a customer/);
  assert.equal(daemon.zban('audit', 'verify').status, 0);

  assert.equal(daemon.zban('firewall', 'flush').status, 0);
  assert.equal(unban('192.0.2.9').status, 0);
  assert.doesNotMatch(rules(), /ZBAN/, 'a firewall that was flushed stays empty');
  await daemon.start();
  assert.deepEqual(listed(), ['192.0.2.10']);
  assert.match(inKernel(), /192\.0\.2\.10 /);
  assert.doesNotMatch(inKernel(), /192\.0\.2\.9 /);
  reaches(true);
});

test('bans under a name of an earlier configuration are lifted by name, and taken out by the next start', {
  skip,
}, async (t) => {
  const [chain, next] = ['FORMER', 'NEXT'];
  const firewall = (name: string, backend = 'ipset') => ({ firewall: { backend, chain: name, protect_ports: [] } });
  const daemon = new TestDaemon({ prefix: network.prefix('server'), config: firewall(chain) });
  t.after(() => daemon.close());
  const client = network.address('client');
  await daemon.start();
  assert.equal(daemon.zban('ban', client, '192.0.2.9', '192.0.2.10').status, 0);
  await daemon.stop();
  daemon.configure(firewall(next));
  reaches(false, 'it is banned under the old name');
  assert.equal(
    network.exec('server', [process.execPath, MAIN, 'unban', client, '--config', daemon.configPath]).status,
    0,
  );
  reaches(true);
  await daemon.start();
  await until('the old chain is out', () => !rules().includes(chain));
  const sets = network.run('server', ['ipset', 'save']);
  assert.match(sets, /add next4 192\.0\.2\.9 /);
  assert.doesNotMatch(sets, /former/);
  daemon.configure(firewall(next, 'dry-run'));
  daemon.child?.kill('SIGHUP');
  await until('nothing drops any more', () => !rules().includes(next));
});

test('observe mode that cannot empty the firewall says that bans still block', { skip }, async (t) => {
  const daemon = new TestDaemon({ prefix: network.prefix('server') });
  t.after(() => daemon.close());
  const file = join(daemon.folder, 'zban.conf');
  const configure = (mode: string, reload: string) => {
    const nginx = { file, test: ['echo', `# configuration file ${file}:`], reload: [reload] };
    daemon.configure({ mode, firewall: { backend: 'nginx', nginx } });
  };
  configure('enforce', 'true');
  await daemon.start();
  assert.equal(daemon.zban('ban', '192.0.2.9').status, 0);
  configure('observe', 'false');
  daemon.child?.kill('SIGHUP');
  const trouble = await until('it says what is wrong', () => daemon.status()?.troubles[0]);
  assert.match(trouble, /^bans still block: the firewall could not be emptied/);
  assert.equal(daemon.status()?.mode, 'observe');
});

test('a flush with the daemon stopped takes out the locks beside the files for nginx, too', { skip }, async (t) => {
  const daemon = new TestDaemon({ prefix: network.prefix('server') });
  t.after(() => daemon.close());
  const file = join(daemon.folder, 'nginx/zban.conf');
  mkdirSync(dirname(file));
  const nginx = { file, test: ['echo', `# configuration file ${file}:`], reload: ['true'] };
  daemon.configure({ mode: 'enforce', firewall: { backend: 'nginx', nginx } });
  await daemon.start();
  const files = () => readdirSync(dirname(file));
  assert.ok(files().includes('zban.conf.lock'), 'one zban alone writes it');
  await daemon.stop();
  const flush = [process.execPath, MAIN, 'firewall', 'flush', '--config', daemon.configPath];
  const { status, stderr } = network.exec('server', flush);
  assert.equal(status, 0, stderr);
  assert.deepEqual(
    files().filter((name) => name.endsWith('.lock')),
    [],
  );
});
