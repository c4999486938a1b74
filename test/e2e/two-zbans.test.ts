/** A second zban on a host, with a configuration, database and socket of its own and the chain of the first. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestDaemon, until } from '../support/daemon.ts';
import { createNetwork, toolSkip } from '../support/netns.ts';

const CLIENT = '192.0.2.2';

test('a second zban with the same chain does not start, says whose it is, and leaves its bans alone', {
  skip: toolSkip('ipset', 'iptables'),
}, async (t) => {
  const network = createNetwork({ hosts: ['server'] });
  t.after(() => network.close());
  const make = (firewall: object, mode = 'enforce') => {
    const daemon = new TestDaemon({ prefix: network.prefix('server'), config: { mode, firewall } });
    t.after(() => daemon.close());
    return daemon;
  };
  const [first, second] = [make({ backend: 'ipset', reconcile: '10m' }), make({ backend: 'ipset' })];
  const held = () => network.run('server', ['ipset', 'list']).match(/^192\.0\.2\.\d+/gm) ?? [];
  // Once the second was alone here.
  await second.start();
  assert.equal(second.zban('ban', '192.0.2.99').status, 0);
  assert.equal(await second.stop(), 0);
  assert.equal(second.zban('unban', '192.0.2.99').status, 0);

  await first.start();
  assert.equal(first.zban('ban', CLIENT).status, 0);
  const whose = new RegExp(`another zban bans in firewall\\.chain ZBAN: the one of ${first.configPath}, run by root`);
  await assert.rejects(second.start(), whose);
  const check = second.zban('check');
  assert.deepEqual([check.status, whose.test(check.stderr)], [0, true], check.stderr);
  const doctor = second.zban('doctor').stdout.replace(/\s+/g, ' ');
  assert.match(doctor, whose);
  assert.match(doctor, /stop that one, or give this one another firewall\.chain/);
  const flush = second.zban('firewall', 'flush');
  assert.deepEqual([flush.status, whose.test(flush.stderr)], [1, true], flush.stderr);
  assert.doesNotMatch(first.zban('doctor').stdout + first.zban('check').stderr, /another zban/);
  assert.deepEqual(held(), [CLIENT]);

  // It is given a chain of its own; the former one is no longer its to clear.
  for (const firewall of [
    { backend: 'ipset', chain: 'TWO' },
    { backend: 'exec', exec: { apply: ['/bin/cat'] } },
  ]) {
    second.configure({ firewall });
    await second.start();
    assert.deepEqual(held(), [CLIENT], JSON.stringify(firewall));
    assert.equal(second.zban('panic').status, 0);
    assert.deepEqual(held(), [CLIENT], 'a panic of the second');
    assert.equal(second.zban('panic', '--end').status, 0);
    assert.equal(await second.stop(), 0);
  }
  assert.equal(first.status()?.state, 'warming_up');
  // The first one's panic makes it observe; the chain stays its own.
  assert.equal(first.zban('panic').status, 0);
  assert.deepEqual(held(), []);
  second.configure({ firewall: { backend: 'ipset' } });
  await assert.rejects(second.start(), whose);
  assert.equal(await first.stop('SIGKILL'), null);
  await second.start();
});

test('two zbans with a chain each leave each other’s place in the firewall alone, and come before all others', {
  skip: toolSkip('ipset', 'iptables'),
}, async (t) => {
  const network = createNetwork({ hosts: ['server'] });
  t.after(() => network.close());
  const make = (backend: string, chain: string) => {
    const firewall = { backend, chain, reconcile: '1s' };
    const daemon = new TestDaemon({ prefix: network.prefix('server'), config: { firewall } });
    t.after(() => daemon.close());
    return daemon;
  };
  const daemons = [make('ipset', 'ONE'), make('ipset', 'TWO'), make('iptables', 'THREE')];
  for (const daemon of daemons) {
    await daemon.start();
    assert.equal(daemon.zban('ban', '192.0.2.2').status, 0);
  }
  const order = () => network.run('server', ['iptables', '-S', 'INPUT']).split('\n').slice(1, -1);
  const jumps = ['THREE', 'TWO', 'ONE'].map((chain) => `-A INPUT -j ${chain}`);
  assert.deepEqual(order(), jumps);
  // Each heals what it finds, and the others do not take it for a fault.
  network.run('server', ['iptables', '-I', 'INPUT', '1', '-j', 'ACCEPT']);
  const repairs = () => daemons.map(({ stderr }) => stderr.match(/repaired what bans stand in/g)?.length ?? 0).join();
  await until('all have come first again, and said so', () => !repairs().includes('0'));
  assert.equal(order().at(-1), '-A INPUT -j ACCEPT');
  const before = [repairs(), order()];
  network.run('server', ['ipset', 'del', 'one4', '192.0.2.2']);
  await until('a reconcile has passed', () => /192\.0\.2\.2/.test(network.run('server', ['ipset', 'list', 'one4'])));
  assert.deepEqual([repairs(), order()], before);
  for (const daemon of daemons) {
    assert.match(daemon.zban('doctor').stdout, /ok +firewall: (ONE|TWO|THREE) comes first in INPUT, FORWARD/);
    assert.deepEqual(daemon.status()?.troubles, []);
  }
});
