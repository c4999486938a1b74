/** Beside ufw, firewalld, Docker, fail2ban and CrowdSec: what they do to the firewall heals, and zban leaves theirs alone. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { TestDaemon, until } from '../support/daemon.ts';
import { createNetwork, type Network, toolSkip } from '../support/netns.ts';

const CLIENT = '192.0.2.2';

/** Rules of others, in the shape in which they make them. */
const OTHERS = `*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:ufw-before-input - [0:0]
:f2b-nginx-http-auth - [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
:CROWDSEC_CHAIN - [0:0]
-A INPUT -j CROWDSEC_CHAIN
-A INPUT -p tcp -m multiport --dports 80,443 -j f2b-nginx-http-auth
-A INPUT -j ufw-before-input
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER
-A DOCKER-USER -j RETURN
-A f2b-nginx-http-auth -s 203.0.113.50/32 -j REJECT --reject-with icmp-port-unreachable
-A f2b-nginx-http-auth -j RETURN
-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-before-input -p icmp -j ACCEPT
-A ufw-before-input -p tcp -j ACCEPT
COMMIT
`;

/** What others do, each in the way of its own. */
const EVENTS: Readonly<Record<string, (network: Network) => void>> = {
  'ufw reload': (network) => {
    network.run('server', ['iptables-restore'], { input: OTHERS });
  },
  'iptables -F': (network) => {
    network.run('server', ['iptables', '-P', 'INPUT', 'ACCEPT']);
    network.run('server', ['iptables', '-F']);
    network.run('server', ['iptables', '-X']);
  },
  'nft flush ruleset': (network) => {
    network.run('server', ['nft', 'flush', 'ruleset']);
  },
  'a restart of Docker': (network) => {
    const run = (...args: string[]) => network.exec('server', ['iptables', ...args]);
    for (const chain of ['DOCKER-USER', 'DOCKER']) run('-D', 'FORWARD', '-j', chain);
    for (const chain of ['DOCKER-USER', 'DOCKER']) for (const flag of ['-F', '-X', '-N']) run(flag, chain);
    for (const chain of ['DOCKER', 'DOCKER-USER']) run('-I', 'FORWARD', '-j', chain);
    run('-A', 'DOCKER-USER', '-j', 'RETURN');
  },
  'a start of fail2ban': (network) => {
    network.exec('server', ['iptables', '-N', 'f2b-sshd']);
    network.run('server', ['iptables', '-A', 'f2b-sshd', '-j', 'RETURN']);
    network.run('server', [
      'iptables',
      '-I',
      'INPUT',
      '-p',
      'tcp',
      '-m',
      'multiport',
      '--dports',
      '22',
      '-j',
      'f2b-sshd',
    ]);
  },
  'firewalld --reload': (network) => {
    const table =
      'table inet firewalld {\n chain filter_INPUT {\n type filter hook input priority 10; policy accept;\n ct state established,related accept\n }\n}\n';
    network.exec('server', ['nft', 'delete', 'table', 'inet', 'firewalld']);
    network.run('server', ['nft', '-f', '-'], { input: table });
  },
};

/** Everything but zban's, without counters. */
function foreign(network: Network): string[] {
  const rules = network.run('server', ['iptables', '-S']);
  const tables = network.exec('server', ['nft', '-s', 'list', 'table', 'inet', 'firewalld']).stdout;
  return `${rules}\n${tables}`.split('\n').filter((line) => line !== '' && !/zban/i.test(line));
}

for (const backend of ['ipset', 'nftables', 'iptables'] as const) {
  test(`${backend}: everything is back within one reconcile, and nothing of others was touched`, {
    skip: toolSkip('ipset', 'iptables', 'nft'),
  }, async (t) => {
    const network = createNetwork({ hosts: ['server', 'client'] });
    t.after(() => network.close());
    network.run('server', ['iptables-restore'], { input: OTHERS });
    const daemon = new TestDaemon({
      prefix: network.prefix('server'),
      config: { firewall: { backend, reconcile: '1s' } },
    });
    t.after(() => daemon.close());
    writeFileSync(daemon.log, '');
    await daemon.start();
    const address = network.address('server', 'client');
    const isDropped = () => network.exec('client', ['ping', '-c', '1', '-W', '0.3', address]).status !== 0;
    network.assertEcho('client', address, true);
    const before = foreign(network);
    assert.equal(daemon.zban('ban', CLIENT).status, 0);
    await until('the ban drops', isDropped);
    assert.deepEqual(foreign(network), before);
    for (const [name, happen] of Object.entries(EVENTS)) {
      happen(network);
      const theirs = foreign(network);
      await until(`${name}: the ban drops again`, isDropped);
      if (backend !== 'nftables') {
        await until(
          `${name}: zban comes first`,
          () => /^-A INPUT .*/m.exec(network.run('server', ['iptables', '-S']))?.[0] === '-A INPUT -j ZBAN',
        );
      }
      assert.deepEqual(foreign(network), theirs, name);
    }
    assert.equal(daemon.zban('unban', CLIENT).status, 0);
    await until('the client reaches the server again', () => !isDropped());
    assert.equal(await daemon.stop(), 0);
    assert.equal(daemon.zban('firewall', 'flush').status, 0);
    const left = network.run('server', ['iptables', '-S']) + network.run('server', ['nft', 'list', 'tables']);
    assert.doesNotMatch(left, /zban/i);
  });
}
