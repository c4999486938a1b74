/**
 * The ways by which packets of a banned client reach a service, for every backend: published ports of containers, connections
 * that stand, UDP, VLANs, bridges. Real packets on the real kernel.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { after, afterEach, before, describe, test } from 'node:test';
import type { Operation } from '../../src/enforce/backend.ts';
import { flushFirewall } from '../../src/enforce/pick.ts';
import { BASH } from '../support/bash.ts';
import { createWorld, eventually, SUBJECTS, subjectName, subjectSkip, type World } from './world.ts';

const CLIENT = '192.0.2.2';
const VLAN = { server: '10.9.0.1', client: '10.9.0.2' } as const;
const BRIDGE = { server: '10.8.0.1', client: '10.8.0.2' } as const;
/** Answers every datagram with itself. */
const ECHO = `
  const socket = require('node:dgram').createSocket('udp4');
  socket.on('message', (text, { port, address }) => socket.send(text, port, address));
  socket.bind(443, () => console.log('ready'));
`;
/** Keeps a connection and says each second's echo. */
const KEEP = `
  const [address, port] = process.argv.slice(1);
  const socket = require('node:net').connect(Number(port), address, () => setInterval(() => socket.write('x'), 50));
  socket.on('data', () => console.log('echo')).on('error', () => {});
`;
const SERVE = `
  require('node:net').createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(8081, '::', () => console.log('ready'));
`;

/** Kernels of containers and small virtual machines may lack them. */
function deviceSkip(type: string, ...options: string[]): string | false {
  const { stderr } = spawnSync(
    'unshare',
    ['-n', 'ip', 'link', 'add', 'link', 'lo', 'name', 'x', 'type', type, ...options],
    {
      encoding: 'utf8',
    },
  );
  return /unknown device type/i.test(stderr) && `the kernel has no devices of type ${type}`;
}
const vlanSkip = deviceSkip('vlan', 'id', '9');
const bridgeSkip = deviceSkip('bridge');

for (const subject of SUBJECTS) {
  describe(`by ${subjectName(subject)}`, { skip: subjectSkip(subject) }, () => {
    let world: World;
    const apply = (...operations: Operation[]) => world.backend.apply(operations, Date.now());
    const ban = (target: string): Operation => ({ target, untilMs: null });
    const lift = (target: string): Operation => ({ target, untilMs: undefined });
    const serve = async (host: string, program: string) => {
      const child = world.network.spawn(host, [process.execPath, '-e', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      if (child.stdout) await once(child.stdout, 'data');
    };
    /** A second way from the client to the server, over an interface of each. */
    const link = (device: { server: string; client: string }, addresses: { server: string; client: string }) => {
      for (const host of ['server', 'client'] as const) {
        world.network.run(host, ['ip', 'addr', 'add', `${addresses[host]}/24`, 'dev', device[host]]);
        world.network.run(host, ['ip', 'link', 'set', device[host], 'up']);
      }
    };

    before(async () => {
      world = await createWorld(subject);
      const { network } = world;
      const target = `${network.address('container')}:8080`;
      // What Docker does for -p 8888:8080: the client's address stays as it is.
      world.iptables(4, '-t', 'nat', '-N', 'DOCKER');
      world.iptables(4, '-t', 'nat', '-A', 'PREROUTING', '-m', 'addrtype', '--dst-type', 'LOCAL', '-j', 'DOCKER');
      world.iptables(4, '-t', 'nat', '-A', 'DOCKER', '-p', 'tcp', '--dport', '8888', '-j', 'DNAT', '--to', target);
      for (const hook of ['INPUT', 'FORWARD']) {
        world.iptables(4, '-A', hook, '-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED', '-j', 'ACCEPT');
      }
      if (vlanSkip === false) {
        network.run('server', ['ip', 'link', 'add', 'link', 'to-client', 'name', 'vlan9', 'type', 'vlan', 'id', '9']);
        network.run('client', ['ip', 'link', 'add', 'link', 'eth0', 'name', 'vlan9', 'type', 'vlan', 'id', '9']);
        link({ server: 'vlan9', client: 'vlan9' }, VLAN);
      }
      if (bridgeSkip === false) {
        // A port of a bridge on the server, as hosts of virtual machines have it.
        network.run('server', ['ip', 'link', 'add', 'br0', 'type', 'bridge']);
        const peer = ['peer', 'name', 'eth1', 'netns', network.namespace('client')];
        network.run('server', ['ip', 'link', 'add', 'port0', 'master', 'br0', 'type', 'veth', ...peer]);
        network.run('server', ['ip', 'link', 'set', 'port0', 'up']);
        link({ server: 'br0', client: 'eth1' }, BRIDGE);
      }
      await serve('server', SERVE);
      await serve('container', SERVE);
      await serve('server', ECHO);
    });
    after(() => world?.network.close());
    afterEach(() => flushFirewall(world.firewall));

    test('a published port of a container: the ban is of the address that the client has outside', async () => {
      await world.backend.setUp();
      const published = [world.network.address('server', 'client'), 8888] as const;
      assert.ok(world.reaches(...published));
      await apply(ban(CLIENT));
      assert.ok(world.isDropped(...published));
      await apply(lift(CLIENT));
      assert.ok(world.reaches(...published));
    });

    test('connections that stand, to the host and to a container, fall silent at once', async () => {
      await world.backend.setUp();
      const { network } = world;
      const echoes = [0, 0];
      for (const [index, address] of [network.address('server', 'client'), network.address('container')].entries()) {
        const child = network.spawn('client', [process.execPath, '-e', KEEP, address, '8081'], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        child.stdout?.on('data', () => {
          echoes[index] = (echoes[index] ?? 0) + 1;
        });
      }
      assert.ok(await eventually(() => echoes.every((count) => count > 3)));
      await apply(ban(CLIENT));
      let before = '';
      assert.ok(
        await eventually(async () => {
          before = String(echoes);
          await new Promise((resolve) => setTimeout(resolve, 500));
          return String(echoes) === before;
        }, 5000),
      );
      await apply(lift(CLIENT));
      assert.ok(await eventually(() => String(echoes) !== before), 'and go on where they were');
    });

    test('UDP, hence QUIC', async () => {
      await world.backend.setUp();
      const asks = () =>
        world.network.exec('client', [
          ...BASH,
          `exec 3<>/dev/udp/${world.network.address('server', 'client')}/443; echo hi >&3; timeout 0.3 head -1 <&3`,
        ]).stdout;
      assert.ok(await eventually(() => asks() === 'hi\n'));
      await apply(ban(CLIENT));
      assert.equal(asks(), '');
    });

    for (const [way, addresses, skip] of [
      ['a VLAN', VLAN, vlanSkip],
      ['a bridge', BRIDGE, bridgeSkip],
    ] as const) {
      test(`through ${way}`, { skip }, async () => {
        await world.backend.setUp();
        assert.ok(world.reaches(addresses.server));
        await apply(ban(addresses.client));
        assert.ok(world.isDropped(addresses.server));
        assert.ok(world.reaches(world.network.address('server', 'client')), 'the other addresses are not concerned');
      });
    }
  });
}
