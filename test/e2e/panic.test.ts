/** `zban panic` against a real kernel: with the daemon running and stopped, over restarts, and taken back. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MAIN } from '../support/built.ts';
import { TestDaemon, until } from '../support/daemon.ts';
import { createNetwork, type Network, toolSkip } from '../support/netns.ts';
import { startSlack } from './slack.ts';

const skip = toolSkip('ipset', 'iptables');
let network: Network;

before(() => {
  if (!skip) network = createNetwork({ hosts: ['server', 'client'] });
});
after(() => network?.close());

const reaches = (isExpected: boolean, message?: string) =>
  network.assertEcho('client', network.address('server', 'client'), isExpected, message);
const rules = () => network.run('server', ['iptables', '-S']);

test('panic lifts everything at once, holds over restarts, works with the daemon stopped, and ends when it is told', {
  skip,
}, async (t) => {
  const slack = await startSlack(network, 'server');
  const daemon = new TestDaemon({
    prefix: network.prefix('server'),
    config: {
      firewall: { backend: 'ipset', protect_ports: [] },
      notify: { slack: { webhook_url: slack.webhookUrl } },
    },
  });
  t.after(() => daemon.close());
  const client = network.address('client');
  const ban = () => daemon.json<{ message: string }[]>('ban', client, '--for', 'permanent')[0]?.message;
  const isPanic = () => daemon.status()?.panic !== null && daemon.status()?.mode === 'observe';
  await daemon.start();
  assert.equal(ban(), 'banned');
  reaches(false);

  const panic = daemon.zban('panic', '--reason', 'customers call');
  assert.deepEqual([panic.status, panic.stdout], [0, '1 ban lifted; zban bans nobody until zban panic --end\n']);
  reaches(true, 'as soon as the command has ended');
  assert.doesNotMatch(daemon.stderr, /repaired what bans stand in/, 'nothing puts back what the panic takes out');
  await until('the daemon is back', () => isPanic());
  assert.equal(daemon.status()?.state, 'trouble');
  assert.match(daemon.zban('status').stdout, /^trouble: panic since .*customers call.*zban panic --end$/m);
  // The daemon answers while it starts: it empties the firewall a moment later.
  await until('nothing is left in the firewall', () => !/ZBAN/.test(rules()));
  // Once at least: what a daemon could not strike out before it was killed, the next one says again.
  await until('Slack is told', () => slack.find(/stopped all banning on this host: customers call/).length > 0);

  assert.match(ban() ?? '', /nothing is blocked/);
  await daemon.stop('SIGKILL');
  await daemon.start();
  assert.ok(isPanic(), 'a restart changes nothing, though config.yaml says enforce');
  reaches(true);

  assert.equal(daemon.zban('panic', '--end').status, 0);
  await until('enforcing again', () => daemon.status()?.mode === 'enforce' && daemon.status()?.panic === null);
  await until('Slack is told of the end', () => slack.find(/ended the panic/).length > 0);
  reaches(true, 'the bans of before do not come back');
  assert.equal(ban(), 'banned');
  reaches(false);

  await daemon.stop();
  reaches(false, 'bans outlive the daemon');
  const stopped = daemon.zban('panic', '--reason', 'by phone');
  assert.deepEqual([stopped.status, stopped.stdout], [0, '1 ban lifted; zban bans nobody until zban panic --end\n']);
  reaches(true);
  assert.doesNotMatch(rules(), /ZBAN/);
  await until(
    'Slack is told without the daemon',
    () => slack.find(/stopped all banning on this host: by phone/).length > 0,
  );
  assert.deepEqual(daemon.json('list'), []);
  await daemon.start();
  assert.ok(isPanic());
  await daemon.stop();
  const end = daemon.zban('panic', '--end');
  assert.deepEqual(
    [end.status, end.stdout],
    [0, 'the panic is over; zban does not run: it will start in the mode of its configuration\n'],
  );
  await daemon.start();
  assert.equal(daemon.status()?.mode, 'enforce');

  const rows = daemon.zban('audit', '--json').stdout.trim().split('\n');
  const actions = rows.map((row) => (JSON.parse(row) as { action: string }).action);
  assert.deepEqual(
    actions.filter((action) => action.startsWith('panic')),
    ['panic', 'panic_end', 'panic', 'panic_end'],
  );
  assert.equal(daemon.zban('audit', 'verify').status, 0);
});

test('a daemon that hangs: the firewall is emptied without it, it is said what to do, and it panics once it goes on', {
  skip,
}, async (t) => {
  const daemon = new TestDaemon({
    prefix: network.prefix('server'),
    config: { firewall: { backend: 'ipset', protect_ports: [] } },
  });
  t.after(() => daemon.close());
  await daemon.start();
  assert.equal(daemon.zban('ban', network.address('client')).status, 0);
  reaches(false);
  daemon.child?.kill('SIGSTOP');
  t.after(() => daemon.child?.kill('SIGCONT'));
  // A process of its own: what TestDaemon runs in a thread is in another network.
  const panic = network.exec('server', [process.execPath, MAIN, 'panic', '--config', daemon.configPath]);
  assert.equal(panic.status, 1);
  assert.match(panic.stderr, /the firewall is empty, but a zban daemon that does not answer runs.*systemctl stop zban/);
  reaches(true);
  daemon.child?.kill('SIGCONT');
  await until('it does what was asked', () => daemon.status()?.panic !== null);
  reaches(true);
});
