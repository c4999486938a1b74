/** What the contract suite acts on: a server with a real firewall, a client that sends real packets, a container behind. */
import { once } from 'node:events';
import type { EnforcementBackend } from '../../src/enforce/backend.ts';
import { type FirewallOptions, pickBackend } from '../../src/enforce/pick.ts';
import { createNetwork, type Network } from '../support/netns.ts';

export interface Subject {
  readonly backend: 'ipset' | 'iptables';
  readonly variant: '' | '-legacy';
}

export interface World {
  readonly network: Network;
  readonly backend: EnforcementBackend;
  readonly firewall: FirewallOptions;
  readonly logged: string[];
  /** True when the client reaches the port within the deadline; tries again and again. */
  reaches(address: string, port?: number): boolean;
  /** True when a connection is neither accepted nor refused and the chain counted its packets. */
  isDropped(address: string, port?: number): boolean;
  /** Like `isDropped`, and false while the chain is missing. */
  standsAndDrops(address: string): boolean;
  /** Lines of the firewall that are not zban's, with sets of others. */
  foreign(): string[];
  iptables(family: 4 | 6, ...args: readonly string[]): string;
}

export const PORTS = { web: 8080, ssh: 22 } as const;
const LISTEN = `
  const { createServer } = require('node:net');
  const servers = process.argv.slice(1).map((port) => createServer((socket) => {
    socket.on('error', () => {});
    socket.end();
  }).listen(Number(port), '::'));
  Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve)))).then(() => console.log('ready'));
`;

export async function createWorld({ backend: name, variant }: Subject, maxActive = 1000): Promise<World> {
  const network = createNetwork({ hosts: ['server', 'client', 'container'] });
  for (const host of ['server', 'container']) {
    const ports = [PORTS.web, PORTS.ssh].map(String);
    const child = network.spawn(host, [process.execPath, '-e', LISTEN, ...ports], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (child.stdout) await once(child.stdout, 'data');
  }
  const logged: string[] = [];
  const firewall: FirewallOptions = {
    chain: 'ZBAN',
    commandTimeoutMs: 20_000,
    commandPrefix: network.prefix('server'),
    variant,
    log: (_level, message) => logged.push(message),
  };
  const { backend } = await pickBackend({ ...firewall, backend: name, protectPorts: [22], maxActive, now: Date.now });

  const connect = (address: string, port: number) =>
    network.exec('client', ['timeout', '0.3', 'bash', '-c', `</dev/tcp/${address}/${port}`]).status;
  const iptables = (family: 4 | 6, ...args: readonly string[]) =>
    network.run('server', [`${family === 4 ? 'iptables' : 'ip6tables'}${variant}`, ...args]);
  const droppedPackets = (family: 4 | 6) =>
    iptables(family, '-vnxL', 'ZBAN')
      .split('\n')
      .filter((line) => line.includes('DROP'))
      .reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[0]), 0);
  const isDropped = (address: string, port: number = PORTS.web): boolean => {
    const family = address.includes(':') ? 6 : 4;
    const before = droppedPackets(family);
    const status = connect(address, port);
    return status !== 0 && droppedPackets(family) > before;
  };
  return {
    network,
    backend,
    firewall,
    logged,
    iptables,
    reaches(address, port = PORTS.web) {
      for (let attempt = 0; attempt < 25; attempt++) if (connect(address, port) === 0) return true;
      return false;
    },
    isDropped,
    standsAndDrops: (address) =>
      network.exec('server', [`iptables${variant}`, '-S', 'ZBAN']).status === 0 && isDropped(address),
    foreign() {
      const sets = network.run('server', ['ipset', 'save']).replaceAll(/ initval \S+/g, '');
      const rules = [4, 6].flatMap((family) => iptables(family as 4 | 6, '-S').split('\n'));
      return [...rules, ...sets.split('\n')].filter((line) => line !== '' && !/zban/i.test(line));
    },
  };
}

/** Waits until the condition holds; false at the deadline. */
export async function eventually(condition: () => boolean | Promise<boolean>, deadlineMs = 20_000): Promise<boolean> {
  const endMs = performance.now() + deadlineMs;
  while (performance.now() < endMs) {
    if (await condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}
